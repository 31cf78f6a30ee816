"""A shop with as many orders as wanted, written straight into the tables of PostgreSQL and the simulator's ledger.

Everything in it is right: of a hundred orders 89 are confirmed, shipped or delivered, one of them with a part of the
money given back; five were declined, three called off and refunded, three wait for their payment. Ids of orders, payments
and reservations belong together and do not come in the same order, as with those of people who buy at the same time.
"""

import datetime
import pathlib
import sqlite3

import tables

# In this many products the pieces of all orders are found again.
PRODUCTS = 5_000
# Received of each product for each order: more than is ever sold.
RECEIVED_PER_ORDER = 1
RECEIVED_AT_LEAST = 1_000
# Ids of one kind are shuffled within blocks of this size.
BLOCK = 100

# What became of the n-th order, by n modulo 100.
CONFIRMED, SHIPPED, DELIVERED, PARTLY_REFUNDED, DECLINED, CALLED_OFF = 60, 70, 88, 89, 94, 97
UNIT_PRICE = 250
PART_REFUND = 100


def suffix(number):
    """The base-32 part of an id. Digits are digits in base 32, too."""
    return f"01h2e8kqvb{number:016d}"


def shuffled(number):
    """As `shuffled` in SQL: 37 has no divisor in common with the block's size."""
    return number - number % BLOCK + number % BLOCK * 37 % BLOCK


def order_id(number):
    return f"ord_{suffix(number)}"


def payment_id(number):
    return f"pay_{suffix(shuffled(number))}"


def reservation_id(number):
    return f"rsv_{suffix(shuffled(number))}"


def saga_id(number):
    return f"sag_{suffix(shuffled(number))}"


def product_id(number):
    return f"prd_{suffix(number)}"


def units(number):
    """One to three lines of one or two pieces."""
    return sum(1 + (number + line) % 2 for line in range(1, 2 + number % 3))


def total(number):
    return units(number) * UNIT_PRICE


FUNCTIONS = f"""
    CREATE FUNCTION pg_temp.suffix(n BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE
        AS $$ SELECT '01h2e8kqvb' || lpad(n::TEXT, 16, '0') $$;
    CREATE FUNCTION pg_temp.shuffled(n BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE
        AS $$ SELECT '01h2e8kqvb' || lpad((n - n % {BLOCK} + n % {BLOCK} * 37 % {BLOCK})::TEXT, 16, '0') $$;
    CREATE TEMPORARY TABLE bought AS
        SELECT n, n % 100 AS fate, now()::TIMESTAMP - INTERVAL '1 day' AS at,
            (SELECT sum(1 + (n + line) % 2) FROM generate_series(1, 1 + n % 3) AS line) AS units
        FROM generate_series(1, :orders::BIGINT) AS n;
    CREATE TEMPORARY TABLE lines AS
        SELECT n, fate, at, line::INTEGER, (n * 7 + line * 13) % {PRODUCTS} AS product, 1 + (n + line) % 2 AS quantity
        FROM bought, generate_series(1, 1 + n % 3) AS line;
"""

ORDERS = f"""
    SET search_path TO orders;
    INSERT INTO orders (id, customer_id, status, awaiting_payment, subtotal_minor, tax_minor, shipping_minor, total_minor,
            currency, street, city, state, zip_code, country, payment_id, reservation_id, cancel_reason, version,
            created_at, updated_at)
        SELECT 'ord_' || pg_temp.suffix(n), 'usr_' || pg_temp.suffix(n % 1000),
            CASE WHEN fate < {CONFIRMED} THEN 'confirmed' WHEN fate < {SHIPPED} THEN 'shipped'
                WHEN fate < {PARTLY_REFUNDED} THEN 'delivered' WHEN fate < {CALLED_OFF} THEN 'cancelled'
                ELSE 'pending' END,
            fate >= {CALLED_OFF}, units * {UNIT_PRICE}, 0, 0, units * {UNIT_PRICE}, 'EUR', '1 Fig Tree Lane', 'Ulm', '',
            '89073', 'DE', 'pay_' || pg_temp.shuffled(n), 'rsv_' || pg_temp.shuffled(n), NULL, 3, at, at
        FROM bought;
    INSERT INTO order_lines (order_id, line_no, product_id, sku, name, quantity, unit_price_minor, total_minor)
        SELECT 'ord_' || pg_temp.suffix(n), line, 'prd_' || pg_temp.suffix(product), 'SKU-' || product,
            'article ' || product, quantity, {UNIT_PRICE}, quantity * {UNIT_PRICE}
        FROM lines;
    INSERT INTO sagas (id, kind, subject, status, position, state, attempts, reason, lease_owner, lease_until,
            next_attempt_at, created_at, updated_at)
        SELECT 'sag_' || pg_temp.shuffled(n), 'checkout', 'ord_' || pg_temp.suffix(n), 'done', 5, '{{}}', 1, NULL, 'nobody',
            at, at, at, at
        FROM bought;
    INSERT INTO idempotency_keys (scope, key, operation, fingerprint, answer, created_at)
        SELECT 'usr_' || pg_temp.suffix(n % 1000), 'key-' || n, 'orders.place_order', md5(n::TEXT), '{{"Ok": null}}', at
        FROM bought;
"""

INVENTORY = f"""
    SET search_path TO inventory;
    INSERT INTO reservations (id, order_id, status, expires_at, created_at, updated_at)
        SELECT 'rsv_' || pg_temp.shuffled(n), 'ord_' || pg_temp.suffix(n),
            CASE WHEN fate < {PARTLY_REFUNDED} THEN 'committed' WHEN fate < {DECLINED} THEN 'released'
                WHEN fate < {CALLED_OFF} THEN 'returned' ELSE 'active' END,
            at + INTERVAL '10 years', at, at
        FROM bought;
    INSERT INTO reservation_lines (reservation_id, line_no, product_id, location, quantity)
        SELECT 'rsv_' || pg_temp.shuffled(n), line, 'prd_' || pg_temp.suffix(product), 'main', quantity FROM lines;
    INSERT INTO stock_movements (id, product_id, location, kind, quantity, on_hand_after, reason, reservation_id,
            occurred_at)
        SELECT 'mov_' || pg_temp.suffix(product), 'prd_' || pg_temp.suffix(product), 'main', 'receive',
            {RECEIVED_AT_LEAST} + :orders::BIGINT * {RECEIVED_PER_ORDER}, 0, 'a delivery', NULL, now()
        FROM generate_series(0, {PRODUCTS} - 1) AS product;
    INSERT INTO stock_movements (id, product_id, location, kind, quantity, on_hand_after, reason, reservation_id,
            occurred_at)
        SELECT 'mov_' || pg_temp.suffix(1000000 + n * 10 + line), 'prd_' || pg_temp.suffix(product), 'main', 'sale',
            -quantity, 0, 'sold', 'rsv_' || pg_temp.shuffled(n), at
        FROM lines WHERE fate < {PARTLY_REFUNDED} OR fate BETWEEN {DECLINED} AND {CALLED_OFF} - 1;
    INSERT INTO stock_movements (id, product_id, location, kind, quantity, on_hand_after, reason, reservation_id,
            occurred_at)
        SELECT 'mov_' || pg_temp.suffix(1000005 + n * 10 + line), 'prd_' || pg_temp.suffix(product), 'main', 'return',
            quantity, 0, 'came back', 'rsv_' || pg_temp.shuffled(n), at
        FROM lines WHERE fate BETWEEN {DECLINED} AND {CALLED_OFF} - 1;
    INSERT INTO stock_levels (product_id, location, on_hand, reserved, version)
        SELECT m.product_id, m.location, sum(m.quantity), coalesce(max(held.quantity), 0), 1
        FROM stock_movements AS m LEFT JOIN (
            SELECT 'prd_' || pg_temp.suffix(product) AS product_id, sum(quantity) AS quantity
            FROM lines WHERE fate >= {CALLED_OFF} GROUP BY product) AS held USING (product_id)
        GROUP BY m.product_id, m.location;
"""

PAYMENTS = f"""
    SET search_path TO payments;
    INSERT INTO payments (id, order_id, customer_id, status, amount_minor, currency, refunded_minor, provider,
            provider_key, decline_reason, attempts, attempt_started_at, attempt_abandoned, request_scope, request_key,
            version, created_at, updated_at)
        SELECT 'pay_' || pg_temp.shuffled(n), 'ord_' || pg_temp.suffix(n), 'usr_' || pg_temp.suffix(n % 1000),
            CASE WHEN fate < {DELIVERED} THEN 'completed' WHEN fate < {PARTLY_REFUNDED} THEN 'partially_refunded'
                WHEN fate < {DECLINED} THEN 'failed' WHEN fate < {CALLED_OFF} THEN 'refunded' ELSE 'pending' END,
            units * {UNIT_PRICE}, 'EUR',
            CASE WHEN fate = {DELIVERED} THEN {PART_REFUND}
                WHEN fate BETWEEN {DECLINED} AND {CALLED_OFF} - 1 THEN units * {UNIT_PRICE} ELSE 0 END,
            'simulator', 'pay_' || pg_temp.shuffled(n),
            CASE WHEN fate BETWEEN {PARTLY_REFUNDED} AND {DECLINED} - 1 THEN 'card_declined' END,
            CASE WHEN fate < {CALLED_OFF} THEN 1 ELSE 0 END, NULL, FALSE, NULL, NULL, 3, at, at
        FROM bought;
    INSERT INTO refunds (id, payment_id, amount_minor, currency, reason, status, request_scope, request_key, created_at,
            updated_at)
        SELECT 'ref_' || pg_temp.suffix(n), 'pay_' || pg_temp.shuffled(n),
            CASE WHEN fate = {DELIVERED} THEN {PART_REFUND} ELSE units * {UNIT_PRICE} END, 'EUR', 'called off', 'completed',
            NULL, NULL, at, at
        FROM bought WHERE fate = {DELIVERED} OR fate BETWEEN {DECLINED} AND {CALLED_OFF} - 1;
"""

# What autovacuum would have noticed by itself after a minute.
STATISTICS = "; ".join(f"SET search_path TO {context}; ANALYZE" for context in tables.CONTEXTS)


def write(url, data_dir, orders):
    """Writes so many orders, and what belongs to them."""
    parts = [FUNCTIONS, ORDERS, INVENTORY, PAYMENTS]
    tables.psql(url, "".join(parts).replace(":orders", str(orders)))
    tables.psql(url, STATISTICS)
    connection = sqlite3.connect(pathlib.Path(data_dir) / tables.SIMULATOR_FILE, timeout=30)
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
    with connection:
        connection.executemany(
            "INSERT INTO charges (key, token, amount_minor, currency, status, captured_minor, refunded_minor,"
            " decline_reason, created_at, updated_at) VALUES (?, 'tok_visa', ?, 'EUR', ?, ?, ?, ?, ?, ?)",
            charges(orders, at),
        )
    connection.close()


def charges(orders, at):
    """What the provider knows. Of a payment that nobody has tried yet it knows nothing."""
    for number in range(1, orders + 1):
        fate, amount = number % 100, total(number)
        if fate >= CALLED_OFF:
            continue
        if PARTLY_REFUNDED <= fate < DECLINED:
            yield payment_id(number), amount, "declined", 0, 0, "card_declined", at, at
            continue
        refunded = PART_REFUND if fate == DELIVERED else amount if fate >= DECLINED else 0
        yield payment_id(number), amount, "captured", amount, refunded, None, at, at
