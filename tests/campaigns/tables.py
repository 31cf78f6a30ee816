"""Every table and column that the campaigns read, and nothing else that knows SQL.

The program is not asked: the files and schemas are read as any other client of the database would read them. On SQLite
each context is a file of its own, on PostgreSQL a schema, so no statement here joins two contexts.
"""

import csv
import datetime
import io
import pathlib
import sqlite3
import subprocess

CONTEXTS = ("orders", "inventory", "payments")

# The payment provider's simulator keeps its ledger in a file of its own, whatever database the program uses.
SIMULATOR_FILE = "payments-simulator.sqlite3"

# Orders whose customer was charged and whose goods are gone from the shelf.
PAID_STATUSES = ("confirmed", "shipped", "delivered")
# A saga that needs a person is `stuck`: it does not move any more, and it has not ended.
MOVING_SAGAS = ("running", "compensating")
ENDED_SAGAS = ("done", "failed")

# What still moves by itself once nobody asks for anything: a context, and a statement that counts it.
UNDER_WAY = (
    ("orders", f"SELECT COUNT(*) FROM sagas WHERE status IN {MOVING_SAGAS}"),
    ("orders", "SELECT COUNT(*) FROM orders WHERE status = 'pending'"),
    ("payments", "SELECT COUNT(*) FROM refunds WHERE status = 'pending'"),
)

ORDERS = "SELECT id, status, total_minor, currency FROM orders"
ORDER_LINES = "SELECT order_id, product_id, quantity, unit_price_minor FROM order_lines"
SAGAS = "SELECT id, status FROM sagas"

STOCK_LEVELS = "SELECT product_id, location, on_hand, reserved FROM stock_levels"
STOCK_MOVEMENTS = """
    SELECT product_id, location, kind, SUM(quantity) FROM stock_movements GROUP BY product_id, location, kind
"""
RECEIVED_KIND = "receive"
RESERVATIONS = "SELECT id, order_id, status FROM reservations"
RESERVATION_LINES = "SELECT reservation_id, product_id, location, quantity FROM reservation_lines"

TIMEOUT_TOKEN = "tok_timeout_after_charge"
PAYMENTS = "SELECT id, order_id, status, amount_minor, currency FROM payments"
REFUNDS = "SELECT id, payment_id, status, amount_minor FROM refunds"
STANDINGS = "SELECT id, order_id, status, amount_minor, currency, refunded_minor FROM payments"
REFUND_TIMES = "SELECT id, status, updated_at FROM refunds"
WEBHOOK_INBOX = "SELECT event_id, status, reason, event_type FROM webhook_inbox"
COMPLETED_EVENTS = "SELECT subject FROM event_log WHERE event_type = 'payment.completed'"
REFUNDS_MADE = "SELECT key, created_at FROM refunds"
WEBHOOKS = "SELECT body FROM webhooks WHERE status = 'delivered'"
WEBHOOK_STANDINGS = "SELECT id, status FROM webhooks"
CHARGES = "SELECT key, token, status, amount_minor, captured_minor, refunded_minor, currency FROM charges"
PROVIDER_REFUNDS = "SELECT key, charge_key, amount_minor FROM refunds"
# A later attempt to pay has a key of its own at the provider: the payment's with a number.
ATTEMPT_SEPARATOR = "-"

# What a reconciliation may change, whole.
WHOLE_PAYMENTS = "SELECT id, status, amount_minor, currency, refunded_minor, version FROM payments"
WHOLE_REFUNDS = "SELECT id, payment_id, status, amount_minor FROM refunds"
WHOLE_CHARGES = "SELECT key, status, amount_minor, captured_minor, refunded_minor FROM charges"
WHOLE_GIVEN_BACK = "SELECT key, charge_key, amount_minor FROM refunds"
EVENTS_OF_RECONCILIATION = "SELECT event_type FROM event_log WHERE event_type IN ('payment.completed', 'payment.refunded')"


class Sqlite:
    """The contexts' files in one data directory."""

    def __init__(self, data_dir):
        self.data_dir = pathlib.Path(data_dir)

    def rows(self, context, query):
        return read_sqlite(self.data_dir / f"{context}.sqlite3", query)

    def insert(self, context, table, columns, rows):
        write_sqlite(self.data_dir / f"{context}.sqlite3", insertion(table, columns), rows)


class Postgres:
    """The contexts' schemas, by the URL of each context's database."""

    def __init__(self, urls):
        self.urls = urls

    def rows(self, context, query):
        text = psql(self.urls[context], f'SET search_path TO "{context}"; {query}')
        return [tuple(row) for row in csv.reader(io.StringIO(text))]

    def insert(self, context, table, columns, rows):
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        copy = f"COPY \"{context}\".{table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv)"
        psql(self.urls[context], copy, text.getvalue())


def seconds_between(earlier, later):
    """Between two timestamps as either database writes them."""
    moments = [datetime.datetime.fromisoformat(text) for text in (earlier, later)]
    return (moments[1] - moments[0]).total_seconds()


def simulator_rows(data_dir, query):
    return read_sqlite(pathlib.Path(data_dir) / SIMULATOR_FILE, query)


def write_ledger(data_dir, table, columns, rows):
    """Rows of the provider's ledger, new or in the place of those with their keys."""
    write_sqlite(pathlib.Path(data_dir) / SIMULATOR_FILE, insertion(table, columns), rows)


def delete_from_ledger(data_dir, table, keys):
    path = pathlib.Path(data_dir) / SIMULATOR_FILE
    write_sqlite(path, f"DELETE FROM {table} WHERE key = ?", [(key,) for key in keys])


def insertion(table, columns):
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def write_sqlite(path, statement, rows):
    """All in one transaction."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        with connection:
            connection.executemany(statement, rows)
    finally:
        connection.close()


def read_sqlite(path, query):
    """All rows, every value as text, as psql gives them."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    try:
        rows = connection.execute(query).fetchall()
    finally:
        connection.close()
    return [tuple("" if value is None else str(value) for value in row) for row in rows]


def psql(url, commands, data=None):
    """The output of the commands as CSV without a head; `data` is what a COPY among them reads."""
    arguments = ["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set=ON_ERROR_STOP=1"]
    outcome = subprocess.run(
        [*arguments, f"--dbname={url}", f"--command={commands}"],
        input=data,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode != 0:
        raise RuntimeError(f"psql: {outcome.stderr.strip()}")
    return outcome.stdout
