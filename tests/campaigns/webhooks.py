#!/usr/bin/env python3
"""Webhooks that are doubled, overtaken, dropped, early, forged and stale: the books end as if each had come once, in order.

Three parts. Customers and staff act while the provider tells of it, doubled and out of order, and a forger knocks. Then the
provider answers nothing any more, and its webhooks alone tell what became of refunds. Last, in a shop of its own, the
provider tells of payments that do not exist yet.
"""

import collections
import concurrent.futures
import json
import random
import secrets
import threading
import time
import urllib.error
import urllib.request
import uuid

import campaign
import client
import signing
from provider import Provider

FAULTS = "webhook-doubled=30,webhook-reordered=20,webhook-dropped=5"
# Not an answer arrives, whether it is to a request or to a question about one.
DUMB = "timeout-after=100"
# What is unknown is looked up by the shop itself after five seconds, and at most so much later.
SWEEP_MS, LOOKED_UP_AFTER_SECONDS = 3_000, 5
ENVIRONMENT = {
    "BANYAN_PROVIDER_TIMEOUT_MS": "300",
    "BANYAN_PROVIDER_LEFT_ALONE_MS": "1",
    "BANYAN_SWEEP_MS": str(SWEEP_MS),
}
# Of a provider that fails again and again one call is let through at a time, so some of these are never sent to it.
UNHEARD_AT_ONCE = 3
# Within this time all webhooks are sent and applied. Those that are held back are so for 1.5 s at most.
QUIET_SECONDS = 90
ACKNOWLEDGED_WITHIN_MS = 100
# How often somebody besides the provider sends a webhook for which there was no room, and after how long.
TRIES, TRY_AGAIN_SECONDS = 10, 0.5
# What is not done with, in the provider's outbox and in the shop's inbox.
OPEN_WEBHOOKS = ("new", "held_back", "failed")
OPEN_INBOX = ("received", "waiting")


def main():
    options = campaign.arguments(
        __doc__, baskets=None, limit=400, clients=32, refunds=100, unheard=30, early=50, forged=20, repeated=100, seed=None
    )
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    rush = out_of_order(options, seed)
    calm = too_early(options, seed)
    print(f"acknowledged, 99 in 100 (the goal is {ACKNOWLEDGED_WITHIN_MS} ms):")
    print(f"  while {options.clients} clients buy as much as they can: {p99_ms(rush.latencies):.0f} ms of {len(rush.latencies)};")
    print(f"    /health/live, for which nothing is done, at the same time: {p99_ms(rush.signs_of_life):.0f} ms")
    print(f"  while nobody buys: {p99_ms(calm):.0f} ms of {len(calm)}")
    print("OK")


def p99_ms(latencies):
    return campaign.worst_but_one_in_a_hundred(latencies) * 1_000


# ---- out of order, forged, and instead of answers -------------------------------------------------------------------


def out_of_order(options, seed):
    with Provider(options.binaries, seed, FAULTS, hold_ms=1_000, webhooks=True) as provider:
        with campaign.running_server(options, provider.environment() | ENVIRONMENT, provider.start) as (server, work):
            knocking = Knocking(server, provider, seed)
            knocking.begin(options)
            acknowledged = work / "acknowledged"
            complaints = buy(options, server, work, seed, acknowledged)
            chance = random.Random(seed)
            token = campaign.staff_token(server)
            answers = refund(server, token, chance, options.refunds, options.clients)
            print(f"refunds: {answers}")
            knocking.end()
            wait_until_told(server, provider)
            told = provider.struck()["webhooks"]

            provider.become(DUMB)
            before = refunds_made(provider)
            unheard = refund(server, token, chance, options.unheard, UNHEARD_AT_ONCE)
            made = {key: when for key, when in refunds_made(provider).items() if key not in before}
            print(f"refunds of a provider that does not answer: {unheard}; it made {len(made)} of them")
            wait_until_told(server, provider)
            complaints += by_webhook_alone(server, made, unheard)
            provider.become("")
            wait_for_refunds(server)
            books, violations = campaign.audit(server, campaign.abandoned(acknowledged))
            violations += [*told_enough(told, options), *knocking.violations()]
            violations += [*unique_state(server, books), *inbox_violations(server, provider)]
            if violations or complaints:
                campaign.conclude([*complaints, *violations])
            return knocking


def buy(options, server, work, seed, acknowledged):
    return campaign.drive(
        options.binaries,
        server,
        "replay",
        baskets=campaign.baskets_file(options.baskets, work, options.limit),
        limit=options.limit,
        clients=options.clients,
        seed=seed,
        declined_percent=5,
        provider_fails=True,
        acknowledged=acknowledged,
    )


def refund(server, token, chance, count, at_once):
    """Staff gives one cent back, for so many payments. Returns the last answers by their status."""
    rows = server.database.rows("payments", campaign.tables.PAYMENTS)
    paid = sorted(row[0] for row in rows if row[2] in ("completed", "partially_refunded"))
    chosen = chance.sample(paid, min(count, len(paid)))

    def give_back(payment_id):
        body = {"reason": "the campaign asks for it", "amount": {"amount": 1, "currency": "EUR"}}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
        for _attempt in range(20):
            status, _ = post(f"{server.url}/api/v1/payments/{payment_id}/refund", json.dumps(body), headers)
            if status != 503:
                return status
            time.sleep(0.2)
        return status

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return dict(collections.Counter(pool.map(give_back, chosen)))


def post(url, body, headers):
    """The status, and the body of an answer that says yes."""
    headers = {"Content-Type": "application/json"} | headers
    request = urllib.request.Request(url, body.encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Knocking:
    """Sends webhooks besides the provider: forged ones, stale ones, and repetitions of the provider's own."""

    def __init__(self, server, provider, seed):
        self.url = f"{server.url}/api/v1/payments/webhooks/simulator"
        self.live = f"{server.url}/health/live"
        self.secret, self.provider, self.chance = provider.secret, provider, random.Random(seed)
        self.answers = {kind: collections.Counter() for kind in ("forged", "stale", "repeated")}
        self.latencies, self.signs_of_life, self.times, self.put_off = [], [], {}, 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._knock, daemon=True)

    def begin(self, options):
        self.times = {"forged": options.forged, "stale": options.forged, "repeated": options.repeated}
        self.thread.start()

    def end(self):
        self.ended.set()
        self.thread.join()

    def _knock(self):
        """Evenly, as long as customers buy; what is left afterwards at once."""
        kinds = [kind for kind, times in self.times.items() for _ in range(times)]
        self.chance.shuffle(kinds)
        while not self.provider.webhooks() and not self.ended.wait(0.05):
            pass
        for kind in kinds:
            known = self.chance.choice(self.provider.webhooks())
            body, signature = getattr(self, f"_{kind}")(known)
            self.answers[kind][self._send(kind, body, signature)] += 1
            self.ended.wait(0.02)

    def _send(self, kind, body, signature):
        """As a provider does: again, when the shop has too much to do."""
        for _ in range(TRIES):
            started = time.monotonic()
            status, _ = post(self.url, body, {signing.HEADER: signature})
            if status != 503:
                break
            self.put_off += 1
            time.sleep(TRY_AGAIN_SECONDS)
        if kind == "repeated":
            self.latencies.append(time.monotonic() - started)
            started = time.monotonic()
            if client.ask(self.live).status != 200:
                raise campaign.CampaignError("/health/live is not 200")
            self.signs_of_life.append(time.monotonic() - started)
        return status

    def _forged(self, known):
        return evil(known), signing.sign(self.chance.randbytes(32).hex(), evil(known))

    def _stale(self, known):
        body = evil(known)
        return body, signing.sign(self.secret, body, int(time.time()) - self.chance.randint(301, 10**6))

    def _repeated(self, known):
        return known, signing.sign(self.secret, known)

    def violations(self):
        print(f"besides the provider: {self.answers}, {self.put_off} put off")
        for kind, status in (("forged", 400), ("stale", 400), ("repeated", 200)):
            if self.answers[kind] != {status: self.times[kind]}:
                yield f"{kind} webhooks were answered {dict(self.answers[kind])}, not {status} {self.times[kind]} times"


def evil(known):
    """What would do harm if it were believed: the amount of somebody's payment has been let go."""
    event = json.loads(known)
    event["id"], event["type"] = f"evil.{event['id']}", "charge.voided"
    event["charge"]["status"] = "voided"
    return json.dumps(event)


def wait_until_told(server, provider):
    """Until the provider has nothing more to tell, and the shop has applied what it was told."""
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        open_at_provider = [status for _, status in provider.standings() if status in OPEN_WEBHOOKS]
        open_here = [status for _, status, *_ in inbox(server) if status in OPEN_INBOX]
        if not open_at_provider and not open_here:
            return
        time.sleep(0.2)


def inbox(server):
    return server.database.rows("payments", campaign.tables.WEBHOOK_INBOX)


def refunds_made(provider):
    """When the provider made each refund, by its own ledger."""
    return dict(provider.rows(campaign.tables.REFUNDS_MADE))


def by_webhook_alone(server, made, answers):
    """Refunds of which nobody was told but by a webhook are recorded from it, and sooner than the shop looks by itself."""
    recorded = [event for event, _, reason, kind in inbox(server) if (kind, reason) == ("charge.refunded", "recorded")]
    told = {key for key in made if any(event.endswith(key) for event in recorded)}
    seconds = []
    for key, status, updated in server.database.rows("payments", campaign.tables.REFUND_TIMES):
        if key in told and status == "completed":
            seconds.append(campaign.tables.seconds_between(made[key], updated))
    quick = [took for took in seconds if took < LOOKED_UP_AFTER_SECONDS]
    longest = f", the slowest in {max(seconds):.2f} s" if seconds else ""
    print(f"recorded from a webhook: {len(seconds)} refunds, {len(quick)} before the shop looks them up{longest}")
    if len(made) < sum(answers.values()) // 4 or answers.keys() != {504}:
        yield f"{len(made)} refunds were made, and answered {answers}: the campaign shows little"
    if len(quick) < len(made) * 9 // 10:
        yield f"{len(made)} refunds were made unheard, and only {len(quick)} were recorded from a webhook in time"


def wait_for_refunds(server):
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        if all(row[2] != "pending" for row in server.database.rows("payments", campaign.tables.REFUNDS)):
            return
        time.sleep(0.5)


def told_enough(told, options):
    print(f"webhooks: {told}")
    told_of = told["delivered"] + told["webhook-dropped"]
    expected = options.limit * 2 * 85 // 100 + options.refunds * 85 // 100
    if told_of < expected:
        yield f"the provider told of {told_of} events, fewer than {expected}: the campaign shows little"
    for name, percent in (("webhook-doubled", 30), ("webhook-reordered", 20), ("webhook-dropped", 5)):
        if told[name] < told_of * percent // 400:
            yield f"{name} struck only {told[name]} of {told_of} times"
    if told["given-up"]:
        yield f"{told['given-up']} webhooks were never taken"


def unique_state(server, books):
    """Each payment stands where its charge stands, which knows no order but that of what happened."""
    standings = {row[0]: (row[2], int(row[5])) for row in server.database.rows("payments", campaign.tables.STANDINGS)}
    counted = collections.Counter()
    for key, charge in books.charges.items():
        status, refunded = standings.get(key, (None, 0))
        wished = standing_of(charge)
        counted[status] += 1
        if status not in wished or refunded != charge.refunded:
            yield f"{key} is {status} with {refunded} refunded, and its charge is {charge}"
    print(f"payments as their charges stand: {dict(counted)}")


def standing_of(charge):
    if charge.captured == 0:
        return {"authorized": ("authorized",), "declined": ("failed",), "voided": ("voided", "failed")}[charge.status]
    if charge.refunded == 0:
        return ("completed",)
    return ("refunded",) if charge.refunded == charge.captured else ("partially_refunded",)


def inbox_violations(server, provider):
    """All that was delivered is here once and applied; nothing else is here."""
    here = {event: (status, reason) for event, status, reason, _ in inbox(server)}
    delivered = {event for event, status in provider.standings() if status == "delivered"}
    known = {event for event, _ in provider.standings()}
    reasons = collections.Counter(reason for _, reason in here.values())
    print(f"inbox: {len(here)} webhooks, {dict(reasons)}")
    for event in delivered - here.keys():
        yield f"{event} was acknowledged and lost"
    for event in here.keys() - known:
        yield f"{event} is in the inbox, and the provider never told it"
    for event, (status, reason) in here.items():
        if status != "applied":
            yield f"{event} is {status}: {reason}"


# ---- before their payment exists ------------------------------------------------------------------------------------


def too_early(options, seed):
    """The provider has taken the money of payments that the shop begins only afterwards."""
    chance = random.Random(seed)
    with Provider(options.binaries, seed, "webhook-doubled=30,webhook-reordered=20", webhooks=True) as provider:
        with campaign.running_server(options, provider.environment() | ENVIRONMENT, provider.start) as (server, _work):
            payments = [Early(chance) for _ in range(options.early)]
            for payment in payments:
                provider.ask("PUT", f"/v1/charges/{payment.id}", {"token": "tok_visa", "amount": payment.amount})
                provider.ask("POST", f"/v1/charges/{payment.id}/capture", {"amount": payment.amount})
            latencies = []
            for payment in payments:
                body = refund_notice(payment)
                started = time.monotonic()
                status, _ = post(
                    f"{server.url}/api/v1/payments/webhooks/simulator", body, {signing.HEADER: signing.sign(provider.secret, body)}
                )
                latencies.append(time.monotonic() - started)
                if status != 200:
                    campaign.conclude([f"a fresh webhook was answered {status}"])
            wait_until_waiting(server, 3 * len(payments))
            early = collections.Counter(status for _, status, *_ in inbox(server))
            print(f"before their payments exist: {dict(early)}")

            orders = signing.Orders(server)
            for payment in payments:
                orders.authorize(payment)
            wait_until_applied(server)
            violations = list(early_violations(server, payments, early))
            server.terminate()
            if violations:
                campaign.conclude(violations)
            print(f"applied once their payments exist: {2 * len(payments)}, refunds of nobody set aside: {len(payments)}")
            return latencies


class Early:
    """A payment whose ids are chosen as orders would choose them."""

    def __init__(self, chance):
        self.id, self.order_id, self.customer_id = (
            signing.typed_id(prefix, chance.getrandbits(128)) for prefix in ("pay", "ord", "usr")
        )
        self.amount = {"amount": chance.randint(100, 100_000), "currency": "EUR"}


def refund_notice(payment):
    """Comes first of all that is told of a payment, and tells of a refund for which nobody will ever have asked."""
    key = signing.typed_id("ref", uuid.uuid4().int)
    none = {"amount": 0, "currency": "EUR"}
    charge = {"key": payment.id, "status": "captured", "authorized": payment.amount, "captured": payment.amount}
    event = {"id": f"{payment.id}.refunded.{key}", "type": "charge.refunded", "live": False}
    event |= {"created": "2026-01-01T00:00:00Z", "charge": charge | {"refunded": none}}
    return json.dumps(event | {"refund": {"key": key, "amount": {"amount": 1, "currency": "EUR"}}})


def wait_until_waiting(server, webhooks):
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        rows = inbox(server)
        if len(rows) == webhooks and all(status == "waiting" for _, status, *_ in rows):
            return
        time.sleep(0.2)


def wait_until_applied(server):
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        if not any(status in OPEN_INBOX for _, status, *_ in inbox(server)):
            return
        time.sleep(0.2)


def early_violations(server, payments, early):
    if early != {"waiting": 3 * len(payments)}:
        yield f"before their payments exist, webhooks were {dict(early)}, not all of them waiting"
    rows = {row[0]: row for row in server.database.rows("payments", campaign.tables.STANDINGS)}
    for payment in payments:
        row = rows.get(payment.id)
        if row is None or (row[2], row[3], row[5]) != ("completed", str(payment.amount["amount"]), "0"):
            yield f"{payment.id} over {payment.amount} is {row}"
    completed = collections.Counter(server.database.rows("payments", campaign.tables.COMPLETED_EVENTS))
    if sorted(completed.values()) != [1] * len(payments):
        yield f"{sum(completed.values())} events tell that {len(completed)} of {len(payments)} payments were made"
    standings = collections.Counter((kind, status) for _, status, _, kind in inbox(server))
    wished = {
        ("charge.authorized", "applied"): len(payments),
        ("charge.captured", "applied"): len(payments),
        ("charge.refunded", "quarantined"): len(payments),
    }
    if standings != wished:
        yield f"the inbox ended as {dict(standings)}"


campaign.run(main)
