#!/usr/bin/env python3
"""Many buyers reach for the last units at the same instant: exactly those units are sold, and at no instant more."""

import campaign
import sampler
from provider import Provider


def main():
    options = campaign.arguments(__doc__, rounds=5, clients=64, stock=10, products=1, overlap=False, slow_ms=0)
    # With `slow_ms` the provider answers each request so much later: between the authorization and the order that is
    # confirmed there is time for everybody else.
    late = {"faults": "slow=100", "slow_ms": options.slow_ms} if options.slow_ms else {}
    with Provider(options.binaries, seed=1, **late) as provider:
        with campaign.running_server(options, provider.environment(), provider.start) as (server, _):
            with sampler.StockSampler(server.database) as stock:
                complaints = campaign.drive(
                    options.binaries,
                    server,
                    "race",
                    rounds=options.rounds,
                    clients=options.clients,
                    stock=options.stock,
                    products=options.products,
                    overlap=options.overlap,
                )
            deadlocks = sampler.deadlocks(server.database)
            struck = provider.struck()["struck"]["slow"]
            books, violations = campaign.audit(server)
            # Only where the provider takes its time it is certain that a sample meets a reservation.
            violations += stock.violations(options.rounds, options.rounds // 4 if options.slow_ms else 0)
            violations += compare(books, options)
            if deadlocks:
                violations.append(f"PostgreSQL had to break {deadlocks} deadlocks")
            if options.slow_ms and struck < len(books.paid_orders()):
                violations.append(f"the provider was slow only {struck} times: the campaign shows nothing")
            campaign.conclude([*complaints, *violations])


def compare(books, options):
    """Whose order is not confirmed never had anything to do with the provider."""
    paid = books.paid_orders()
    left = sum(on_hand for on_hand, _ in books.levels.values())
    print(
        f"database: {len(paid)} confirmed orders of {len(books.orders)}, {books.units(paid)} units; {left} units left;"
        f" the provider: {len(books.charges)} charges"
    )
    if len(books.orders) != options.rounds * options.clients:
        yield f"{len(books.orders)} orders of {options.rounds * options.clients} buyers"
    if len(books.charges) != len(paid):
        yield f"{len(books.charges)} charges at the provider for {len(paid)} orders"
    received = options.rounds * options.stock * options.products
    if books.units(paid) + left != received:
        yield f"{books.units(paid)} units are sold and {left} left of {received}"
    if not options.overlap:
        sold = options.rounds * min(options.stock, options.clients)
        if (len(paid), books.units(paid)) != (sold, sold * options.products):
            yield f"{len(paid)} orders with {books.units(paid)} units instead of {sold} with {sold * options.products}"


campaign.run(main)
