"""The demo's shop as its customer sees it: there is something to buy, and everybody knows the password."""

import http.client
import json
import time

import campaign
import client

ON = {"BANYAN_DEMO": "on"}
EMAIL, PASSWORD = "customer@banyan.example", "aerial-roots-customer"
# Until the catalog knows what there is.
SHELVES_SECONDS = 30
TIMEOUT_SECONDS = 30


def request(process, method, path, body=None, headers=None):
    """One request on a connection of its own, which raises what goes wrong. Returns the status, the body and the headers."""
    connection = http.client.HTTPConnection(process.url.removeprefix("http://"), timeout=TIMEOUT_SECONDS)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, client.JSON | (headers or {}))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or "null"), answer.headers
    finally:
        connection.close()


def sign_in(process):
    """The headers of the customer's requests."""
    _, session, _ = request(process, "POST", "/api/v1/users/login", {"email": EMAIL, "password": PASSWORD})
    return {"Authorization": f"Bearer {session['access_token']}"}


def products_in_stock(process):
    """The catalog hears of the demo's stock a moment after it was received."""
    until = time.monotonic() + SHELVES_SECONDS
    while time.monotonic() < until:
        _, page, _ = request(process, "GET", "/api/v1/products?in_stock=true&limit=50")
        if len(page["data"]) == 50:
            return [product["id"] for product in page["data"]]
        time.sleep(0.1)
    raise campaign.CampaignError(f"the catalog knows of {len(page['data'])} products in stock")


def purchase(chance, products):
    """One piece of something, with a good card."""
    return {
        "items": [{"product_id": chance.choice(products), "quantity": 1}],
        "shipping_address": client.ADDRESS,
        "payment": {"token": "tok_visa"},
    }


def compare(books, confirmed):
    """The orders that customers were told of are those that are in the database."""
    paid = books.paid_orders()
    print(f"acknowledged: {len(confirmed)} confirmed; database: {len(paid)} confirmed orders")
    if len(set(confirmed)) != len(confirmed):
        yield "two purchases were told of the same order"
    for order_id in set(confirmed) - paid.keys():
        yield f"acknowledged and lost: {order_id}"
    for order_id in paid.keys() - set(confirmed):
        yield f"order {order_id} is confirmed and nobody was told"
