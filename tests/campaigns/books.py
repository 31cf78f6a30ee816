"""The books of orders, stock and money, read by plain SQL and held against each other.

Shares no code with the program that wrote them. Money and units are integers throughout.
"""

import collections

import tables


class Books:
    """One reading of every table, as dictionaries."""

    def __init__(self, database, data_dir):
        self.orders = {row[0]: Order(*row) for row in database.rows("orders", tables.ORDERS)}
        self.lines = collections.defaultdict(list)
        for order_id, product_id, quantity, unit_price in database.rows("orders", tables.ORDER_LINES):
            self.lines[order_id].append((product_id, int(quantity), int(unit_price)))
        self.sagas = dict(database.rows("orders", tables.SAGAS))

        self.levels = {
            (product_id, location): (int(on_hand), int(reserved))
            for product_id, location, on_hand, reserved in database.rows("inventory", tables.STOCK_LEVELS)
        }
        self.movements = collections.defaultdict(dict)
        for product_id, location, kind, quantity in database.rows("inventory", tables.STOCK_MOVEMENTS):
            self.movements[product_id, location][kind] = int(quantity)
        self.reservations = {
            row[0]: (row[1], row[2]) for row in database.rows("inventory", tables.RESERVATIONS)
        }
        self.reserved_lines = collections.defaultdict(list)
        for reservation_id, product_id, location, quantity in database.rows("inventory", tables.RESERVATION_LINES):
            self.reserved_lines[reservation_id].append((product_id, location, int(quantity)))

        self.payments = {row[0]: Payment(*row[1:]) for row in database.rows("payments", tables.PAYMENTS)}
        self.refunds = {row[0]: Refund(*row[1:]) for row in database.rows("payments", tables.REFUNDS)}
        self.charges = {row[0]: Charge(*row[1:]) for row in tables.simulator_rows(data_dir, tables.CHARGES)}
        self.given_back = {
            key: (payment_of(charge_key), int(amount))
            for key, charge_key, amount in tables.simulator_rows(data_dir, tables.PROVIDER_REFUNDS)
        }

    def paid_orders(self):
        return {order_id: order for order_id, order in self.orders.items() if order.status in tables.PAID_STATUSES}

    def units(self, orders):
        return sum(quantity for order_id in orders for _, quantity, _ in self.lines[order_id])

    def completed_refunds(self):
        return {key: refund for key, refund in self.refunds.items() if refund.status == "completed"}

    def violations(self, called_off=frozenset()):
        """One line for each thing that is not as it must be once all is quiet.

        `called_off` are the orders that their customers or the shop cancelled, and said so: of those alone money may have
        been taken, and all of it must be back.
        """
        money = self._money(called_off)
        return [*self._orders(), *self._sagas(), *money, *self._refunds(), *self._stock(), *self._reservations()]

    def _orders(self):
        for order_id in self.orders:
            if not self.lines[order_id]:
                yield f"order {order_id} has no lines"
            if any(quantity <= 0 for _, quantity, _ in self.lines[order_id]):
                yield f"order {order_id} has a line without units"
        for order_id in self.lines.keys() - self.orders.keys():
            yield f"lines of an order that does not exist: {order_id}"
        for order_id, order in self.orders.items():
            if order.status == "pending":
                yield f"order {order_id} is still pending"

    def _sagas(self):
        for saga, status in self.sagas.items():
            if status not in tables.ENDED_SAGAS:
                yield f"saga {saga} is {status}"
        if len(self.sagas) < len(self.orders):
            yield f"{len(self.orders)} orders and only {len(self.sagas)} sagas"

    def _money(self, called_off):
        """Each capture belongs to one paid order and is its total; each paid order has exactly one capture."""
        paid = self.paid_orders()
        captures = collections.defaultdict(list)
        gone_back = 0
        for key, charge in self.charges.items():
            if charge.status == "authorized":
                yield f"charge {key} of {charge.amount} is authorized and neither captured nor voided"
            if charge.captured == 0:
                continue
            payment = self.payments.get(payment_of(key))
            if payment is None:
                yield f"the provider captured {charge.captured} for {key}, which is no payment of ours"
            elif payment.order_id in paid:
                captures[payment.order_id].append(charge)
            elif payment.order_id not in called_off:
                yield f"the provider captured {charge.captured} for {key} of order {payment.order_id}, not confirmed"
            else:
                gone_back += charge.captured
                if charge.refunded != charge.captured:
                    yield f"order {payment.order_id} is called off, and {charge.refunded} of {charge.captured} is back"
        for order_id, order in paid.items():
            found = [(charge.captured, charge.currency) for charge in captures[order_id]]
            if found != [(order.total, order.currency)]:
                yield f"order {order_id} over {order.total} {order.currency} has the captures {found}"
        totals = sum(order.total for order in paid.values())
        captured = sum(charge.captured for charge in self.charges.values()) - gone_back
        if totals != captured:
            yield f"the totals of the confirmed orders are {totals}, the provider captured {captured}"

    def _refunds(self):
        """Each refund is at the provider once, as we know it, and nothing else went back."""
        known, sums = collections.Counter(), collections.Counter()
        for refund_id, refund in self.refunds.items():
            if refund.status == "pending":
                yield f"a refund of payment {refund.payment_id} has no end"
            ours = (refund.payment_id, refund.amount) if refund.status == "completed" else None
            if self.given_back.get(refund_id) != ours:
                yield f"refund {refund_id} is {ours} to us and {self.given_back.get(refund_id)} to the provider"
            if ours:
                known[refund.payment_id] += refund.amount
        for refund_id in self.given_back.keys() - self.refunds.keys():
            yield f"the provider made a refund {refund_id}, which is none of ours"
        for key, charge in self.charges.items():
            sums[payment_of(key)] += charge.refunded
        for payment_id in sums.keys() | known.keys():
            if sums[payment_id] != known[payment_id]:
                yield f"the provider gave back {sums[payment_id]} for {payment_id}, and we know of {known[payment_id]}"
        for payment_id, payment in self.payments.items():
            back = known[payment_id]
            status = "refunded" if back == payment.amount else "partially_refunded"
            if (payment.status == status) != (back > 0):
                yield f"payment {payment_id} is {payment.status}, and {back} of {payment.amount} went back"

    def _stock(self):
        """received - sold = on hand = sum of the ledger, and nothing stays reserved."""
        sold = collections.Counter()
        for order_id in self.paid_orders():
            for product_id, quantity, _ in self.lines[order_id]:
                sold[product_id] += quantity
        received, on_hand = collections.Counter(), collections.Counter()
        for place, (units, reserved) in self.levels.items():
            ledger = sum(self.movements[place].values())
            if units != ledger or units < 0:
                yield f"{place}: {units} on hand, the ledger says {ledger}"
            if reserved != 0:
                yield f"{place}: {reserved} still reserved"
            on_hand[place[0]] += units
            received[place[0]] += self.movements[place].get(tables.RECEIVED_KIND, 0)
        for product_id in received.keys() | sold.keys():
            expected = received[product_id] - sold[product_id]
            if expected != on_hand[product_id]:
                yield (
                    f"{product_id}: {received[product_id]} received - {sold[product_id]} sold = {expected},"
                    f" but {on_hand[product_id]} on hand"
                )

    def _reservations(self):
        """A paid order took exactly its lines from the shelf, any other order nothing."""
        committed = collections.defaultdict(list)
        for reservation_id, (order_id, status) in self.reservations.items():
            if status == "active":
                yield f"reservation {reservation_id} of order {order_id} is still active"
            if status == "committed":
                committed[order_id].append(reservation_id)
        paid = self.paid_orders()
        for order_id in committed.keys() - paid.keys():
            yield f"order {order_id} is not confirmed and has committed reservations {committed[order_id]}"
        for order_id in paid:
            taken, bought = collections.Counter(), collections.Counter()
            for reservation_id in committed[order_id]:
                for product_id, _, quantity in self.reserved_lines[reservation_id]:
                    taken[product_id] += quantity
            for product_id, quantity, _ in self.lines[order_id]:
                bought[product_id] += quantity
            if taken != bought:
                yield f"order {order_id} bought {dict(bought)} and took {dict(taken)}"


class Order:
    def __init__(self, _id, status, total_minor, currency):
        self.status, self.total, self.currency = status, int(total_minor), currency


class Payment:
    def __init__(self, order_id, status, amount_minor, currency):
        self.order_id, self.status, self.amount, self.currency = order_id, status, int(amount_minor), currency


class Refund:
    def __init__(self, payment_id, status, amount_minor):
        self.payment_id, self.status, self.amount = payment_id, status, int(amount_minor)


class Charge:
    def __init__(self, token, status, amount_minor, captured_minor, refunded_minor, currency):
        self.token, self.status, self.amount, self.currency = token, status, int(amount_minor), currency
        self.captured, self.refunded = int(captured_minor or 0), int(refunded_minor or 0)


def payment_of(key):
    """The payment to which a key at the provider belongs."""
    return key.partition(tables.ATTEMPT_SEPARATOR)[0]
