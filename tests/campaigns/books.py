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
        self.refunds = collections.defaultdict(int)
        self.open_refunds = []
        for payment_id, status, amount in database.rows("payments", tables.REFUNDS):
            if status == "completed":
                self.refunds[payment_id] += int(amount)
            elif status == "pending":
                self.open_refunds.append(payment_id)
        self.charges = {row[0]: Charge(*row[1:]) for row in tables.simulator_rows(data_dir, tables.CHARGES)}

    def paid_orders(self):
        return {order_id: order for order_id, order in self.orders.items() if order.status in tables.PAID_STATUSES}

    def units(self, orders):
        return sum(quantity for order_id in orders for _, quantity, _ in self.lines[order_id])

    def violations(self):
        """One line for each thing that is not as it must be once all is quiet."""
        return [*self._orders(), *self._sagas(), *self._money(), *self._stock(), *self._reservations()]

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

    def _money(self):
        """Each capture belongs to one paid order and is its total; each paid order has exactly one capture."""
        paid = self.paid_orders()
        captures = collections.defaultdict(list)
        for key, charge in self.charges.items():
            if charge.status == "authorized":
                yield f"charge {key} of {charge.amount} is authorized and neither captured nor voided"
            if charge.captured == 0:
                continue
            payment = self.payments.get(key)
            if payment is None:
                yield f"the provider captured {charge.captured} for {key}, which is no payment of ours"
            elif payment.order_id not in paid:
                yield f"the provider captured {charge.captured} for {key} of order {payment.order_id}, not confirmed"
            else:
                captures[payment.order_id].append(charge)
            if charge.refunded != self.refunds[key]:
                yield f"the provider gave back {charge.refunded} for {key}, and we know of {self.refunds[key]}"
        for payment_id in self.open_refunds:
            yield f"a refund of payment {payment_id} has no end"
        for order_id, order in paid.items():
            found = [(charge.captured, charge.currency) for charge in captures[order_id]]
            if found != [(order.total, order.currency)]:
                yield f"order {order_id} over {order.total} {order.currency} has the captures {found}"
        totals = sum(order.total for order in paid.values())
        captured = sum(charge.captured for charge in self.charges.values())
        if totals != captured:
            yield f"the totals of the confirmed orders are {totals}, the provider captured {captured}"

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


class Charge:
    def __init__(self, token, status, amount_minor, captured_minor, refunded_minor, currency):
        self.token, self.status, self.amount, self.currency = token, status, int(amount_minor), currency
        self.captured, self.refunded = int(captured_minor or 0), int(refunded_minor or 0)
