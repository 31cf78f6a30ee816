#!/usr/bin/env python3
"""What it costs to be apart: the same checkout and the same read in 1, 2 and 5 processes, side by side in one run."""

import collections
import json
import time

import campaign
import topology

SIDES = ("one", "catalog-apart", "five")
ROUNDS_DEFAULT = 3


def main():
    options = campaign.arguments(
        __doc__, baskets=None, orders=600, reads=8000, clients=8, rounds=ROUNDS_DEFAULT
    )
    measured = collections.defaultdict(list)
    # Round by round, so that whatever else the machine does strikes all sides alike.
    for number in range(options.rounds):
        for side in SIDES:
            options.topology = side
            with campaign.running_server(options) as (shop, work):
                measured[side].append(measure(options, shop, work, number))
    print_tables(measured)
    campaign.conclude([])


def measure(options, shop, work, number):
    orders = work / "orders.json"
    reads = work / "reads.json"
    before = cpu(shop)
    complaints = campaign.drive(
        options.binaries,
        shop,
        "replay",
        baskets=campaign.baskets_file(options.baskets, work),
        limit=options.orders,
        clients=options.clients,
        key_prefix=f"cost-{number}",
        report_json=orders,
    )
    between = cpu(shop)
    complaints += campaign.drive(
        options.binaries, shop, "browse", requests=options.reads, clients=options.clients, report_json=reads
    )
    after = cpu(shop)
    campaign.conclude(complaints) if complaints else None
    bought, read = json.loads(orders.read_text()), json.loads(reads.read_text())
    count = bought["confirmed"] + bought["declined"]
    return {
        "checkout": {
            "per second": bought["orders_per_second_milli"] / 1000,
            "p50 ms": bought["latency_us"]["p50"] / 1000,
            "p99 ms": bought["latency_us"]["p99"] / 1000,
            # With what stocks the shelves before: the same on every side.
            "CPU ms each": (between - before) * 1000 / count,
        },
        "product read": {
            "per second": read["requests"] / (read["elapsed_us"] / 1_000_000),
            "p50 ms": read["p50_us"] / 1000,
            "p99 ms": read["p99_us"] / 1000,
            "CPU ms each": (after - between) * 1000 / read["requests"],
        },
    }


def cpu(shop):
    time.sleep(0.1)
    return sum(process.cpu_seconds() for process in shop.processes.values())


def print_tables(measured):
    """The median of the rounds, and its ratio to one process."""
    for what in ("checkout", "product read"):
        columns = list(next(iter(measured.values()))[0][what])
        print(f"\n| {what} | processes | " + " | ".join(columns) + " |")
        print("|---|---|" + "---|" * len(columns))
        single = {column: median(measured["one"], what, column) for column in columns}
        for side in SIDES:
            cells = []
            for column in columns:
                value = median(measured[side], what, column)
                cells.append(f"{value:.2f} (x{value / single[column]:.2f})" if single[column] else f"{value:.2f}")
            count = len(topology.services(side))
            print(f"| {side} | {count} | " + " | ".join(cells) + " |")


def median(rounds, what, column):
    values = sorted(measured[what][column] for measured in rounds)
    return values[len(values) // 2]


campaign.run(main)
