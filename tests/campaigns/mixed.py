"""Customers who buy, pay later, cancel and get money back, and what they were told held against the books."""

import collections

from books import payment_of
from shoppers import Shoppers

# Not one in so many baskets may be all that met an operation.
RAREST = 50
OPERATIONS = ("place", "pay", "cancel", "refund")


class MixedShoppers(Shoppers):
    """Waves of `banyan-load mix`, at whose shop the provider may fail."""

    def _command(self):
        return self._driver_command("mix", provider_fails=True)


class Told:
    """What the clients were told, one answer for each operation that was carried out or refused."""

    def __init__(self, acknowledged):
        self.lines = acknowledged
        self.by_answer = collections.Counter((line["operation"], line["http_status"]) for line in acknowledged)

    def answered(self, operation, status):
        return [line for line in self.lines if (line["operation"], line["http_status"]) == (operation, status)]

    def called_off(self):
        return frozenset(line["order_id"] for line in self.answered("cancel", 200))

    def __str__(self):
        return ", ".join(f"{count} x {name} {status}" for (name, status), count in sorted(self.by_answer.items()))


def compare(books, told, baskets):
    """Everything that was acknowledged is there, as it was acknowledged, and nothing else."""
    print(f"told: {told}")
    print(
        f"database: {len(books.orders)} orders, {len(books.paid_orders())} of them confirmed;"
        f" {len(books.completed_refunds())} refunds; the provider made {len(books.given_back)}"
    )
    yield from _orders(books, told, baskets)
    yield from _payments(books, told)
    yield from _refunds(books, told)
    for operation in OPERATIONS:
        times = sum(count for (name, _), count in told.by_answer.items() if name == operation)
        if times < baskets // RAREST:
            yield f"only {times} x {operation} over {baskets} baskets: the campaign shows little"


def _orders(books, told, baskets):
    placed, declined = told.answered("place", 201), told.answered("place", 402)
    if len(placed) + len(declined) != baskets:
        yield f"{len(placed)} orders and {len(declined)} refusals for {baskets} baskets"
    called_off = told.called_off()
    for line in placed:
        order = books.orders.get(line["order_id"])
        wanted = ("cancelled" if line["order_id"] in called_off else "confirmed", line["total_minor"], line["currency"])
        found = order and (order.status, order.total, order.currency)
        if found != wanted:
            yield f"acknowledged {line}, to be {wanted}, and is {found}"
    for line in declined:
        order = books.orders.get(line["order_id"])
        if order is None or order.status != "cancelled":
            yield f"declined {line}, stored {order.status if order else 'nothing'}"
    known = collections.Counter(line["order_id"] for line in placed + declined)
    yield from (f"{times} baskets were told of {order_id}" for order_id, times in known.items() if times > 1)
    yield from (f"nobody was told of {order_id}" for order_id in books.orders.keys() - known.keys())


def _payments(books, told):
    """Who was told of a payment has paid, once."""
    payments = {payment.order_id: key for key, payment in books.payments.items()}
    paid = {line["order_id"] for line in told.answered("pay", 201)}
    paid |= {line["order_id"] for line in told.answered("place", 201) if line["status"] == "confirmed"}
    captures = collections.Counter()
    for key, charge in books.charges.items():
        captures[payment_of(key)] += charge.captured
    for order_id in paid:
        captured = captures[payments.get(order_id)]
        total = books.orders[order_id].total if order_id in books.orders else 0
        if captured != total:
            yield f"order {order_id} over {total} is acknowledged as paid, and the provider took {captured}"
    yield from (f"{order_id} is paid and nobody was told" for order_id in books.paid_orders().keys() - paid)


def _refunds(books, told):
    """Each acknowledged refund is there once; what else went back is the rest of an order that was called off."""
    acknowledged = {line["refund_id"]: line for line in told.answered("refund", 201)}
    if len(acknowledged) != len(told.answered("refund", 201)):
        yield "two requests were told of the same refund"
    for refund_id, line in acknowledged.items():
        refund = books.refunds.get(refund_id)
        found = refund and (refund.payment_id, refund.status, refund.amount)
        if found != (line["payment_id"], "completed", line["amount_minor"]):
            yield f"acknowledged {line}, stored {found}"
    called_off = told.called_off()
    rests = collections.Counter()
    for refund_id in books.completed_refunds().keys() - acknowledged.keys():
        order_id = books.payments[books.refunds[refund_id].payment_id].order_id
        rests[order_id] += 1
        if order_id not in called_off or rests[order_id] > 1:
            yield f"nobody was told of the refund {refund_id} of order {order_id}"
    print(f"refunds: {len(acknowledged)} acknowledged, {rests.total()} of orders that were called off")
