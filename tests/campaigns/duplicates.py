#!/usr/bin/env python3
"""The same request many times at once under one key has one effect."""

import campaign


def main():
    options = campaign.arguments(__doc__, keys=10, duplicates=8)
    with campaign.running_server(options) as (server, _):
        complaints = campaign.drive(
            options.binaries, server, "duplicate", keys=options.keys, duplicates=options.duplicates
        )
        books, violations = campaign.audit(server)
        campaign.conclude([*complaints, *violations, *compare(books, options)])


def compare(books, options):
    paid = books.paid_orders()
    print(f"database: {len(books.orders)} orders, {books.units(paid)} units, {len(books.charges)} charges")
    if (len(books.orders), len(paid), books.units(paid)) != (options.keys,) * 3:
        yield f"{options.keys} keys made {len(books.orders)} orders, {len(paid)} of them confirmed"
    if len(books.charges) != options.keys:
        yield f"{options.keys} keys made {len(books.charges)} charges at the provider"


campaign.run(main)
