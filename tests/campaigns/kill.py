#!/usr/bin/env python3
"""Each process is killed again and again while orders come in: what was acknowledged stays, nothing stays half done."""

import json
import random
import secrets
import subprocess
import time

import campaign

# Seconds between ready and the kill.
SHORTEST_LIFE, LONGEST_LIFE = 0.2, 1.5
DECLINED_PERCENT, TIMEOUT_AFTER_CHARGE_PERCENT = 10, 5
# Restarts may take long on a busy machine, and one request may meet several of them.
PATIENCE_SECONDS = 120


def main():
    options = campaign.arguments(__doc__, baskets=None, limit=1000, clients=16, kills=2, seed=None)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with campaign.running_server(options) as (server, work):
        shoppers = Shoppers(options, server, work, seed)
        try:
            restarts = kill_repeatedly(server, shoppers, options.kills, random.Random(seed))
            complaints = shoppers.wait()
        finally:
            shoppers.leave()
        books, violations = campaign.audit(server)
        acknowledged = shoppers.acknowledged()
        print(f"{len(restarts)} kills over {shoppers.waves} wave(s) of {options.limit} baskets")
        print(f"ready again within {max(restarts):.2f} s at worst; {shoppers.cut_off} requests were cut off or put off")
        if shoppers.cut_off < len(restarts):
            violations.append("fewer requests were disturbed than there were kills: the campaign shows nothing")
        campaign.conclude([*complaints, *violations, *compare(books, acknowledged, shoppers.baskets)])


def kill_repeatedly(server, shoppers, kills, chance):
    """Each kill meets orders on their way. Returns the seconds that each restart took."""
    shoppers.ensure_they_shop()
    victims = list(server.processes.values()) * kills
    chance.shuffle(victims)
    restarts = []
    for number, victim in enumerate(victims, start=1):
        life = chance.uniform(SHORTEST_LIFE, LONGEST_LIFE)
        time.sleep(life)
        shoppers.ensure_they_shop()
        before = len(shoppers.acknowledged())
        victim.kill()
        restarts.append(victim.start())
        print(
            f"kill {number}, of {victim.name}, after {life:.2f} s and {before} acknowledged orders;"
            f" ready again in {restarts[-1]:.2f} s"
        )
    return restarts


class Shoppers:
    """Load drivers in the background, one after the other: a wave of baskets that ends is followed by the next."""

    def __init__(self, options, server, work, seed):
        self.options, self.server, self.work, self.seed = options, server, work, seed
        self.file = campaign.baskets_file(options.baskets, work)
        self.process = None
        self.waves = 0
        self.baskets = 0
        self.cut_off = 0
        self.complaints = []

    def ensure_they_shop(self):
        if self.process is not None:
            if self.process.poll() is None:
                return
            self._hear()
        self.waves += 1
        self.baskets += len(campaign.read_baskets(self.file, self.options.limit))
        command = campaign.driver_command(
            self.options.binaries,
            self.server,
            "replay",
            baskets=self.file,
            limit=self.options.limit,
            clients=self.options.clients,
            seed=self.seed,
            declined_percent=DECLINED_PERCENT,
            timeout_after_charge_percent=TIMEOUT_AFTER_CHARGE_PERCENT,
            key_prefix=f"kill-{self.seed}-{self.waves}",
            acknowledged=self._file("acknowledged"),
            report_json=self._file("report"),
            patience_seconds=PATIENCE_SECONDS,
        )
        with self._file("driver.log").open("w") as log:
            self.process = subprocess.Popen(command, env=campaign.driver_environment(), stdout=log, stderr=log)
        self._wait_for_an_order(len(self.acknowledged()))

    def wait(self):
        self.process.wait()
        self._hear()
        return self.complaints

    def leave(self):
        """Nobody goes on shopping after the campaign."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def acknowledged(self):
        """What the driver was told, over all waves, one dictionary for each basket."""
        lines = []
        for file in sorted(self.work.glob("acknowledged-*")):
            lines += [json.loads(line) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return lines

    def _wait_for_an_order(self, already):
        while len(self.acknowledged()) == already:
            if self.process.poll() is not None:
                self._hear()
                campaign.conclude(self.complaints or ["the driver ended without an order"])
            time.sleep(0.05)

    def _hear(self):
        """What the wave that ended has to say."""
        log = self._file("driver.log").read_text()
        if self.process.returncode != 0:
            self.complaints.append(log[log.find("banyan-load:") :].strip())
        if self._file("report").exists():
            answers = json.loads(self._file("report").read_text())["answers"]
            self.cut_off += sum(count for label, count in answers.items() if is_disturbed(label))

    def _file(self, name):
        return self.work / f"{name}-{self.waves}"


def is_disturbed(label):
    """Answers that nobody gets who is alone with a shop that is well: none, busy, or still being carried out."""
    return label == "no answer" or label.startswith("5") or label == "409 idempotency_key_in_flight"


def compare(books, acknowledged, baskets):
    """Everything that was acknowledged is there, as it was acknowledged; one order for each basket."""
    confirmed = [line for line in acknowledged if line["http_status"] == 201]
    declined = [line for line in acknowledged if line["http_status"] == 402]
    paid = books.paid_orders()
    print(f"acknowledged: {len(confirmed)} confirmed, {len(declined)} declined; database: {len(paid)} confirmed orders")
    if len(acknowledged) != baskets:
        yield f"{len(acknowledged)} of {baskets} baskets were acknowledged"
    for line in confirmed:
        order = books.orders.get(line["order_id"])
        if order is None:
            yield f"acknowledged and lost: {line}"
        elif (order.status, order.total, order.currency) != (line["status"], line["total_minor"], line["currency"]):
            yield f"acknowledged {line}, stored {order.status} {order.total} {order.currency}"
    for line in declined:
        order = books.orders.get(line["order_id"]) if line["order_id"] else None
        if line["order_id"] and (order is None or order.status != "cancelled"):
            yield f"declined {line}, stored {order.status if order else 'nothing'}"
    told = {line["order_id"] for line in confirmed}
    for order_id in paid.keys() - told:
        yield f"order {order_id} is confirmed and nobody was told"
    if len(told) != len(confirmed):
        yield "two baskets were told of the same order"


campaign.run(main)
