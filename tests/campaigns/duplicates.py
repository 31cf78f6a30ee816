#!/usr/bin/env python3
"""The same request many times at once under one key has one effect: orders, payments of orders, and refunds."""

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
    """Each of so many rounds is an order that is paid at once and refunded in part, and one that is paid later."""
    keys, paid = options.keys, books.paid_orders()
    captured = [charge for charge in books.charges.values() if charge.captured > 0]
    print(
        f"database: {len(books.orders)} orders, {books.units(paid)} units; the provider: {len(books.charges)} charges,"
        f" {len(captured)} captured, {len(books.given_back)} refunds"
    )
    if (len(books.orders), len(paid), books.units(paid)) != (2 * keys,) * 3:
        yield f"{keys} rounds made {len(books.orders)} orders, {len(paid)} of them confirmed"
    if (len(books.charges), len(captured)) != (2 * keys,) * 2:
        yield f"{keys} rounds made {len(books.charges)} charges at the provider, {len(captured)} of them captured"
    if (len(books.given_back), len(books.completed_refunds())) != (keys,) * 2:
        yield f"{keys} rounds made {len(books.given_back)} refunds at the provider"


campaign.run(main)
