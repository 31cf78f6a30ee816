#!/usr/bin/env python3
"""The process dies between an effect and its answer, and whoever asks again under the same key gets the one answer.

Each request is sent several times at once under one key, and again until it is answered. Meanwhile the process aborts at one
point after the other; the next one is told of another point. The binary has to have failpoints: one that was built with the
tests has (docs/adr/0015-failpoints.md).
"""

import collections
import random
import secrets
import signal
import threading
import time
import uuid

import campaign
import client
from keys import Requests
from mixed import Told, compare
from provider import Provider

# What a process dies at, and at the latest how many times it comes by before: behind commits and steps whose outcome nobody
# has been told yet, and where the provider has done something that is not on record.
POINTS = {
    "commit.orders.after": 4,
    "commit.payments.after": 4,
    "commit.inventory.after": 3,
    "commit.payments.before": 4,
    "saga.checkout.authorize_payment.after": 1,
    "saga.checkout.confirm_order.after": 1,
    "saga.checkout.commit_reservation.after": 1,
    "saga.checkout.capture_payment.after": 1,
    "saga.checkout.finish.after": 1,
    "saga.checkout.fail.after": 1,
    "saga.checkout_paid_later.request_payment.after": 1,
    "saga.checkout_paid_later.finish.after": 1,
    "saga.settle.commit_reservation.after": 1,
    "saga.settle.finish.after": 1,
    "saga.cancel.return_stock.after": 1,
    "saga.cancel.cancel_payment.after": 1,
}
# A process that has not come by its point within this time is killed instead.
LIFE_SECONDS = 8
PATIENCE_SECONDS = 180
LOOK_AGAIN_SECONDS = 0.1
PRICE = 250
# With how many good cards a customer tries to pay later.
CARDS = 5
# Units that staff receives at a time.
DELIVERY = 3
# A crash may meet nobody who waits. It takes as many as it takes until a key was cut off for each that was asked for, but no
# more than so many times as many.
CRASHES_MAX = 5


def main():
    options = campaign.arguments(__doc__, crashes=20, duplicates=4, customers=6, seed=None)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with Provider(options.binaries, seed) as provider:
        environment = campaign.SHORT_LEASES | provider.environment()
        with campaign.running_server(options, environment, provider.start) as (server, _):
            campaign.require_failpoints(server)
            requests = Requests(options.duplicates)
            customers = [Customer(server, requests, random.Random(seed + number)) for number in range(options.customers)]
            try:
                crashes, kills = crash_repeatedly(server, customers, requests, options.crashes, random.Random(seed))
            finally:
                for customer in customers:
                    customer.leave()
            for customer in customers:
                customer.thread.join()
            requests.repeat_all()
            told = Told(requests.told)
            books, violations = campaign.audit(server, told.called_off())
            violations += requests.complaints
            violations += compare(books, told, requests.by_operation["place"])
            violations += compare_receipts(books, requests, customers)
            campaign.conclude([*violations, *judge_run(crashes, kills, requests, options)])


def crash_repeatedly(server, customers, requests, wanted, chance):
    """Goes on until so many keys were cut off. Returns how often the process aborted at which point, and how often it had to
    be killed."""
    [process] = server.processes.values()
    for customer in customers:
        customer.come()
    crashes, kills = collections.Counter(), 0
    points = []
    process.terminate()
    while crashes.total() < wanted or requests.cut_off.total() < wanted and crashes.total() < wanted * CRASHES_MAX:
        if not points:
            points = sorted(POINTS)
            chance.shuffle(points)
        point = points.pop()
        process.environment["BANYAN_FAILPOINTS"] = f"{point}=abort@{chance.randint(1, POINTS[point])}"
        process.launch()
        code = process.wait(LIFE_SECONDS)
        if code is None:
            process.kill()
            kills += 1
            if kills > wanted * CRASHES_MAX:
                raise campaign.CampaignError(f"nobody comes by: killed {kills} times, aborted {crashes.total()} times")
        elif code == -signal.SIGABRT:
            crashes[point] += 1
        else:
            raise campaign.CampaignError(f"{process.name} ended with {code}\n{process.log_tail()}")
    del process.environment["BANYAN_FAILPOINTS"]
    print(f"ready again in {process.start():.2f} s")
    return crashes, kills


class Customer:
    """Buys one thing after the other, in a thread of its own, with an own shelf and a clerk of the shop at hand."""

    def __init__(self, server, requests, chance):
        self.requests, self.chance = requests, chance
        self.clerk = client.Person(server, campaign.ADMIN_EMAIL, campaign.ADMIN_PASSWORD, PATIENCE_SECONDS)
        email = f"{uuid.uuid4().hex}@example.com"
        self.person = client.Person(server, email, "a walk between the figs", PATIENCE_SECONDS).register()
        sku = uuid.uuid4().hex.upper()
        price = {"amount": PRICE, "currency": "EUR"}
        product = {"sku": sku, "slug": sku.lower(), "name": "A fig", "description": "", "price": price}
        self.product_id = self.clerk.patiently("POST", "/api/v1/products", product).json()["id"]
        self.deliveries = 0
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=self.go_on)

    def come(self):
        self.thread.start()

    def leave(self):
        self.leaving.set()

    def go_on(self):
        try:
            while not self.leaving.is_set():
                self.receive()
                self.chance.choice((self.buy, self.buy, self.be_declined, self.pay_later, self.never_pay))()
        except Exception as error:  # so that the campaign hears of it
            self.requests.complain(f"a customer cannot go on: {error!r}")

    def receive(self):
        path = f"/api/v1/products/{self.product_id}/inventory"
        body = {"kind": "receive", "quantity": DELIVERY, "reason": "delivery"}
        answer = self.requests.send(self.clerk, "receive", "POST", path, body)
        self.deliveries += 1
        self.expect("receive", answer, 201)

    def buy(self):
        order = self.place("tok_visa", 201)
        if order:
            self.think_again(order)

    def be_declined(self):
        self.place("tok_declined", 402)

    def pay_later(self):
        order = self.place(None, 201)
        if not order:
            return
        if self.chance.random() < 0.3:
            self.pay(order, "tok_declined")
        if any(self.pay(order, "tok_visa") for _ in range(CARDS)):
            self.think_again(order)
        else:
            self.requests.complain(f"order {order['id']} could not be paid with {CARDS} good cards")

    def never_pay(self):
        order = self.place(None, 201)
        if order:
            self.cancel(order)

    def think_again(self, order):
        what = self.chance.random()
        if what < 0.6:
            self.refund(order)
        if 0.4 < what < 0.8:
            self.cancel(order)

    def place(self, token, wanted):
        body = {"items": [{"product_id": self.product_id, "quantity": 1}], "shipping_address": client.ADDRESS}
        if token:
            body["payment"] = {"token": token}
        answer = self.requests.send(self.person, "place", "POST", "/api/v1/orders", body)
        if not self.expect("place", answer, wanted):
            return None
        order = answer.json()
        if wanted == 402:
            self.requests.tell("place", answer, order_id=order["order_id"])
            return None
        total = {"total_minor": order["total"]["amount"], "currency": order["total"]["currency"]}
        self.requests.tell("place", answer, order_id=order["id"], status=order["status"], **total)
        return order

    def pay(self, order, token):
        """Whether it was paid. The shop keeps no token: where a process died before it asked the provider, the attempt ends
        as the provider's failure, and the customer has to try again."""
        body = {"order_id": order["id"], "payment": {"token": token}}
        answer = self.requests.send(self.person, "pay", "POST", "/api/v1/payments/process", body)
        is_good = token == "tok_visa"
        failed = answer.json().get("reason") == "provider_failure"
        if self.expect("pay", answer, 402 if failed or not is_good else 201):
            self.requests.tell("pay", answer, order_id=order["id"])
        return answer.status == 201

    def cancel(self, order):
        answer = self.requests.send(self.person, "cancel", "DELETE", f"/api/v1/orders/{order['id']}")
        if self.expect("cancel", answer, 200):
            self.requests.tell("cancel", answer, order_id=order["id"])

    def refund(self, order):
        payment_id = order["payment_id"]
        while self.person.patiently("GET", f"/api/v1/payments/{payment_id}").json()["status"] in ("pending", "authorized"):
            time.sleep(LOOK_AGAIN_SECONDS)
        body = {"reason": "a bruise", "amount": {"amount": self.chance.randint(1, PRICE), "currency": "EUR"}}
        answer = self.requests.send(self.clerk, "refund", "POST", f"/api/v1/payments/{payment_id}/refund", body)
        if self.expect("refund", answer, 201):
            refund = answer.json()
            minor = refund["amount"]["amount"]
            self.requests.tell("refund", answer, refund_id=refund["id"], payment_id=payment_id, amount_minor=minor)

    def expect(self, operation, answer, wanted):
        if answer.status != wanted:
            self.requests.complain(f"{operation} got {answer.status} instead of {wanted}: {answer.text}")
        return answer.status == wanted


def compare_receipts(books, requests, customers):
    """Each delivery is on the shelf once."""
    received = sum(moved.get(campaign.tables.RECEIVED_KIND, 0) for moved in books.movements.values())
    wanted = sum(customer.deliveries for customer in customers) * DELIVERY
    if received != wanted or requests.by_operation["receive"] * DELIVERY != wanted:
        yield f"{received} units were received instead of {wanted}"


def judge_run(crashes, kills, requests, options):
    for point in sorted(POINTS):
        print(f"  {crashes[point]:4} x {point}")
    print(f"aborted {crashes.total()} times at {len(crashes)} points; killed {kills} times, not having come by")
    sums = ", ".join(f"{requests.cut_off[name]} of {count} {name}" for name, count in requests.by_operation.items())
    print(f"keys whose request was cut off: {sums}; {requests.replayed} of them got the answer of an earlier request")
    cases = requests.cut_off.total()
    if cases < options.crashes:
        yield f"{cases} keys were cut off by {options.crashes} crashes: the campaign shows little"
    if requests.replayed < max(1, cases // 10):
        yield f"only {requests.replayed} answers were repeated: hardly a crash met an effect without its answer"
    if options.crashes >= 5 * len(POINTS):
        yield from (f"no process died at {point}" for point in POINTS if not crashes[point])
        yield from (f"no {name} was cut off" for name in requests.by_operation if not requests.cut_off[name])


campaign.run(main)
