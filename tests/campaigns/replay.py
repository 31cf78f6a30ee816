#!/usr/bin/env python3
"""Every basket becomes one order; afterwards orders, money and stock agree to the last unit."""

import json

import campaign
import tables


def main():
    options = campaign.arguments(
        __doc__, baskets=None, limit=None, clients=16, seed=1, declined_percent=0, timeout_after_charge_percent=0
    )
    with campaign.running_server(options) as (server, work):
        path = campaign.baskets_file(options.baskets, work)
        report_file = work / "report.json"
        complaints = campaign.drive(
            options.binaries,
            server,
            "replay",
            baskets=path,
            limit=options.limit,
            clients=options.clients,
            seed=options.seed,
            declined_percent=options.declined_percent,
            timeout_after_charge_percent=options.timeout_after_charge_percent,
            report_json=report_file,
        )
        if not report_file.exists():
            campaign.conclude(complaints or ["the driver left no report"])
        report = json.loads(report_file.read_text())
        books, violations = campaign.audit(server)
        baskets = campaign.read_baskets(path, options.limit)
        campaign.conclude([*complaints, *violations, *compare(books, report, baskets, options)])


def compare(books, report, baskets, options):
    """What the database says against what the driver was told and what the file holds."""
    paid = books.paid_orders()
    units = books.units(paid)
    totals = sum(order.total for order in paid.values())
    captures = [charge for charge in books.charges.values() if charge.captured > 0]
    timeouts = sum(1 for charge in captures if charge.token == tables.TIMEOUT_TOKEN)
    print(f"database: {len(paid)} confirmed orders, {units} units, {totals} minor units")
    print(f"provider: {len(captures)} captures, {timeouts} of them after it did not answer")
    told = (report["confirmed"], report["units_total"], sum(report["confirmed_minor_by_currency"].values()))
    if told != (len(paid), units, totals):
        yield f"the driver was told of {told}, the database holds {(len(paid), units, totals)}"
    if report["confirmed"] + report["declined"] != len(baskets):
        yield f"{report['confirmed']} confirmed and {report['declined']} declined of {len(baskets)} baskets"
    if options.declined_percent == 0:
        expected = sum(len(articles) for articles in baskets)
        if (len(paid), units) != (len(baskets), expected):
            yield f"{len(baskets)} baskets with {expected} units became {len(paid)} orders with {units} units"
    elif report["declined"] == 0:
        yield "no basket was declined: the campaign shows nothing"
    if options.timeout_after_charge_percent > 0 and timeouts == 0:
        yield "no charge timed out: the campaign shows nothing"
    for label, count in report["answers"].items():
        if label.startswith("5"):
            yield f"{count} answers {label}"


campaign.run(main)
