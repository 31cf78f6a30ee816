#!/usr/bin/env python3
"""Each process is taken away in turn: what does not need it goes on, and what needs it says 503 and does nothing."""

import time
import uuid

import campaign
import client
from client import UNREACHABLE

PASSWORD = "somebody who looks at an empty shop"
# From the death of a process until its neighbours have noticed and after its return until they have forgotten: the
# breaker leaves a peer alone for one second.
SETTLE_SECONDS = 2.5
# Answers that say honestly that something is away or that the outcome is not known yet.
AWAY = {503, 504}
# 409 idempotency_key_in_flight with Retry-After: it has begun, and goes on by itself when all are there again.
UNDER_WAY = -2

WORDS = {UNREACHABLE: "no process", UNDER_WAY: "goes on later"}

# What a storefront does, and the contexts without which it cannot.
NEEDS = {
    "register": {"identity"},
    "sign in": {"identity"},
    "read the profile": {"identity"},
    "list products": {"catalog"},
    "read a product": {"catalog"},
    "change a product (staff)": {"catalog"},
    "read availability": {"inventory"},
    "receive stock (staff)": {"inventory"},
    "place an order": {"orders", "catalog", "inventory", "payments"},
    "read an order": {"orders"},
    "list one's orders": {"orders"},
    "read an order with its parts": {"orders"},
    # What it takes back goes back when those are there again who have it.
    "cancel an order": {"orders"},
    "read a payment": {"payments"},
    "refund a payment (staff)": {"payments"},
}


def main():
    options = campaign.arguments(__doc__)
    with campaign.running_server(options) as (shop, _):
        time.sleep(SETTLE_SECONDS)  # they started all at once, and some have asked others that were not there yet
        storefront = Storefront(shop)
        violations = list(storefront.unexpected(frozenset(), "nobody is away"))
        columns = {}
        for process in shop.processes.values():
            down = frozenset(process.contexts)
            storefront.stock_up()
            process.kill()
            time.sleep(SETTLE_SECONDS)
            violations += storefront.unexpected(down, f"{process.name} is away", columns)
            process.start()
            time.sleep(SETTLE_SECONDS)
            violations += storefront.unexpected(frozenset(), f"{process.name} is back")
        print_table(columns)
        _, wrong = campaign.audit(shop, frozenset(storefront.called_off))
        violations += wrong
        campaign.conclude(violations)


class Storefront:
    """Asks each route where it is served: at the storefront's address while that is there, else at the context's own."""

    def __init__(self, shop):
        self.shop = shop
        self.staff = self.sign_in(campaign.ADMIN_EMAIL, campaign.ADMIN_PASSWORD)
        self.email = f"{uuid.uuid4().hex}@example.com"
        _, customer = self.ask("identity", "POST", "/api/v1/users/register", registration(self.email))
        self.customer_id = customer["id"]
        self.customer = self.sign_in(self.email, PASSWORD)
        _, product = self.ask(
            "catalog",
            "POST",
            "/api/v1/products",
            {"sku": "ONE-DOWN", "name": "A fig", "description": "", "price": {"amount": 250, "currency": "EUR"}},
            self.staff,
        )
        self.product_id = product["id"]
        self.receive()
        self.orders, self.called_off = [], set()
        self.stock_up()

    def stock_up(self):
        """Orders that can be cancelled and refunded while somebody is away."""
        self.orders = [self.buy()[1] for _ in range(2)]
        for order in self.orders:
            if order.get("status") != "confirmed":
                raise campaign.CampaignError(f"cannot buy although all are there: {order}")

    def unexpected(self, down, when, columns=None):
        outcomes = {name: act() for name, act in self.acts().items()}
        if columns is not None:
            columns[", ".join(sorted(down))] = outcomes
        for name, status in outcomes.items():
            works = 200 <= status < 300
            if works != NEEDS[name].isdisjoint(down):
                yield f"{when}: {name} answered {status}"
            if not works and status not in AWAY | {UNREACHABLE, UNDER_WAY}:
                yield f"{when}: {name} answered {status}, which is no way to say so"

    def acts(self):
        keep, give_up = self.orders
        return {
            "register": lambda: self.status(
                "identity", "POST", "/api/v1/users/register", registration(f"{uuid.uuid4().hex}@example.com")
            ),
            "sign in": lambda: self.status(
                "identity", "POST", "/api/v1/users/login", {"email": self.email, "password": PASSWORD}
            ),
            "read the profile": lambda: self.status("identity", "GET", "/api/v1/users/profile", None, self.customer),
            "list products": lambda: self.status("catalog", "GET", "/api/v1/products"),
            "read a product": lambda: self.status("catalog", "GET", f"/api/v1/products/{self.product_id}"),
            "change a product (staff)": self.change_product,
            "read availability": lambda: self.status(
                "inventory", "GET", f"/api/v1/products/{self.product_id}/inventory"
            ),
            "receive stock (staff)": self.receive,
            "place an order": self.try_to_buy,
            "read an order": lambda: self.status("orders", "GET", f"/api/v1/orders/{keep['id']}", None, self.customer),
            "list one's orders": lambda: self.status(
                "orders", "GET", f"/api/v1/orders/user/{self.customer_id}", None, self.customer
            ),
            "read an order with its parts": lambda: self.status(
                "orders", "GET", f"/api/v1/orders/{keep['id']}/details", None, self.customer
            ),
            "read a payment": lambda: self.status(
                "payments", "GET", f"/api/v1/payments/order/{keep['id']}", None, self.customer
            ),
            "refund a payment (staff)": lambda: self.refund(keep),
            "cancel an order": lambda: self.cancel(give_up),
        }

    def buy(self):
        body = {
            "items": [{"product_id": self.product_id, "quantity": 1}],
            "shipping_address": client.ADDRESS,
            "payment": {"token": "tok_visa"},
        }
        return self.ask("orders", "POST", "/api/v1/orders", body, self.customer, key=uuid.uuid4().hex)

    def try_to_buy(self):
        status, answer = self.buy()
        return UNDER_WAY if answer.get("code") == "idempotency_key_in_flight" else status

    def receive(self):
        body = {"kind": "receive", "quantity": 1000, "reason": "delivery"}
        path = f"/api/v1/products/{self.product_id}/inventory"
        return self.status("inventory", "POST", path, body, self.staff, key=uuid.uuid4().hex)

    def change_product(self):
        path = f"/api/v1/products/{self.product_id}"
        status, product, headers = self.ask_with_headers("catalog", "GET", path)
        if status != 200:
            return status
        body = {
            "sku": product["sku"],
            "name": f"A fig {uuid.uuid4().hex}",
            "description": "",
            "price": {name: product["price"][name] for name in ("amount", "currency")},
        }
        return self.ask_with_headers("catalog", "PUT", path, body, self.staff, etag=headers["ETag"])[0]

    def refund(self, order):
        body = {"amount": {"amount": 1, "currency": "EUR"}, "reason": "a bruise"}
        path = f"/api/v1/payments/{order['payment_id']}/refund"
        return self.status("payments", "POST", path, body, self.staff, key=uuid.uuid4().hex)

    def cancel(self, order):
        """The second order is cancelled again after a refusal, when all are back: the next `stock_up` makes new ones."""
        current, _ = self.ask("orders", "GET", f"/api/v1/orders/{order['id']}", None, self.customer)
        if current != 200:
            return current
        self.called_off.add(order["id"])
        return self.status("orders", "DELETE", f"/api/v1/orders/{order['id']}", None, self.customer, uuid.uuid4().hex)

    def sign_in(self, email, password):
        status, answer = self.ask("identity", "POST", "/api/v1/users/login", {"email": email, "password": password})
        if status != 200:
            raise campaign.CampaignError(f"cannot sign in: {status} {answer}")
        return answer["access_token"]

    def status(self, *arguments, **options):
        return self.ask(*arguments, **options)[0]

    def ask(self, *arguments, **options):
        return self.ask_with_headers(*arguments, **options)[:2]

    def ask_with_headers(self, context, method, path, body=None, token=None, key=None, etag=None):
        front = next(process for process in self.shop.processes.values() if process.url == self.shop.url)
        own = next(process for process in self.shop.processes.values() if context in process.contexts)
        url = front.url if front.child.poll() is None else own.url
        answer = client.ask(url + path, method, body, token, key, etag)
        return max(answer.status, UNREACHABLE), answer.json(), answer.headers


def registration(email):
    return {"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "Fig"}


def print_table(columns):
    """As Markdown: what was asked for, a column for each process that was away."""
    print("| | " + " | ".join(f"{name} away" for name in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name in NEEDS:
        answers = [columns[down][name] for down in columns]
        cells = ["works" if 200 <= status < 300 else WORDS.get(status, str(status)) for status in answers]
        print(f"| {name} | " + " | ".join(cells) + " |")


campaign.run(main)
