#!/usr/bin/env python3
"""The verifier finds what it has to find: each rule meets books that break it and nothing else."""

import contextlib
import io
import pathlib
import sqlite3
import tempfile
import unittest

import tables
from books import Books
from mixed import Told, compare
from sampler import STOCK_AT_ONE_INSTANT

SCHEMAS = {
    "orders.sqlite3": """
        CREATE TABLE orders (id TEXT, status TEXT, total_minor INTEGER, currency TEXT);
        CREATE TABLE order_lines (order_id TEXT, product_id TEXT, quantity INTEGER, unit_price_minor INTEGER);
        CREATE TABLE sagas (id TEXT, status TEXT);
        INSERT INTO orders VALUES ('ord_1', 'confirmed', 300, 'EUR'), ('ord_2', 'cancelled', 100, 'EUR');
        INSERT INTO order_lines VALUES ('ord_1', 'prd_1', 3, 100), ('ord_2', 'prd_1', 1, 100);
        INSERT INTO sagas VALUES ('sag_1', 'done'), ('sag_2', 'failed');
    """,
    "inventory.sqlite3": """
        CREATE TABLE stock_levels (product_id TEXT, location TEXT, on_hand INTEGER, reserved INTEGER);
        CREATE TABLE stock_movements (product_id TEXT, location TEXT, kind TEXT, quantity INTEGER);
        CREATE TABLE reservations (id TEXT, order_id TEXT, status TEXT);
        CREATE TABLE reservation_lines (reservation_id TEXT, product_id TEXT, location TEXT, quantity INTEGER);
        INSERT INTO stock_levels VALUES ('prd_1', 'main', 7, 0);
        INSERT INTO stock_movements VALUES ('prd_1', 'main', 'receive', 10), ('prd_1', 'main', 'sale', -3);
        INSERT INTO reservations VALUES ('rsv_1', 'ord_1', 'committed'), ('rsv_2', 'ord_2', 'released');
        INSERT INTO reservation_lines VALUES ('rsv_1', 'prd_1', 'main', 3), ('rsv_2', 'prd_1', 'main', 1);
    """,
    "payments.sqlite3": """
        CREATE TABLE payments (id TEXT, order_id TEXT, status TEXT, amount_minor INTEGER, currency TEXT);
        INSERT INTO payments VALUES ('pay_1', 'ord_1', 'partially_refunded', 300, 'EUR'),
            ('pay_2', 'ord_2', 'failed', 100, 'EUR');
        CREATE TABLE refunds (id TEXT, payment_id TEXT, status TEXT, amount_minor INTEGER);
        INSERT INTO refunds VALUES ('ref_1', 'pay_1', 'completed', 20), ('ref_2', 'pay_1', 'failed', 5);
    """,
    tables.SIMULATOR_FILE: """
        CREATE TABLE charges (key TEXT, token TEXT, status TEXT, amount_minor INTEGER, captured_minor INTEGER,
            refunded_minor INTEGER, currency TEXT);
        INSERT INTO charges VALUES ('pay_1', 'tok_visa', 'captured', 300, 300, 20, 'EUR'),
            ('pay_2', 'tok_declined', 'declined', 100, 0, 0, 'EUR');
        CREATE TABLE refunds (key TEXT, charge_key TEXT, amount_minor INTEGER);
        INSERT INTO refunds VALUES ('ref_1', 'pay_1', 20);
    """,
}

# What goes wrong: the file, the statement that does it, and words of each violation it has to cause.
BREACHES = {
    "an order without lines": (
        "orders.sqlite3",
        "INSERT INTO orders VALUES ('ord_3', 'cancelled', 1, 'EUR')",
        ["no lines", "only 2 sagas"],
    ),
    "a pending order": (
        "orders.sqlite3",
        "UPDATE orders SET status = 'pending' WHERE id = 'ord_2'",
        ["still pending"],
    ),
    "lines of no order": (
        "orders.sqlite3",
        "INSERT INTO order_lines VALUES ('ord_9', 'prd_1', 1, 1)",
        ["does not exist"],
    ),
    "a saga that runs on": (
        "orders.sqlite3",
        "UPDATE sagas SET status = 'running' WHERE id = 'sag_1'",
        ["saga sag_1 is running"],
    ),
    "a saga that waits for a person": (
        "orders.sqlite3",
        "UPDATE sagas SET status = 'stuck' WHERE id = 'sag_2'",
        ["saga sag_2 is stuck"],
    ),
    "a total that was not captured": (
        "orders.sqlite3",
        "UPDATE orders SET total_minor = 299 WHERE id = 'ord_1'",
        ["has the captures", "the totals"],
    ),
    "a capture in another currency": (
        tables.SIMULATOR_FILE,
        "UPDATE charges SET currency = 'USD'",
        ["has the captures"],
    ),
    "a second capture": (
        tables.SIMULATOR_FILE,
        "INSERT INTO charges VALUES ('pay_9', 'tok_visa', 'captured', 5, 5, 0, 'EUR')",
        ["no payment of ours", "the totals"],
    ),
    "a capture for a cancelled order": (
        tables.SIMULATOR_FILE,
        "UPDATE charges SET status = 'captured', captured_minor = 100 WHERE key = 'pay_2'",
        ["not confirmed", "the totals"],
    ),
    "an authorization left open": (
        tables.SIMULATOR_FILE,
        "UPDATE charges SET status = 'authorized' WHERE key = 'pay_2'",
        ["neither captured nor voided"],
    ),
    "money given back": (
        tables.SIMULATOR_FILE,
        "UPDATE charges SET refunded_minor = 21 WHERE key = 'pay_1'",
        ["gave back 21 for pay_1, and we know of 20"],
    ),
    "money that was to go back": (
        "payments.sqlite3",
        "INSERT INTO refunds VALUES ('ref_3', 'pay_1', 'completed', 1)",
        ["and None to the provider", "know of 21"],
    ),
    "a refund without an end": (
        "payments.sqlite3",
        "INSERT INTO refunds VALUES ('ref_3', 'pay_1', 'pending', 1)",
        ["has no end"],
    ),
    "a refund that the provider made twice": (
        tables.SIMULATOR_FILE,
        "INSERT INTO refunds VALUES ('ref_9', 'pay_1', 20)",
        ["none of ours"],
    ),
    "a refund of another amount": (
        tables.SIMULATOR_FILE,
        "UPDATE refunds SET amount_minor = 19",
        ["ref_1 is ('pay_1', 20) to us and ('pay_1', 19)"],
    ),
    "a refund that failed and was made": (
        tables.SIMULATOR_FILE,
        "INSERT INTO refunds VALUES ('ref_2', 'pay_1', 5)",
        ["ref_2 is None to us"],
    ),
    "a payment that does not know of its refund": (
        "payments.sqlite3",
        "UPDATE payments SET status = 'completed' WHERE id = 'pay_1'",
        ["is completed, and 20 of 300 went back"],
    ),
    "a payment that is called refunded": (
        "payments.sqlite3",
        "UPDATE payments SET status = 'refunded' WHERE id = 'pay_1'",
        ["is refunded, and 20 of 300 went back"],
    ),
    "a lost capture": (
        tables.SIMULATOR_FILE,
        "DELETE FROM charges WHERE key = 'pay_1'",
        ["has the captures []", "the totals", "gave back 0 for pay_1, and we know of 20"],
    ),
    "a level that is not its ledger": (
        "inventory.sqlite3",
        "UPDATE stock_levels SET on_hand = 8",
        ["the ledger says 7", "but 8 on hand"],
    ),
    "a sale that the ledger does not know": (
        "inventory.sqlite3",
        "DELETE FROM stock_movements WHERE kind = 'sale'",
        ["the ledger says 10"],
    ),
    "units that stay reserved": (
        "inventory.sqlite3",
        "UPDATE stock_levels SET reserved = 1",
        ["still reserved"],
    ),
    "an active reservation": (
        "inventory.sqlite3",
        "UPDATE reservations SET status = 'active' WHERE id = 'rsv_2'",
        ["still active"],
    ),
    "goods for a cancelled order": (
        "inventory.sqlite3",
        "UPDATE reservations SET status = 'committed'",
        ["is not confirmed and has"],
    ),
    "goods that were not taken": (
        "inventory.sqlite3",
        "DELETE FROM reservations WHERE id = 'rsv_1'",
        ["and took {}"],
    ),
    "another amount taken": (
        "inventory.sqlite3",
        "UPDATE reservation_lines SET quantity = 2",
        ["and took"],
    ),
}


# What the sampler has to notice in the middle of everything, and how many products are wrong by it.
BREACHES_OF_AN_INSTANT = {
    "nothing": ("", 0),
    "a reservation that holds its units": (
        "UPDATE stock_levels SET reserved = 1; UPDATE reservations SET status = 'active' WHERE id = 'rsv_2'",
        0,
    ),
    "units that nobody reserved": ("UPDATE stock_levels SET reserved = 1", 1),
    "a reservation that holds nothing": ("UPDATE reservations SET status = 'active' WHERE id = 'rsv_2'", 1),
    "more promised than there is": (
        "UPDATE stock_levels SET reserved = 8; UPDATE reservations SET status = 'active' WHERE id = 'rsv_2';"
        " UPDATE reservation_lines SET quantity = 8 WHERE reservation_id = 'rsv_2'",
        1,
    ),
    "a level that is not its ledger": ("UPDATE stock_levels SET on_hand = 8", 1),
}


class SamplerTest(unittest.TestCase):
    def test_each_breach_of_an_instant_is_found(self):
        for name, (statements, wrong) in BREACHES_OF_AN_INSTANT.items():
            with self.subTest(name):
                connection = sqlite3.connect(":memory:")
                connection.executescript(SCHEMAS["inventory.sqlite3"] + statements)
                self.assertEqual(connection.execute(STOCK_AT_ONE_INSTANT).fetchone()[2], wrong)
                connection.close()


# What customers were told of the books above.
PLACED = {"operation": "place", "http_status": 201, "order_id": "ord_1", "status": "confirmed"}
PLACED |= {"total_minor": 300, "currency": "EUR"}
DECLINED = {"operation": "place", "http_status": 402, "order_id": "ord_2"}
REFUNDED = {"operation": "refund", "http_status": 201, "refund_id": "ref_1", "payment_id": "pay_1", "amount_minor": 20}
CANCELLED = {"operation": "cancel", "http_status": 200, "order_id": "ord_1"}
PAID = {"operation": "pay", "http_status": 201, "order_id": "ord_2"}

# What they may have been told instead, and words of what is then wrong.
UNTRUE = {
    "an order that is lost": ([PLACED | {"order_id": "ord_9"}, DECLINED, REFUNDED], ["and is None", "nobody was told of ord_1"]),
    "another total": ([PLACED | {"total_minor": 299}, DECLINED, REFUNDED], ["to be ('confirmed', 299"]),
    "a confirmed order as declined": ([PLACED, DECLINED | {"order_id": "ord_1"}, REFUNDED], ["stored confirmed", "ord_2"]),
    "nothing": ([DECLINED, REFUNDED], ["1 refusals for 2", "nobody was told of ord_1", "ord_1 is paid"]),
    "a cancellation that is lost": ([PLACED, DECLINED, REFUNDED, CANCELLED], ["to be ('cancelled', 300"]),
    "a payment that is lost": ([PLACED, DECLINED, REFUNDED, PAID], ["ord_2 over 100 is acknowledged as paid"]),
    "a refund that is lost": ([PLACED, DECLINED, REFUNDED, REFUNDED | {"refund_id": "ref_9"}], ["stored None"]),
    "a refund that failed": ([PLACED, DECLINED, REFUNDED, REFUNDED | {"refund_id": "ref_2"}], ["'failed', 5"]),
    "another amount": ([PLACED, DECLINED, REFUNDED | {"amount_minor": 19}], ["stored ('pay_1', 'completed', 20)"]),
    "one refund twice": ([PLACED, DECLINED, REFUNDED, REFUNDED], ["told of the same refund"]),
    "no refund": ([PLACED, DECLINED], ["nobody was told of the refund ref_1"]),
}


class BooksTest(unittest.TestCase):
    def books(self, breach=None):
        with tempfile.TemporaryDirectory() as directory:
            for name, statements in SCHEMAS.items():
                with sqlite3.connect(pathlib.Path(directory) / name) as connection:
                    connection.executescript(statements)
                    if breach and breach[0] == name:
                        connection.execute(breach[1])
                connection.close()
            return Books(tables.Sqlite(directory), directory)

    def test_books_that_agree_have_no_violation(self):
        self.assertEqual(self.books().violations(), [])

    def test_units_are_those_of_the_paid_orders(self):
        books = self.books()
        self.assertEqual(books.units(books.paid_orders()), 3)

    def wrong_with(self, told):
        with contextlib.redirect_stdout(io.StringIO()):
            return list(compare(self.books(), Told(told), 2))

    def test_what_was_acknowledged_is_there(self):
        self.assertEqual(self.wrong_with([PLACED, DECLINED, REFUNDED]), [])

    def test_whatever_is_acknowledged_and_not_so_is_found(self):
        for name, (told, words) in UNTRUE.items():
            with self.subTest(name):
                found = self.wrong_with(told)
                for word in words:
                    self.assertTrue(any(word in line for line in found), found)

    def test_what_was_called_off_is_paid_back_in_full(self):
        taken = "UPDATE charges SET status = 'captured', captured_minor = 100, refunded_minor = {} WHERE key = 'pay_2'"
        for back, words in ((100, ["gave back 100"]), (99, ["called off, and 99 of 100", "gave back 99"])):
            found = self.books((tables.SIMULATOR_FILE, taken.format(back))).violations({"ord_2"})
            self.assertEqual(len(found), len(words), found)
            for line, word in zip(found, words):
                self.assertIn(word, line)

    def test_each_breach_is_found_and_nothing_else(self):
        for name, (file, statement, words) in BREACHES.items():
            with self.subTest(name):
                found = self.books((file, statement)).violations()
                self.assertEqual(len(found), len(words), found)
                for line, word in zip(found, words):
                    self.assertIn(word, line)


if __name__ == "__main__":
    unittest.main()
