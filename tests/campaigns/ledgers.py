"""Made-up payments in both books: ours, and the provider's ledger; then things that are wrong in them.

Knows how the shop names its keys and nothing else of it. Every row is written by plain SQL.
"""

import datetime
import uuid

BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
# All of it happened between these many hours ago: long enough that nothing is under way any more.
OLDEST_HOURS, YOUNGEST_HOURS = 24 * 30, 1

CHARGE_COLUMNS = (
    "key", "token", "amount_minor", "currency", "status", "captured_minor", "refunded_minor", "decline_reason",
    "created_at", "updated_at",
)
LEDGER_REFUND_COLUMNS = ("key", "charge_key", "amount_minor", "currency", "created_at")
PAYMENT_COLUMNS = (
    "id", "order_id", "customer_id", "status", "amount_minor", "currency", "refunded_minor", "provider", "provider_key",
    "decline_reason", "attempts", "attempt_started_at", "attempt_abandoned", "request_scope", "request_key", "version",
    "created_at", "updated_at",
)
REFUND_COLUMNS = (
    "id", "payment_id", "amount_minor", "currency", "reason", "status", "request_scope", "request_key", "created_at",
    "updated_at",
)
ORDER_COLUMNS = (
    "id", "customer_id", "status", "awaiting_payment", "subtotal_minor", "tax_minor", "shipping_minor", "total_minor",
    "currency", "street", "city", "state", "zip_code", "country", "payment_id", "reservation_id", "cancel_reason",
    "version", "created_at", "updated_at",
)
LINE_COLUMNS = ("order_id", "line_no", "product_id", "sku", "name", "quantity", "unit_price_minor", "total_minor")

# Of a hundred payments, so many stand so.
MIX = (
    ("completed", 50), ("partially_refunded", 10), ("refunded", 8), ("authorized", 8), ("voided", 7), ("failed", 8),
    ("second_attempt", 9),
)


def typeid(prefix, bits):
    return f"{prefix}_" + "".join(BASE32[(bits >> shift) & 31] for shift in range(125, -1, -5))


class Maker:
    """Ids and times from one source of chance."""

    def __init__(self, chance):
        self.chance = chance
        self.now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)

    def moment(self):
        hours = self.chance.uniform(YOUNGEST_HOURS, OLDEST_HOURS)
        return self.now - datetime.timedelta(hours=hours)

    def id(self, prefix, moment):
        milliseconds = int(moment.replace(tzinfo=datetime.UTC).timestamp() * 1000)
        rest = self.chance.getrandbits(74)
        bits = milliseconds << 80 | 7 << 76 | (rest >> 62) << 64 | 2 << 62 | rest & ((1 << 62) - 1)
        assert uuid.UUID(int=bits).version == 7
        return typeid(prefix, bits)


class Ledgers:
    """Rows of both books as dictionaries, by their keys."""

    def __init__(self, chance, records):
        self.maker, self.chance = Maker(chance), chance
        self.payments, self.refunds, self.orders, self.lines = {}, {}, [], []
        self.charges, self.given_back = {}, {}
        names = [name for name, share in MIX for _ in range(share)]
        for number in range(records):
            self._pay(names[number % len(names)])

    def of(self, *kinds):
        """The payments that were made as one of these."""
        return sorted(key for key, payment in self.payments.items() if payment["kind"] in kinds)

    def _pay(self, kind):
        moment = self.maker.moment()
        at = moment.isoformat(" ", "microseconds")
        ids = {name: self.maker.id(name, moment) for name in ("pay", "ord", "usr", "rsv", "prd")}
        amount = self.chance.randint(100, 50_000)
        currency = self.chance.choices(("EUR", "USD", "JPY"), (8, 1, 1))[0]
        status = "completed" if kind == "second_attempt" else kind
        attempts = 2 if kind == "second_attempt" else 1
        key = ids["pay"] if attempts == 1 else f"{ids['pay']}-{attempts}"
        back = {"partially_refunded": max(1, amount // 3), "refunded": amount}.get(kind, 0)
        reason = "card_declined" if status == "failed" else None
        self.payments[ids["pay"]] = dict(
            zip(
                PAYMENT_COLUMNS,
                (ids["pay"], ids["ord"], ids["usr"], status, amount, currency, back, "simulator", key, reason, attempts,
                 None, False, None, None, 3, at, at),
                strict=True,
            ),
            kind=kind,
        )
        self._order(ids, at, amount, currency, status)
        taken = amount if status in ("completed", "partially_refunded", "refunded") else 0
        there = {"failed": "declined", "voided": "voided", "authorized": "authorized"}.get(status, "captured")
        self.charge(key, amount, currency, there, taken, back, at)
        if attempts == 2:
            self.charge(ids["pay"], amount, currency, "declined", 0, 0, at)
        if back:
            refund = self.maker.id("ref", moment)
            self.refunds[refund] = dict(
                zip(
                    REFUND_COLUMNS,
                    (refund, ids["pay"], back, currency, "made up", "completed", None, None, at, at),
                    strict=True,
                )
            )
            self.give_back(refund, key, back, currency, at)

    def _order(self, ids, at, amount, currency, status):
        where = ("1 Fig Tree Lane", "Ulm", "BW", "89073", "DE")
        cancelled = status in ("failed", "voided", "refunded")
        self.orders.append(
            (ids["ord"], ids["usr"], "cancelled" if cancelled else "confirmed", False, amount, 0, 0, amount, currency,
             *where, ids["pay"], ids["rsv"], "made up" if cancelled else None, 1, at, at)
        )
        self.lines.append((ids["ord"], 1, ids["prd"], "MADE-UP", "made up", 1, amount, amount))

    def charge(self, key, amount, currency, status, captured, refunded, at):
        reason = "card_declined" if status == "declined" else None
        row = (key, "tok_visa", amount, currency, status, captured, refunded, reason, at, at)
        self.charges[key] = dict(zip(CHARGE_COLUMNS, row, strict=True))

    def give_back(self, refund_key, key, amount, currency, at):
        self.given_back[refund_key] = (refund_key, key, amount, currency, at)

    def stray_key(self):
        """A key of the shop's form that no payment has, and its time."""
        moment = self.maker.moment()
        return self.maker.id("pay", moment), moment.isoformat(" ", "microseconds")


class Ill:
    """Seeds each class of discrepancy so many times, and says what has to be found and what has to become of it.

    The payments of `sparing` stay as they are. `expected` has for each key the class and the repair, None where that is
    for a person.
    """

    def __init__(self, ledgers, each, sparing):
        self.ledgers, self.chance = ledgers, ledgers.chance
        self.expected = {}
        self.taken = set(sparing)
        self.changed, self.gone, self.new_refunds, self.gone_refunds = set(), set(), [], []
        for seed in (
            self._orphan_charge, self._missing_capture, self._missing_charge, self._amount_drift, self._currency_drift,
            self._refund_drift, self._state_drift, self._duplicate_charge,
        ):
            for number in range(each):
                key, repair = seed(number)
                assert key not in self.expected
                self.expected[key] = (seed.__name__.removeprefix("_"), repair)

    def _choose(self, *kinds):
        key = self.chance.choice([key for key in self.ledgers.of(*kinds) if key not in self.taken])
        self.taken.add(key)
        return self.ledgers.payments[key]

    def _change(self, key, **fields):
        self.ledgers.charges[key].update(fields)
        self.changed.add(key)

    def _orphan_charge(self, number):
        key, at = self.ledgers.stray_key()
        if number % 5 == 4:  # of somebody else who shares the account
            key = f"{self.chance.choice(('A', 'pay_', 'z'))} invoice/{number}?ä={self.chance.getrandbits(40)}"
        amount = self.chance.randint(2, 9_000)
        if number % 2:
            self.ledgers.charge(key, amount, "EUR", "captured", amount, 0, at)
            if number % 4 == 1:
                self._desk(key, amount // 2)
        else:
            self.ledgers.charge(key, amount, "EUR", "authorized", 0, 0, at)
        self.changed.add(key)
        return key, None if number % 5 == 4 else "give_back" if number % 2 else "void"

    def _missing_capture(self, _number):
        key = self._choose("completed", "second_attempt")["provider_key"]
        self._change(key, status="authorized", captured_minor=0)
        return key, "capture"

    def _missing_charge(self, number):
        key = self._choose("authorized" if number % 3 == 0 else "completed")["provider_key"]
        if number % 3 == 2:
            self._change(key, status="voided", captured_minor=0)
        else:
            del self.ledgers.charges[key]
            self.gone.add(key)
        return key, None

    def _amount_drift(self, number):
        payment = self._choose("authorized" if number % 3 == 0 else "completed")
        key, other = payment["provider_key"], payment["amount_minor"] + self.chance.choice((-1, 1, 17))
        captured = 0 if payment["kind"] == "authorized" else other
        self._change(key, amount_minor=other, captured_minor=captured)
        return key, None

    def _currency_drift(self, number):
        payment = self._choose("authorized" if number % 3 == 0 else "completed")
        key = payment["provider_key"]
        self._change(key, currency="CHF")
        return key, None

    def _refund_drift(self, number):
        if number % 2:
            payment = self._choose("completed", "partially_refunded")
            key = payment["provider_key"]
            self._desk(key, self.chance.randint(1, payment["amount_minor"] - payment["refunded_minor"]))
            return key, "record_refund"
        payment = self._choose("partially_refunded", "refunded")
        key = payment["provider_key"]
        [refund] = [row for row in self.ledgers.given_back.values() if row[1] == key]
        del self.ledgers.given_back[refund[0]]
        self.gone_refunds.append(refund[0])
        self._change(key, refunded_minor=0)
        return key, "refund_again"

    def _state_drift(self, number):
        if number % 4 == 0:
            payment = self._choose("authorized")
            self._change(payment["provider_key"], status="captured", captured_minor=payment["amount_minor"])
            return payment["provider_key"], "record_capture"
        if number % 4 == 1:
            key = self._choose("authorized")["provider_key"]
            self._change(key, status="voided")
            return key, "record_void"
        payment = self._choose("voided", "failed")
        key = payment["provider_key"]
        if number % 4 == 2:
            self._change(key, status="authorized", decline_reason=None)
            return key, "void"
        self._change(key, status="captured", captured_minor=payment["amount_minor"], decline_reason=None)
        return key, "give_back"

    def _duplicate_charge(self, number):
        payment = self._choose("second_attempt")
        if number % 2:
            key = payment["id"]
            self._change(key, status="captured", captured_minor=payment["amount_minor"], decline_reason=None)
            return key, "give_back"
        key = f"{payment['id']}-{self.chance.randint(3, 40)}"
        amount, currency = payment["amount_minor"], payment["currency"]
        self.ledgers.charge(key, amount, currency, "authorized", 0, 0, payment["created_at"])
        self.changed.add(key)
        return key, "void"

    def _desk(self, key, amount):
        """Something went back at the provider's desk, without the shop."""
        charge = self.ledgers.charges[key]
        refund = f"desk-{self.chance.getrandbits(64):x}"
        self.ledgers.give_back(refund, key, amount, charge["currency"], charge["created_at"])
        self.new_refunds.append(refund)
        self._change(key, refunded_minor=charge["refunded_minor"] + amount)
