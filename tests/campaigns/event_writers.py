"""Writers of inventory's event log, and what the catalog made of it: plain SQL on both databases.

Each event tells of a stock level at a place of its own, so each leaves a row of its own in the catalog. A trigger, which is
the campaign's, notes every row as it is written: what was delivered, how often, and in which order.
"""

import contextlib
import json
import pathlib
import sqlite3
import subprocess
import threading
import time
import uuid

import tables

SUBJECTS_OF_A_WRITER = 4
READER = "catalog.on_stock_changed"
# Crockford's base 32, as in the TypeID specification 0.3.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
BUSY_SECONDS = 60
# Nobody queues for the lock of a file. Writers here do among themselves, as those of the program do, and each leaves the file
# free for so long, or the shop could not start beside them.
FREE_SECONDS = 0.002

LAST = "SELECT COALESCE(MAX(seq), 0) FROM event_log"
POSITION = f"SELECT COALESCE(MAX(position), 0) FROM consumer_positions WHERE consumer = '{READER}'"
DELIVERIES = "SELECT product_id, location FROM campaign_deliveries ORDER BY number"
PARKED = "SELECT consumer, seq, reason FROM dead_letters"
COLUMNS = "(event_id, event_type, version, subject, payload, occurred_at, correlation_id)"
INSERT = f"INSERT INTO event_log {COLUMNS} VALUES (?, ?, ?, ?, ?, ?, ?)"
# The rule of the program for whoever appends (docs/adr/0003).
LOCK = "SELECT pg_advisory_xact_lock_shared(hashtextextended('banyan.event_log.' || current_schema(), 0))"


def type_id(prefix, bits):
    return f"{prefix}_" + "".join(DIGITS[bits >> shift & 31] for shift in range(125, -1, -5))


def product_id(chance):
    return type_id("prd", chance.getrandbits(128))


def place(number):
    """The place of the event with this number of its subject: places sort as the events do."""
    return f"{number:08}"


def taken_back(chance):
    """The place of an event that is rolled back."""
    return f"taken back {chance.getrandbits(64):x}"


def values(subject, where):
    """The columns of an event, as texts and numbers."""
    level = {"product_id": subject, "location": where, "available": 1, "version": 1}
    payload = json.dumps({"level": level, "quantity": 1, "reason": "a campaign"})
    event_id = type_id("evt", uuid.uuid4().int)
    return (event_id, "inventory.changed", 1, subject, payload, "2026-01-01 00:00:00", f"campaign-{where.split()[-1]}")


def database(backend, shop):
    return OnSqlite(shop.data_dir) if backend == "sqlite" else OnPostgres(shop.database.urls)


class Readings:
    """What is read of either database; `database` is one of `tables`."""

    def unread(self):
        """Events behind the reader's position: places in the log, some of which were rolled back."""
        return max(0, self.last() - self._number("catalog", POSITION))

    def last(self):
        """The last place in the log."""
        return self._number("inventory", LAST)

    def deliveries(self):
        return self.database.rows("catalog", DELIVERIES)

    def parked(self):
        return self.database.rows("catalog", PARKED)

    def _number(self, context, query):
        return int(self.database.rows(context, query)[0][0])


class OnPostgres(Readings):
    def __init__(self, urls):
        self.urls = urls
        self.database = tables.Postgres(urls)

    def record_deliveries(self):
        tables.psql(
            self.urls["catalog"],
            """
            SET search_path TO catalog;
            CREATE TABLE campaign_deliveries (number BIGSERIAL PRIMARY KEY, product_id TEXT, location TEXT);
            CREATE FUNCTION campaign_delivery() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO catalog.campaign_deliveries (product_id, location) VALUES (NEW.product_id, NEW.location);
                RETURN NEW;
            END $$;
            CREATE TRIGGER campaign_delivery AFTER INSERT OR UPDATE ON product_availability
                FOR EACH ROW EXECUTE FUNCTION campaign_delivery();
            """,
        )

    def append_at_once(self, events):
        """Events, each a subject and a place, in one transaction."""
        rows = ", ".join("(" + ", ".join(f"'{value}'" for value in values(*event)) + ")" for event in events)
        text = f'BEGIN; SET search_path TO "inventory"; {LOCK}; INSERT INTO event_log {COLUMNS} VALUES {rows}; COMMIT;'
        arguments = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={self.urls['inventory']}"]
        subprocess.run(arguments, input=text, stdout=subprocess.DEVNULL, text=True, check=True)

    @contextlib.contextmanager
    def session(self):
        """A session of its own, for one writer."""
        arguments = ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]
        psql = subprocess.Popen(
            [*arguments, f"--dbname={self.urls['inventory']}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        try:
            psql.stdin.write('SET search_path TO "inventory";\n')
            yield PostgresSession(psql)
            psql.stdin.close()
            psql.wait()
        finally:
            if psql.poll() is None:
                psql.kill()
                psql.wait()


class PostgresSession:
    def __init__(self, psql):
        self.psql = psql

    def append(self, subject, where, delay, commit):
        """Returns when the transaction has ended."""
        event = ", ".join(f"'{value}'" for value in values(subject, where))
        end = "COMMIT" if commit else "ROLLBACK"
        self.psql.stdin.write(
            f"BEGIN; {LOCK}; INSERT INTO event_log {COLUMNS} VALUES ({event}); SELECT pg_sleep({delay:.4f}); {end};\n"
            "\\echo ended\n"
        )
        self.psql.stdin.flush()
        for line in self.psql.stdout:
            if line.strip() == "ended":
                return
            if line.strip():
                raise RuntimeError(f"psql: {line.strip()}")
        raise RuntimeError("psql has gone")


class OnSqlite(Readings):
    def __init__(self, data_dir):
        self.folder = pathlib.Path(data_dir)
        self.turn = threading.Lock()
        self.database = tables.Sqlite(data_dir)

    def record_deliveries(self):
        with contextlib.closing(self._open("catalog")) as connection:
            connection.executescript(
                """
                CREATE TABLE campaign_deliveries (
                    number INTEGER PRIMARY KEY AUTOINCREMENT, product_id TEXT, location TEXT
                );
                CREATE TRIGGER campaign_delivery_new AFTER INSERT ON product_availability BEGIN
                    INSERT INTO campaign_deliveries (product_id, location) VALUES (NEW.product_id, NEW.location);
                END;
                CREATE TRIGGER campaign_delivery_again AFTER UPDATE ON product_availability BEGIN
                    INSERT INTO campaign_deliveries (product_id, location) VALUES (NEW.product_id, NEW.location);
                END;
                """
            )

    def append_at_once(self, events):
        """Events, each a subject and a place, in one transaction."""
        with contextlib.closing(self._open("inventory")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, [values(*event) for event in events])
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def session(self):
        """A connection of its own, for one writer."""
        with contextlib.closing(self._open("inventory")) as connection:
            yield SqliteSession(connection, self.turn)

    def _open(self, context):
        return sqlite3.connect(self.folder / f"{context}.sqlite3", timeout=BUSY_SECONDS, isolation_level=None)


class SqliteSession:
    def __init__(self, connection, turn):
        self.connection, self.turn = connection, turn

    def append(self, subject, where, delay, commit):
        """Returns when the transaction has ended."""
        with self.turn:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute(INSERT, values(subject, where))
            time.sleep(delay)
            self.connection.execute("COMMIT" if commit else "ROLLBACK")
            time.sleep(FREE_SECONDS)
