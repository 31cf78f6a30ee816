#!/usr/bin/env python3
"""Many buyers reach for the last units at the same instant: exactly those units are sold."""

import campaign


def main():
    options = campaign.arguments(__doc__, rounds=5, clients=64, stock=10)
    with campaign.running_server(options) as (server, _):
        complaints = campaign.drive(
            options.binaries, server, "race", rounds=options.rounds, clients=options.clients, stock=options.stock
        )
        books, violations = campaign.audit(server)
        campaign.conclude([*complaints, *violations, *compare(books, options)])


def compare(books, options):
    paid = books.paid_orders()
    sold = options.rounds * min(options.stock, options.clients)
    left = sum(on_hand for on_hand, _ in books.levels.values())
    print(f"database: {len(paid)} confirmed orders, {books.units(paid)} units; {left} units left")
    if (len(paid), books.units(paid)) != (sold, sold):
        yield f"{len(paid)} orders with {books.units(paid)} units instead of {sold}"
    if left != options.rounds * options.stock - sold:
        yield f"{left} units left"


campaign.run(main)
