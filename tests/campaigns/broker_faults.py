#!/usr/bin/env python3
"""A broker that is killed, cut off, held up, short of memory or not there: buying goes on, and each event arrives once."""

import collections
import json
import random
import secrets
import tempfile
import time

import campaign
import event_writers
from broker import Broker
from shoppers import Shoppers, compare, is_disturbed

# shop: publishes. catalog: publishes, and subscribes to inventory's log.
CONNECTIONS = 3
LEAST_SUCCESS_PERCENT = 99
RECONNECT_SECONDS = 5
DRAIN_SECONDS = 30
# So long the campaign looks for a connection before it gives up on it.
PATIENCE_SECONDS = 60
ALARM_SECONDS = 6
REST_SECONDS = 0.5
# What has waited on the wire passes, and who has given up meanwhile is seen to be gone.
SETTLE_SECONDS = 0.3
BACKLOG_SUBJECTS = 100
STOCK_LEVELS = "SELECT product_id, location, on_hand - reserved FROM stock_levels"
AVAILABILITY = "SELECT product_id, location, available FROM product_availability"
RELAYED = "SELECT COALESCE(MAX(position), 0) FROM consumer_positions WHERE consumer = 'inventory.relay'"


def main():
    options = campaign.arguments(
        __doc__, baskets=None, limit=1000, clients=8, kill=10, close=30, drop=10, absent=5, alarm=2,
        drop_ms_min=5000, drop_ms_max=30000, backlog=10000, seed=None,
    )  # fmt: skip
    if options.topology == "one":
        options.topology = "catalog-apart"
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="banyan-broker-") as directory, Broker(directory) as broker:
        environment = {"BANYAN_AMQP_URL": broker.url, "BANYAN_AMQP_PREFIX": f"faults-{seed}"}
        with campaign.running_server(options, environment) as (shop, work):
            shoppers = Shoppers(options, shop, work, seed, timeouts=0)
            faults = Faults(shop, shoppers, broker, options, random.Random(seed))
            try:
                faults.strike_all()
                complaints = [*shoppers.wait(), *faults.complaints]
            finally:
                shoppers.leave()
            complaints += success(work)
            shop.wait_until_quiet()
            complaints += shop.fsck()
            complaints += backlog(shop, broker, options)
            # What is made up for the backlog is in no book.
            books, violations = campaign.audit(shop)
            violations = [line for line in violations if not line.startswith("banyan fsck")] + levels(shop)
            campaign.conclude(
                [*complaints, *violations, *compare(books, shoppers.acknowledged(), shoppers.baskets)]
            )


class Faults:
    """Strikes with each kind so often, in an order of chance, and waits after each until all connections are there again."""

    def __init__(self, shop, shoppers, broker, options, chance):
        self.shop, self.shoppers, self.broker, self.wire = shop, shoppers, broker, broker.wire
        self.options, self.chance = options, chance
        self.complaints = []
        self.seconds = collections.defaultdict(list)

    def strike_all(self):
        kinds = [kind for kind in ("kill", "close", "drop", "absent", "alarm") for _ in range(getattr(self.options, kind))]
        self.chance.shuffle(kinds)
        self._reconnected("start", time.monotonic())
        for kind in kinds:
            if kind != "absent":
                self.shoppers.ensure_they_shop()
            opened, held = self.wire.opened, self.wire.held
            healed = getattr(self, f"_{kind}")()
            self._reconnected(kind, healed)
            struck = self.wire.held > held if kind == "drop" else self.wire.opened - opened >= self._lost(kind)
            if not struck:
                self.complaints.append(f"{kind} struck nobody")
            time.sleep(REST_SECONDS)
        self.shoppers.ensure_they_shop()
        print("| fault | times | connected again, median s | at worst s |\n|---|---:|---:|---:|")
        for kind, seconds in self.seconds.items():
            seconds.sort()
            print(f"| {kind} | {len(seconds)} | {seconds[len(seconds) // 2]:.1f} | {seconds[-1]:.1f} |")

    @staticmethod
    def _lost(kind):
        """Connections that such a fault costs. One that is short of memory keeps them."""
        return 0 if kind == "alarm" else CONNECTIONS

    def _reconnected(self, kind, healed):
        while self.wire.live() < CONNECTIONS:
            if time.monotonic() - healed > PATIENCE_SECONDS:
                raise campaign.CampaignError(f"after {kind} {self.wire.live()} of {CONNECTIONS} connections came back")
            time.sleep(0.02)
        took = time.monotonic() - healed
        if kind == "start":
            return
        self.seconds[kind].append(took)
        if took > RECONNECT_SECONDS:
            self.complaints.append(f"{took:.1f} s until all were connected again after {kind}")

    # Each returns when the broker could be reached again.

    def _kill(self):
        self.broker.kill()
        self.broker.start()
        return time.monotonic()

    def _close(self):
        closed = self.wire.closed
        self.broker.ctl("--quiet", "close_all_connections", "a fault")
        healed = time.monotonic()
        while self.wire.closed - closed < CONNECTIONS and time.monotonic() - healed < RECONNECT_SECONDS:
            time.sleep(0.01)
        return healed

    def _drop(self):
        self.wire.hold()
        try:
            seconds = self.chance.uniform(self.options.drop_ms_min, self.options.drop_ms_max) / 1000
            time.sleep(seconds)
        finally:
            self.wire.release()
        healed = time.monotonic()
        time.sleep(SETTLE_SECONDS)
        return healed

    def _absent(self):
        """The processes begin when there is no broker. They are not to be asked for anything while they are not there."""
        self.shoppers.wait_if_they_shop()
        self.broker.stop()
        self.shop.kill()
        ready = self.shop.start()
        self.shoppers.ensure_they_shop()
        if self.wire.live():
            self.complaints.append("the broker was there although it was stopped")
        print(f"ready in {ready:.1f} s without a broker")
        self.broker.start()
        return time.monotonic()

    def _alarm(self):
        short_of = self.chance.choice(["memory", "disk"])
        limits = {"memory": ("set_vm_memory_high_watermark", "0.000001"), "disk": ("set_disk_free_limit", "999999GB")}
        enough = {"memory": ("set_vm_memory_high_watermark", "0.4"), "disk": ("set_disk_free_limit", "50MB")}
        self.broker.ctl("--quiet", *limits[short_of])
        until = time.monotonic() + ALARM_SECONDS
        seen = False
        while time.monotonic() < until:
            seen = seen or self.broker.alarms() != "0"
            time.sleep(0.2)
        if not seen:
            self.complaints.append(f"no alarm although it is short of {short_of}")
        self.broker.ctl("--quiet", *enough[short_of])
        return time.monotonic()


def success(work):
    """Of all that the buyers asked for, how much the shop answered for good."""
    answers = collections.Counter()
    for file in work.glob("shoppers-report-*"):
        answers.update(json.loads(file.read_text())["answers"])
    disturbed = sum(count for label, count in answers.items() if is_disturbed(label))
    asked = sum(answers.values())
    percent = 100 * (asked - disturbed) / max(asked, 1)
    print(f"{asked} requests of buyers, {disturbed} disturbed: {percent:.2f} % answered for good")
    return [f"only {percent:.2f} % of requests were answered for good"] if percent < LEAST_SUCCESS_PERCENT else []


def backlog(shop, broker, options):
    """Events that were committed while there was no broker arrive within the time after it is back, each once."""
    writers = event_writers.database(options.backend, shop)
    writers.record_deliveries()
    subjects = [event_writers.product_id(random.Random(number)) for number in range(BACKLOG_SUBJECTS)]
    events = [(subjects[n % BACKLOG_SUBJECTS], event_writers.place(n)) for n in range(options.backlog)]
    broker.stop()
    writers.append_at_once(events)
    broker.start()
    healed = time.monotonic()
    last = writers.last()
    while time.monotonic() - healed < PATIENCE_SECONDS:
        relayed = int(shop.database.rows("inventory", RELAYED)[0][0])
        if relayed >= last and not writers.unread():
            break
        time.sleep(0.1)
    took = time.monotonic() - healed
    print(f"a backlog of {options.backlog} events was published and read {took:.1f} s after the broker was back")
    if took > DRAIN_SECONDS:
        yield f"the backlog took {took:.1f} s"
    delivered = collections.Counter(writers.deliveries())
    for event in events:
        if delivered.pop(event, 0) != 1:
            yield f"delivered not once: {event}"
    yield from (f"parked: {letter}" for letter in writers.parked())


def levels(shop):
    """What the catalog believes of each product is what inventory has; the backlog's product is nobody's."""
    there, told = (
        {tuple(place): int(available) for *place, available in shop.database.rows(context, query)}
        for context, query in (("inventory", STOCK_LEVELS), ("catalog", AVAILABILITY))
    )
    print(f"{len(there)} stock levels compared between inventory and the catalog")
    wrong = [level for level, available in there.items() if told.get(level) != available]
    return [f"{level}: inventory has {there[level]}, the catalog says {told.get(level)}" for level in wrong]


campaign.run(main)
