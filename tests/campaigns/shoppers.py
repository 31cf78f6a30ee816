"""Buyers in the background, who remember what they were told; for campaigns that disturb the shop meanwhile."""

import json
import subprocess
import time

import campaign

DECLINED_PERCENT, TIMEOUT_AFTER_CHARGE_PERCENT = 10, 5
# A shop may take long to be back on a busy machine, and one request may meet several kills.
PATIENCE_SECONDS = 120


class Shoppers:
    """Load drivers in the background, one after the other: a wave of baskets that ends is followed by the next."""

    def __init__(self, options, server, work, seed, name="shoppers", timeouts=TIMEOUT_AFTER_CHARGE_PERCENT):
        self.options, self.server, self.work, self.seed, self.name = options, server, work, seed, name
        self.timeouts = timeouts
        self.file = campaign.baskets_file(options.baskets, work)
        self.process = None
        self.waves = 0
        self.baskets = 0
        self.cut_off = 0
        self.replayed = 0
        self.complaints = []

    def ensure_they_shop(self):
        if self.process is not None:
            if self.process.poll() is None:
                return
            self._hear()
        self.waves += 1
        self.baskets += len(campaign.read_baskets(self.file, self.options.limit))
        with self._file("driver.log").open("w") as log:
            self.process = subprocess.Popen(self._command(), env=campaign.driver_environment(), stdout=log, stderr=log)
        self._wait_for_an_order(len(self.acknowledged()))

    def wait_until_answered(self):
        """Until somebody was told something from now on."""
        already, until = len(self.acknowledged()), time.monotonic() + PATIENCE_SECONDS
        while len(self.acknowledged()) == already:
            self.ensure_they_shop()
            if time.monotonic() > until:
                raise campaign.CampaignError(f"nobody was answered within {PATIENCE_SECONDS} s")
            time.sleep(0.05)

    def wait_if_they_shop(self):
        """Until nobody is at the door."""
        if self.process is not None:
            self.process.wait()

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
        for file in sorted(self.work.glob(f"{self.name}-acknowledged-*")):
            lines += [json.loads(line) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return lines

    def _command(self):
        return self._driver_command(
            "replay",
            declined_percent=DECLINED_PERCENT,
            timeout_after_charge_percent=self.timeouts,
        )

    def _driver_command(self, command, **particulars):
        return campaign.driver_command(
            self.options.binaries,
            self.server,
            command,
            baskets=self.file,
            limit=self.options.limit,
            clients=self.options.clients,
            seed=self.seed,
            key_prefix=f"{self.name}-{self.seed}-{self.waves}",
            acknowledged=self._file("acknowledged"),
            report_json=self._file("report"),
            patience_seconds=PATIENCE_SECONDS,
            **particulars,
        )

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
            report = json.loads(self._file("report").read_text())
            self.cut_off += sum(count for label, count in report["answers"].items() if is_disturbed(label))
            self.replayed += report["replayed"]

    def _file(self, name):
        return self.work / f"{self.name}-{name}-{self.waves}"


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
