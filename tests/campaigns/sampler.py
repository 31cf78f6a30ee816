"""Looks at the stock again and again while others write: what is promised is there, at every instant."""

import threading

import tables

PAUSE_SECONDS = 0.05
# Both tables of one row are read by one statement, so that it sees one instant.
STOCK_AT_ONE_INSTANT = """
    SELECT COUNT(*), COALESCE(SUM(level.reserved), 0), COALESCE(SUM(CASE
        WHEN level.on_hand >= level.reserved AND level.reserved >= 0
            AND level.on_hand = COALESCE(ledger.quantity, 0) AND level.reserved = COALESCE(held.quantity, 0)
        THEN 0 ELSE 1 END), 0)
    FROM stock_levels AS level
    LEFT JOIN (
        SELECT product_id, location, SUM(quantity) AS quantity FROM stock_movements GROUP BY product_id, location
    ) AS ledger ON ledger.product_id = level.product_id AND ledger.location = level.location
    LEFT JOIN (
        SELECT line.product_id, line.location, SUM(line.quantity) AS quantity
        FROM reservations AS reservation JOIN reservation_lines AS line ON line.reservation_id = reservation.id
        WHERE reservation.status = 'active' GROUP BY line.product_id, line.location
    ) AS held ON held.product_id = level.product_id AND held.location = level.location
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class StockSampler:
    """Samples in a thread of its own, from entering to leaving."""

    def __init__(self, database):
        self.database = database
        self.samples = self.while_reserved = 0
        self.wrong, self.errors = [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _look(self):
        try:
            while not self.over.wait(PAUSE_SECONDS):
                [(products, reserved, wrong)] = self.database.rows("inventory", STOCK_AT_ONE_INSTANT)
                self.samples += 1
                self.while_reserved += int(reserved) > 0
                if int(wrong) > 0:
                    self.wrong.append(f"sample {self.samples}: {wrong} of {products} products do not add up")
        except Exception as error:  # so that the campaign hears of it
            self.errors.append(f"the sampler cannot go on: {error!r}")

    def violations(self, fewest, fewest_while_reserved=0):
        print(f"the stock was looked at {self.samples} times, {self.while_reserved} times while some was reserved")
        yield from self.errors
        yield from self.wrong
        if self.samples < fewest or self.while_reserved < fewest_while_reserved:
            yield f"the stock was looked at {self.samples} times, {self.while_reserved} times while some was reserved"


def deadlocks(database):
    """How many deadlocks PostgreSQL had to break; SQLite has one writer at a time."""
    if not isinstance(database, tables.Postgres):
        return 0
    return sum(int(row[0]) for row in database.rows("inventory", DEADLOCKS))
