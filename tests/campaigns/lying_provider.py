#!/usr/bin/env python3
"""A payment provider that does everything wrong that providers do: nobody is charged twice, and no money is forgotten."""

import collections
import concurrent.futures
import json
import random
import secrets
import time
import uuid

import campaign
import client
from books import payment_of
from provider import Provider

# In percent of the requests. `slow` is the tail of the answers.
FAULTS = "timeout-after=10,timeout-before=5,error-after=5,cut-off=5,wrong-amount=2,conflict=2,busy=1,slow=1"
# Everything that takes time is a tenth of what it is in production, and the time a provider is left alone a hundredth.
ENVIRONMENT = {"BANYAN_PROVIDER_TIMEOUT_MS": "500", "BANYAN_PROVIDER_LEFT_ALONE_MS": "300"}
HOLD_MS, SLOW_MS = 1_000, 300
# One in twenty good cards is refused on the average, many at once while the provider is left alone.
FEW = 15


def main():
    options = campaign.arguments(__doc__, baskets=None, limit=1000, clients=32, refunds=200, seed=None)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with Provider(options.binaries, seed, FAULTS, HOLD_MS, SLOW_MS) as provider:
        with campaign.running_server(options, ENVIRONMENT | provider.environment(), provider.start) as (
            server,
            work,
        ):
            path = campaign.baskets_file(options.baskets, work, options.limit)
            report_file, acknowledged = work / "report.json", work / "acknowledged"
            complaints = campaign.drive(
                options.binaries,
                server,
                "replay",
                baskets=path,
                limit=options.limit,
                clients=options.clients,
                seed=seed,
                provider_fails=True,
                report_json=report_file,
                acknowledged=acknowledged,
            )
            print(f"refunds: {refund(server, options, random.Random(seed))}")
            struck = provider.heal()
            given_up = campaign.abandoned(acknowledged)
            books, violations = campaign.audit(server, given_up)
            print(f"faults: {struck}")
            paid = [books.payments[payment_of(key)] for key, charge in books.charges.items() if charge.captured > 0]
            paid_back = sum(payment.order_id in given_up for payment in paid)
            print(f"{len(given_up)} orders were given up, of which {paid_back} had been paid for and were paid back")
            violations += [f"{fault} never struck" for fault, times in struck["struck"].items() if times == 0]
            campaign.conclude([*complaints, *violations, *compare(books, json.loads(report_file.read_text()), options)])


def refund(server, options, chance):
    """Staff gives a part of the money back, for so many orders. Returns the last answers by their status."""
    paid = [payment_id for payment_id, _, status, _, _ in server.database.rows("payments", campaign.tables.PAYMENTS)
            if status == "completed"]
    chosen = chance.sample(sorted(paid), min(options.refunds, len(paid)))
    token = campaign.staff_token(server)
    body = {"reason": "the campaign asks for it", "amount": {"amount": 1, "currency": "EUR"}}

    def give_back(payment_id):
        key = str(uuid.uuid4())
        for _attempt in range(20):
            answer = client.ask(f"{server.url}/api/v1/payments/{payment_id}/refund", "POST", body, token, key)
            if answer.status not in (409, 429, 503):
                return answer.status
            time.sleep(0.2)
        return answer.status

    with concurrent.futures.ThreadPoolExecutor(options.clients) as pool:
        return dict(collections.Counter(pool.map(give_back, chosen)))


def compare(books, report, options):
    """What the provider's own ledger says; the rest is in the books."""
    captured = [key for key, charge in books.charges.items() if charge.captured > 0]
    given_back = [key for key, charge in books.charges.items() if charge.refunded > 0]
    print(f"the provider's ledger: {len(captured)} captures, {len(given_back)} refunds, {len(books.charges)} charges")
    print(f"database: {len(books.paid_orders())} confirmed orders; the driver was told of {report['confirmed']}")
    if report["confirmed"] != len(books.paid_orders()):
        yield f"the driver was told of {report['confirmed']} orders, the database holds {len(books.paid_orders())}"
    if report["declined"] > options.limit // 10 + FEW:
        yield f"{report['declined']} of {options.limit} good cards were refused"
    if len(captured) < options.limit // 2:
        yield f"only {len(captured)} of {options.limit} baskets were paid: the campaign shows little"
    if len(given_back) < options.refunds // 2:
        yield f"only {len(given_back)} of {options.refunds} refunds were made: the campaign shows little"


campaign.run(main)
