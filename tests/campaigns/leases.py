"""Who had the lease of what, and when: every change, noted by a trigger of the campaign's in PostgreSQL."""

import collections

import tables

CONTEXTS = ("identity", "catalog", "inventory", "payments", "orders")
HISTORY = """
    SELECT name, owner, extract(epoch FROM until), extract(epoch FROM at), change FROM campaign_leases ORDER BY number
"""
# The program counts the rest of a lease in whole milliseconds.
WHOLE_MS = 0.001
# What a reader says that finds another at its work, and a worker that took longer than it may.
OVERTAKEN, TOO_LONG = "another reader was at the same events", "a turn took longer than its lease"
# Taken once an hour, and left to run out meanwhile: that another one takes it then shows nothing.
RUN_OUT = ("forget",)


class Leases:
    def __init__(self, database):
        self.database = database

    def record(self):
        for context in CONTEXTS:
            tables.psql(
                self.database.urls[context],
                f"""
                SET search_path TO {context};
                CREATE TABLE campaign_leases (
                    number BIGSERIAL PRIMARY KEY, at TIMESTAMP, name TEXT, owner TEXT, until TIMESTAMP, change TEXT
                );
                CREATE FUNCTION campaign_lease() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE lease record; BEGIN
                    IF TG_OP = 'DELETE' THEN lease := OLD; ELSE lease := NEW; END IF;
                    INSERT INTO {context}.campaign_leases (at, name, owner, until, change)
                        VALUES (clock_timestamp() AT TIME ZONE 'UTC', lease.name, lease.owner, lease.until, TG_OP);
                    RETURN lease;
                END $$;
                CREATE TRIGGER campaign_lease AFTER INSERT OR UPDATE OR DELETE ON worker_leases
                    FOR EACH ROW EXECUTE FUNCTION campaign_lease();
                INSERT INTO campaign_leases (at, name, owner, until, change)
                    SELECT now() AT TIME ZONE 'UTC', name, owner, until, 'INSERT' FROM worker_leases;
                """,
            )

    def judge(self, logs):
        """Nobody took a lease that another still had, and nobody was found at another's work."""
        counts = collections.Counter()
        for context in CONTEXTS:
            yield from self._judge(context, counts)
        said = collections.Counter()
        for log in logs:
            text = log.read_text(errors="replace")
            said.update({words: text.count(words) for words in (OVERTAKEN, TOO_LONG)})
        print(
            f"leases: {counts['renewed']} times renewed, {counts['taken over']} taken over from an instance that was killed,"
            f" {counts['given back']} given back; readers that met another {said[OVERTAKEN]}, turns too long {said[TOO_LONG]}"
        )
        if counts["taken over"] == 0:
            yield "no lease was taken over: the campaign shows nothing"
        if said[OVERTAKEN]:
            yield f"{said[OVERTAKEN]} times a reader found another at its work"

    def _judge(self, context, counts):
        standing = {}
        for name, owner, until, at, change in self.database.rows(context, HISTORY):
            until, at = float(until), float(at)
            before = standing.get(name)
            if change == "DELETE":
                counts["given back"] += 1
                del standing[name]
                continue
            standing[name] = (owner, until)
            if before is None or before[0] == owner:
                counts["renewed"] += before is not None
                continue
            counts["taken over"] += name not in RUN_OUT
            if at + WHOLE_MS < before[1]:
                early = before[1] - at
                yield f"{context}: {owner} took {name} {early:.3f} s before the lease of {before[0]} had run out"
