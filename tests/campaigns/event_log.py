#!/usr/bin/env python3
"""Many writers append events, slowly and some in vain, while their reader is killed: what was committed arrives, once."""

import collections
import random
import secrets
import threading
import time

import campaign
import event_writers

# A reader that was killed is followed by one that waits for its lease: the shortest that can be set.
ENVIRONMENT = {"BANYAN_LEASE_MS": "1000", "BANYAN_EVENT_POLL_MS": "50"}
ROLLBACK_PERCENT = 10
# Chance has rolled back fewer than were asked for; so many there must be at least.
LEAST_ROLLBACK_PERCENT = 5
# How long a kill waits for a moment at which something is unread.
BEHIND_SECONDS = 5
# From the last commit until the reader has to be through.
CATCH_UP_SECONDS = 300


def main():
    options = campaign.arguments(__doc__, events=20000, writers=32, kills=20, delay_ms=None, seed=None)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    # SQLite has one writer at a time, whose delays are everybody's.
    delay_ms = {"postgres": 200, "sqlite": 4}[options.backend] if options.delay_ms is None else options.delay_ms
    print(f"seed {seed}; {options.writers} writers, delay before the commit up to {delay_ms} ms")
    with campaign.running_server(options, ENVIRONMENT) as (shop, _):
        database = event_writers.database(options.backend, shop)
        database.record_deliveries()
        log = Log(options.events, seed, delay_ms / 1000)
        threads = [threading.Thread(target=log.write, args=(database, number)) for number in range(options.writers)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            kills = kill_the_reader(next(iter(shop.processes.values())), database, log, options.kills)
        finally:
            log.stop_after_failure(threads)
        wrote = time.monotonic() - started
        caught_up = wait_until_read(database)
        print(
            f"{log.written()} events committed and {log.rolled_back} rolled back in {wrote:.0f} s;"
            f" {len(kills)} kills, at {sum(1 for behind in kills if behind)} of which something was unread"
        )
        print(f"all was read {caught_up:.1f} s after the last commit")
        campaign.conclude([*log.complaints, *strikes(log, kills, options), *compare(database, log)])


class Log:
    """What the writers have committed, subject by subject, and what they have taken back."""

    def __init__(self, events, seed, delay_seconds):
        self.events, self.seed, self.delay_seconds = events, seed, delay_seconds
        self.committed = collections.defaultdict(list)
        self.complaints = []
        self.rolled_back = 0
        self._lock = threading.Lock()
        self._begun = 0

    def written(self):
        with self._lock:
            return sum(len(events) for events in self.committed.values())

    def write(self, database, number):
        """One writer. Each of its subjects is its own, so that the order of its commits is the subject's order."""
        chance = random.Random(self.seed * 1000 + number)
        subjects = [event_writers.product_id(chance) for _ in range(event_writers.SUBJECTS_OF_A_WRITER)]
        try:
            with database.session() as session:
                while self._begin_one():
                    self._append(session, chance, chance.choice(subjects))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs into the verdict
            self.complaints.append(f"writer {number} broke off: {error!r}")

    def _begin_one(self):
        with self._lock:
            self._begun += 1
            return self._begun <= self.events and not self.complaints

    def _append(self, session, chance, subject):
        delay = chance.uniform(0, self.delay_seconds)
        if chance.randrange(100) < ROLLBACK_PERCENT:
            session.append(subject, event_writers.taken_back(chance), delay, commit=False)
            with self._lock:
                self.rolled_back += 1
            return
        place = event_writers.place(len(self.committed[subject]))
        session.append(subject, place, delay, commit=True)
        with self._lock:
            self.committed[subject].append(place)

    def stop_after_failure(self, threads):
        """Waits for the writers; they end early when one of them has broken off."""
        for thread in threads:
            thread.join()


def kill_the_reader(process, database, log, kills):
    """Kills it so many times while the writers write, each time so many events after the last. For each kill: how many
    events were committed and not read."""
    behind = []
    for number in range(1, kills + 1):
        due = log.events * number // (kills + 1) * (100 - ROLLBACK_PERCENT) // 100
        while log.written() < due and not log.complaints:
            time.sleep(0.01)
        wait_until_behind(database)
        process.kill()
        behind.append(database.unread())
        process.start()
    return behind


def wait_until_behind(database):
    """Until the reader has something before it, for a while."""
    until = time.monotonic() + BEHIND_SECONDS
    while not database.unread() and time.monotonic() < until:
        time.sleep(0.001)


def wait_until_read(database):
    """Returns the seconds until the reader had read everything, or gives up."""
    started = time.monotonic()
    while database.unread() and time.monotonic() - started < CATCH_UP_SECONDS:
        time.sleep(0.05)
    return time.monotonic() - started


def strikes(log, kills, options):
    """What was to happen has to have happened."""
    if len(kills) < options.kills:
        yield f"{len(kills)} kills of {options.kills}"
    if sum(1 for behind in kills if behind) * 2 < len(kills):
        yield f"most kills met a reader that had read everything: {kills}"
    if log.rolled_back * 100 < options.events * LEAST_ROLLBACK_PERCENT:
        yield f"only {log.rolled_back} of {options.events} events were rolled back"
    if log.written() + log.rolled_back != options.events:
        yield f"{log.written()} committed and {log.rolled_back} rolled back are not {options.events} events"


def compare(database, log):
    """What arrived is what was committed, each once, and in the order of its subject from one commit to the next."""
    committed = {(subject, place) for subject, places in log.committed.items() for place in places}
    deliveries = database.deliveries()
    counts = collections.Counter((subject, place) for subject, place in deliveries)
    print(f"delivered: {len(deliveries)} effects of {len(committed)} committed events")
    yield from (f"committed and never delivered: {event}" for event in committed - counts.keys())
    yield from (f"delivered and never committed: {event}" for event in counts.keys() - committed)
    yield from (f"delivered {count} times: {event}" for event, count in counts.items() if count > 1)
    last = {}
    for subject, place in deliveries:
        if place < last.get(subject, ""):
            yield f"{subject}: {place} was delivered behind {last[subject]}"
        last[subject] = place
    yield from (f"parked: {letter}" for letter in database.parked())


campaign.run(main)
