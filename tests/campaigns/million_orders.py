#!/usr/bin/env python3
"""`banyan fsck` on a large shop: within a minute and a bounded memory, no false alarm while orders come in, every error named."""

import json
import os
import pathlib
import re
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request

import campaign
import made_up_shop as shop
import tables

# A million orders have to be checked within this time; a small shop is in any case.
SECONDS_MAX = 60
# Whatever the size of the shop.
MEMORY_MAX_MB = 200
LINE = re.compile(r"^invariant (\d+), ([^:]*): ([^:]*): ")
SIZES = re.compile(r"looked at (\d+) orders, (\d+) reservations, (\d+) payments, (\d+) charges")


def main():
    options = campaign.arguments(__doc__, baskets=None, orders=1_000_000, limit=300, clients=8)
    if options.backend != "postgres":
        raise campaign.CampaignError("the shop is written by a server's generate_series: --backend postgres")
    with campaign.running_server(options) as (server, work):
        url = next(iter(server.databases.values()))
        started = time.monotonic()
        shop.write(url, server.data_dir, options.orders)
        print(f"{options.orders} orders written in {time.monotonic() - started:.0f} s")
        unpaid = server.under_way()
        violations = [*check_while_orders_come_in(options, server, work)]
        server.wait_until_quiet(unpaid)
        server.terminate()
        violations += check_that_all_is_right(options, server)
        violations += check_that_all_is_found(server, url)
        campaign.conclude(violations)


# ---- the shop goes on ------------------------------------------------------------------------------------------------


def check_while_orders_come_in(options, server, work):
    """Staff ask again and again, two at once, while people buy."""
    complaints = []
    arguments = {"baskets": campaign.baskets_file(options.baskets, work), "limit": options.limit, "seed": options.orders}

    def buy():
        complaints.extend(campaign.drive(options.binaries, server, "replay", clients=options.clients, **arguments))

    token = campaign.staff_token(server)
    buyers = threading.Thread(target=buy)
    buyers.start()
    done, turned_away = [], 0
    while True:
        goes_on = buyers.is_alive()
        answers = at_once(lambda: ask(server, token), 2)
        done += [body for status, body in answers if status == 200]
        turned_away += sum(status == 503 for status, _ in answers)
        yield from (f"a check was answered by {status} {body}" for status, body in answers if status not in (200, 503))
        if not goes_on:
            break
    buyers.join()
    yield from complaints
    seconds = [body["took_ms"] / 1000 for body in done]
    print(f"{len(done)} checks of the shop that serves, {max(seconds):.1f} s at worst; {turned_away} were turned away")
    yield from (f"false alarm: {violation}" for body in done for violation in body["violations"][:5])
    yield from ("a check was stopped" for body in done if body["stopped"])
    if turned_away == 0:
        yield "nobody was turned away: two checks ran at once, or the campaign shows nothing"
    if not any(body["counts"]["orders"] >= options.orders for body in done):
        yield "no check saw all orders"


def at_once(task, count):
    results = []
    threads = [threading.Thread(target=lambda: results.append(task())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def ask(server, token):
    address = f"{server.url}/api/v1/admin/integrity"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=400) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


# ---- the shop is closed ----------------------------------------------------------------------------------------------


def fsck(server):
    """The exit code, what was said, the seconds and the most memory in MB."""
    environment = server.common | {"BANYAN_DATABASE_URL": next(iter(server.databases.values()))}
    started = time.monotonic()
    child = subprocess.Popen(
        [server.binary, "fsck"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, said, time.monotonic() - started, usage.ru_maxrss / 1024


def check_that_all_is_right(options, server):
    code, said, seconds, megabytes = fsck(server)
    print(f"{said.strip()}\nin {seconds:.1f} s with {megabytes:.0f} MB")
    if code != 0:
        yield f"fsck ended with {code}: {said.strip()}"
    sizes = SIZES.search(said)
    if not sizes or int(sizes[1]) < options.orders or int(sizes[4]) < options.orders * 9 // 10:
        yield "fsck did not look at everything"
    if seconds > SECONDS_MAX:
        yield f"fsck took {seconds:.0f} s"
    if megabytes > MEMORY_MAX_MB:
        yield f"fsck took {megabytes:.0f} MB"


def check_that_all_is_found(server, url):
    for context, statement, _ in WRONG:
        if context == "provider":
            in_the_ledger(server.data_dir, statement)
        else:
            tables.psql(url, f'SET search_path TO "{context}"; {statement}')
    code, said, seconds, _ = fsck(server)
    found = sorted((int(line[1]), line[2], line[3].split(", ")[0]) for line in map(LINE.match, said.splitlines()) if line)
    expected = sorted(row for _, _, rows in WRONG for row in rows)
    print(f"{len(WRONG)} things made wrong in {len({rule for _, rule, _ in expected})} ways: fsck named {len(found)} rows")
    if code != 1:
        yield f"fsck ended with {code} over a shop that is wrong"
    yield from (f"not found: {row}" for row in expected if row not in found)
    yield from (f"named, and right: {row}" for row in found if row not in expected)
    yield from (f"named twice: {row}" for row in set(found) if found.count(row) > 1)


def in_the_ledger(data_dir, statement):
    connection = sqlite3.connect(pathlib.Path(data_dir) / tables.SIMULATOR_FILE, timeout=30)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    with connection:
        connection.execute(statement)
    connection.close()


def level(number):
    return f"{shop.product_id(number)} at main"


def charge(key):
    return f"charge {key}"


# Nobody has made these.
UNKNOWN = "7" * 26
ON_HAND, RESERVED = "stock on hand is the sum of the ledger", "reserved stock is the sum of the active reservations"
TAKEN = "the total of a confirmed order is captured, once"
CAPTURED = (
    "INSERT INTO charges (key, token, amount_minor, currency, status, captured_minor, refunded_minor, decline_reason,"
    " created_at, updated_at) VALUES ('{}', 'tok_visa', 500, 'EUR', 'captured', 500, 0, NULL, '2026-01-01 00:00:00',"
    " '2026-01-01 00:00:00')"
)
EVENT = "'evt_{}', 'inventory.changed', 1, 'nothing', '{{}}', now(), gen_random_uuid()::TEXT, NULL".format(UNKNOWN)

# Where, what is made wrong there, and what has to be named: invariant, rule and first row.
WRONG = [
    (
        "inventory",
        f"UPDATE stock_levels SET on_hand = on_hand + 1 WHERE product_id = '{shop.product_id(11)}'",
        [(2, ON_HAND, level(11))],
    ),
    (
        "inventory",
        f"UPDATE stock_levels SET reserved = reserved + 1 WHERE product_id = '{shop.product_id(12)}'",
        [(2, RESERVED, level(12))],
    ),
    (
        "inventory",
        "INSERT INTO stock_movements (id, product_id, location, kind, quantity, on_hand_after, reason, occurred_at)"
        f" VALUES ('mov_{UNKNOWN}', '{shop.product_id(13)}', 'main', 'sale', -1000000000, 0, 'sold', now())",
        [(2, ON_HAND, level(13)), (3, "sold and reserved pieces never exceed those brought in", level(13))],
    ),
    (
        "inventory",
        "ALTER TABLE stock_levels DROP CONSTRAINT stock_levels_check;"
        f" UPDATE stock_levels SET reserved = on_hand + 1 WHERE product_id = '{shop.product_id(14)}'",
        [(2, RESERVED, level(14)), (2, "available stock is never negative", level(14))],
    ),
    (
        "inventory",
        "INSERT INTO reservations (id, order_id, status, expires_at, created_at, updated_at)"
        f" VALUES ('rsv_{UNKNOWN}', 'ord_{UNKNOWN}', 'committed', now(), now(), now())",
        [(3, "a reservation has an order", f"ord_{UNKNOWN}")],
    ),
    (
        "inventory",
        f"UPDATE reservations SET status = 'released' WHERE order_id = '{shop.order_id(101)}'",
        [(3, "the stock of a confirmed order is sold, once", shop.order_id(101))],
    ),
    (
        "orders",
        f"UPDATE orders SET status = 'pending' WHERE id = '{shop.order_id(102)}'",
        [
            (3, "stock is sold to confirmed orders only", shop.order_id(102)),
            (4, "money is taken for confirmed orders only", shop.order_id(102)),
        ],
    ),
    (
        "orders",
        f"UPDATE orders SET status = 'cancelled' WHERE id = '{shop.order_id(103)}'",
        [
            (3, "a cancelled order holds no stock", shop.order_id(103)),
            (4, "a cancelled order holds no money", shop.order_id(103)),
        ],
    ),
    (
        "orders",
        f"UPDATE sagas SET status = 'stuck' WHERE subject = '{shop.order_id(104)}'",
        [(9, "no saga needs a person", shop.saga_id(104))],
    ),
    (
        "orders",
        f"UPDATE sagas SET status = 'running' WHERE subject = '{shop.order_id(105)}'",
        [(9, "a saga ends within a minute", shop.saga_id(105))],
    ),
    (
        "payments",
        "INSERT INTO payments (id, order_id, customer_id, status, amount_minor, currency, refunded_minor, provider,"
        " provider_key, attempts, attempt_abandoned, version, created_at, updated_at)"
        f" VALUES ('pay_{UNKNOWN}', 'ord_{'7' * 25}6', 'usr_{UNKNOWN}', 'pending', 1, 'EUR', 0, 'simulator',"
        f" 'pay_{UNKNOWN}', 0, FALSE, 1, now(), now())",
        [(4, "a payment has an order", f"ord_{'7' * 25}6")],
    ),
    (
        "payments",
        f"UPDATE payments SET refunded_minor = refunded_minor + 1 WHERE order_id = '{shop.order_id(188)}'",
        [(5, "a payment, its refunds and the provider agree on what went back", shop.order_id(188))],
    ),
    (
        "provider",
        f"UPDATE charges SET captured_minor = captured_minor - 1 WHERE key = '{shop.payment_id(106)}'",
        [(4, TAKEN, shop.order_id(106))],
    ),
    (
        "provider",
        CAPTURED.format(f"pay_{'7' * 25}5"),
        [(4, "every charge with money belongs to an order", charge(f"pay_{'7' * 25}5"))],
    ),
    (
        "provider",
        CAPTURED.format(f"{shop.payment_id(107)}-2"),
        [(4, "nobody is charged twice", charge(f"{shop.payment_id(107)}-2"))],
    ),
    (
        "provider",
        f"UPDATE charges SET captured_minor = amount_minor + 1 WHERE key = '{shop.payment_id(108)}'",
        [
            (4, TAKEN, shop.order_id(108)),
            (5, "refunds never exceed what was captured, nor that what was authorized", charge(shop.payment_id(108))),
        ],
    ),
    (
        "catalog",
        "INSERT INTO dead_letters (consumer, seq, event_id, event_type, version, subject, payload, occurred_at,"
        " correlation_id, trace_parent, reason, attempts, parked_at)"
        f" VALUES ('catalog.on_stock_changed', 1, {EVENT}, 'made wrong', 5, now())",
        [(8, "no event is set aside", "catalog.on_stock_changed")],
    ),
    (
        "orders",
        "UPDATE consumer_positions SET position = position + 1000000 WHERE consumer = 'orders.on_payment_completed'",
        [(8, "a consumer stands at an event of its log", "orders.on_payment_completed")],
    ),
    (
        "inventory",
        "INSERT INTO event_log (event_id, event_type, version, subject, payload, occurred_at, correlation_id, trace_parent)"
        f" VALUES ({EVENT})",
        [(8, "no consumer lags", consumer) for consumer in ("catalog.on_stock_changed", "orders.on_stock_released")],
    ),
]

campaign.run(main)
