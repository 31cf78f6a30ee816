#!/usr/bin/env python3
"""Discrepancies of eight classes among many payments that agree: all are found, no other, each is repaired once."""

import collections
import concurrent.futures
import json
import random
import secrets
import subprocess
import threading
import time
import urllib.error
import urllib.request

import campaign
import tables
from ledgers import (
    CHARGE_COLUMNS, LEDGER_REFUND_COLUMNS, LINE_COLUMNS, ORDER_COLUMNS, PAYMENT_COLUMNS, REFUND_COLUMNS, Ill, Ledgers,
)
from provider import Provider

# The goal is for 20,000 payments; fewer have to be compared as fast in proportion, and some seconds to begin with.
SECONDS_MAX, RECORDS_OF_GOAL, SECONDS_TO_BEGIN = 60, 20_000, 15
# So much has to happen at least to the payments that are compared, while comparisons run one after the other.
REFUNDS_MEANWHILE_MIN, RUNS_MAX = 30, 30
CLASSES = 8


def main():
    options = campaign.arguments(__doc__, baskets=None, records=2_000, each=5, checkouts=60, seed=None)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    chance = random.Random(seed)
    with Provider(options.binaries, seed) as provider:
        with campaign.running_server(options, {"BANYAN_PROVIDER_URL": provider.url}, provider.start) as (server, work):
            ledgers = Ledgers(chance, options.records)
            fill(server, ledgers)
            violations = agree(server, ledgers, options)
            touched, complaints = agree_while_living(server, work, ledgers, options)
            violations += complaints
            ill = Ill(ledgers, options.each, touched)
            seed_discrepancies(server, ledgers, ill)
            violations += judge(server, ledgers, ill, options)
            server.terminate()
            campaign.conclude(violations)


def fill(server, ledgers):
    started = time.monotonic()
    payments = [[payment[name] for name in PAYMENT_COLUMNS] for payment in ledgers.payments.values()]
    server.database.insert("orders", "orders", ORDER_COLUMNS, ledgers.orders)
    server.database.insert("orders", "order_lines", LINE_COLUMNS, ledgers.lines)
    server.database.insert("payments", "payments", PAYMENT_COLUMNS, payments)
    refunds = [list(refund.values()) for refund in ledgers.refunds.values()]
    server.database.insert("payments", "refunds", REFUND_COLUMNS, refunds)
    charges = [list(charge.values()) for charge in ledgers.charges.values()]
    tables.write_ledger(server.data_dir, "charges", CHARGE_COLUMNS, charges)
    tables.write_ledger(server.data_dir, "refunds", LEDGER_REFUND_COLUMNS, list(ledgers.given_back.values()))
    print(f"{len(payments)} payments, {len(charges)} charges, {len(refunds)} refunds made up "
          f"in {time.monotonic() - started:.1f} s")


def seed_discrepancies(server, ledgers, ill):
    tables.delete_from_ledger(server.data_dir, "refunds", ill.gone_refunds)
    tables.delete_from_ledger(server.data_dir, "charges", sorted(ill.gone))
    charges = [list(ledgers.charges[key].values()) for key in sorted(ill.changed)]
    tables.write_ledger(server.data_dir, "charges", CHARGE_COLUMNS, charges)
    refunds = [ledgers.given_back[key] for key in ill.new_refunds]
    tables.write_ledger(server.data_dir, "refunds", LEDGER_REFUND_COLUMNS, refunds)


class Run:
    """One `banyan reconcile payments`, which runs no context and asks the server, or opens the databases itself."""

    def __init__(self, server, *arguments, by_itself=False):
        if by_itself:  # with the provider in the same process
            environment = server.common | {"BANYAN_PROVIDER_URL": ""}
            if server.databases:
                [environment["BANYAN_DATABASE_URL"]] = server.databases.values()
        else:
            environment = server.common | server.peers | {"BANYAN_CONTEXTS": "none"}
        command = [server.binary, "reconcile", "payments", "--format", "json", *arguments]
        started = time.monotonic()
        outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        self.seconds, self.code = time.monotonic() - started, outcome.returncode
        if self.code not in (0, 1):
            raise campaign.CampaignError(f"reconcile ended with {self.code}: {outcome.stderr.strip()[-2000:]}")
        self.report = json.loads(outcome.stdout)
        self.found = {found["key"]: found for found in self.report["found"]}

    def classes(self):
        return {key: (found["class"], found["repair"]) for key, found in self.found.items()}

    def repaired(self):
        return {key: found["done"] for key, found in self.found.items() if found.get("done")}


def agree(server, ledgers, options):
    """Before anything is wrong nothing is found, whichever way the provider is asked."""
    violations = []
    allowed = SECONDS_TO_BEGIN + SECONDS_MAX * options.records / RECORDS_OF_GOAL
    for way, by_itself in (("over HTTP", False), ("in its process", True)):
        run = Run(server, by_itself=by_itself)
        counts = run.report["counts"]
        print(f"provider {way}: {counts['payments']} payments, {counts['charges']} charges in {run.seconds:.1f} s, "
              f"{len(run.found)} discrepancies")
        if run.code != 0 or run.found:
            violations.append(f"false alarms: {list(run.found.values())[:3]}")
        if (counts["payments"], counts["charges"]) != (len(ledgers.payments), len(ledgers.charges)):
            violations.append(f"not all was compared: {counts}")
        if counts["under_way"]:
            violations.append(f"{counts['under_way']} payments were not judged")
        if run.seconds > min(SECONDS_MAX, allowed):
            violations.append(f"it took {run.seconds:.1f} s")
    return violations


def agree_while_living(server, work, ledgers, options):
    """While people shop, and staff gives back parts of the very payments that are compared, nothing is found either.

    Returns the payments that were touched, and what was wrong.
    """
    waiting = ledgers.of("completed")
    ledgers.chance.shuffle(waiting)
    del waiting[len(waiting) // 2 :]  # the others are for the discrepancies
    token = campaign.staff_token(server)
    ended, touched = threading.Event(), []
    answers = collections.Counter()

    def give_back():
        while waiting and not ended.is_set():
            touched.append(waiting.pop())
            answers[refund(server, ledgers.payments[touched[-1]], token)] += 1

    path = campaign.baskets_file(options.baskets, work)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        staff = pool.submit(give_back)
        shoppers = pool.submit(
            campaign.drive, options.binaries, server, "replay", baskets=path, limit=options.checkouts, clients=4
        )
        runs = []
        while len(runs) < RUNS_MAX and (answers.total() < REFUNDS_MEANWHILE_MIN or not shoppers.done()):
            runs.append(Run(server))
        refunds_meanwhile = answers.total()
        ended.set()
        staff.result()
        complaints = shoppers.result()
    found = [found for run in runs for found in run.found.values()]
    compared = sum(run.report["counts"]["payments"] for run in runs)
    print(f"living: {refunds_meanwhile} refunds and {options.checkouts} checkouts during {len(runs)} comparisons "
          f"({compared} payments in {sum(run.seconds for run in runs):.1f} s), {len(found)} discrepancies")
    if found or any(run.code != 0 for run in runs):
        complaints.append(f"false alarms while the shop lives: {found[:3]}")
    if refunds_meanwhile < REFUNDS_MEANWHILE_MIN or answers.keys() - {201}:
        complaints.append(f"{refunds_meanwhile} refunds meanwhile, answered {dict(answers)}: that shows little")
    return touched, complaints


def refund(server, payment, token):
    """Gives one minor unit back. Returns the status of the answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": payment["id"]}
    wish = {"reason": "the campaign asks for it", "amount": {"amount": 1, "currency": payment["currency"]}}
    url = f"{server.url}/api/v1/payments/{payment['id']}/refund"
    request = urllib.request.Request(url, json.dumps(wish).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def judge(server, ledgers, ill, options):
    """Finds, repairs, finds again, and looks into both books."""
    before = Snapshot(server)
    violations = list(find(Run(server), ill, options))
    if Snapshot(server).differs_from(before):
        violations.append("a comparison changed something")
    applied = Run(server, "--apply")
    print(f"repaired {len(applied.repaired())} in {applied.seconds:.1f} s")
    after = Snapshot(server)
    violations += repairs(applied, ill)
    second = Run(server, "--apply")
    print(f"second run: {len(second.repaired())} actions, {len(second.found)} discrepancies for a person")
    violations += [f"a second run repaired {key} again" for key in second.repaired()]
    for_a_person = {key: expected for key, expected in ill.expected.items() if expected[1] is None}
    if second.classes() != for_a_person:
        violations.append(f"a second run finds {set(second.classes().items()) ^ set(for_a_person.items())}")
    if Snapshot(server).differs_from(after):
        violations.append("a second run changed something")
    violations += verify(server, ledgers, ill, before, after)
    return violations


def find(run, ill, options):
    found, expected = run.classes(), ill.expected
    recalled = collections.Counter(kind for key, (kind, repair) in expected.items() if found.get(key) == (kind, repair))
    false_alarms = found.keys() - expected.keys()
    print(f"found {len(found)} of {len(expected)} in {run.seconds:.1f} s, {len(false_alarms)} false alarms: "
          f"{dict(sorted(recalled.items()))}")
    if len(recalled) != CLASSES or any(times != options.each for times in recalled.values()):
        yield f"not every class was found {options.each} times"
    for key, (kind, repair) in expected.items():
        if found.get(key) != (kind, repair):
            yield f"{kind} of {key} with repair {repair} was found as {found.get(key)}"
    yield from (f"false alarm: {run.found[key]}" for key in false_alarms)
    if run.code != 1:
        yield f"the exit code is {run.code}"


def repairs(run, ill):
    for key, (kind, repair) in ill.expected.items():
        found = run.found.get(key, {"outcome": "not found"})
        done = [] if repair is None else [repair]
        outcome = "reported" if repair is None else "repaired"
        if (found["outcome"], found.get("done", [])) != (outcome, done):
            yield f"{kind} of {key}: {found['outcome']} by {found.get('done')} instead of {outcome} by {done}"


class Snapshot:
    """Both books, whole."""

    def __init__(self, server):
        self.payments = {row[0]: row for row in server.database.rows("payments", tables.WHOLE_PAYMENTS)}
        self.refunds = {row[0]: row for row in server.database.rows("payments", tables.WHOLE_REFUNDS)}
        self.charges = {row[0]: row for row in tables.simulator_rows(server.data_dir, tables.WHOLE_CHARGES)}
        self.given_back = {row[0]: row for row in tables.simulator_rows(server.data_dir, tables.WHOLE_GIVEN_BACK)}

    def differs_from(self, other):
        return vars(self) != vars(other)


def verify(server, ledgers, ill, before, after):
    """Each repair is in the books, once, and nothing else has changed."""
    repaired = {key: repair for key, (_, repair) in ill.expected.items() if repair}
    of_payment = {payment["provider_key"]: key for key, payment in ledgers.payments.items()}
    here = {of_payment[key] for key, repair in repaired.items() if repair.startswith("record")}
    there = {key for key, repair in repaired.items() if not repair.startswith("record")}
    yield from changed("payment", before.payments, after.payments, here)
    yield from changed("charge", before.charges, after.charges, there)
    sums = collections.Counter()
    for _, charge_key, amount in after.given_back.values():
        sums[charge_key] += int(amount)
    for key, repair in repaired.items():
        _, status, amount, captured, refunded = after.charges[key]
        if int(refunded) != sums[key]:
            yield f"{key}: {refunded} went back, and the refunds come to {sums[key]}"
        if repair == "void" and status != "voided":
            yield f"{key} is not voided but {status}"
        if repair == "give_back" and refunded != captured:
            yield f"{key}: {captured} was taken and {refunded} went back"
        if repair == "capture" and (status, captured) != ("captured", amount):
            yield f"{key} is {status} with {captured} of {amount}"
        if key in of_payment and (repair.startswith("re") or repair == "capture"):
            yield from same_figures(key, after.payments[of_payment[key]], after.charges[key])
    new_refunds = after.refunds.keys() - before.refunds.keys()
    recorded = sum(repair == "record_refund" for repair in repaired.values())
    if len(new_refunds) != recorded or before.refunds.items() - after.refunds.items():
        yield f"{len(new_refunds)} refunds were recorded instead of {recorded}"
    made = after.given_back.keys() - before.given_back.keys()
    asked_for = sum(repair in ("give_back", "refund_again") for repair in repaired.values())
    if len(made) != asked_for or before.given_back.items() - after.given_back.items():
        yield f"the provider gave back {len(made)} times instead of {asked_for}"
    events = collections.Counter(kind for (kind,) in server.database.rows("payments", tables.EVENTS_OF_RECONCILIATION))
    print(f"the books: {len(here)} payments and {len(there)} charges changed, {len(new_refunds)} refunds recorded, "
          f"{len(made)} made; events {dict(events)}")


def changed(what, before, after, expected):
    """Exactly these rows differ."""
    different = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    yield from (f"{what} {key} was not to change" for key in different - expected)
    yield from (f"{what} {key} has not changed" for key in expected - different)


def same_figures(key, payment, charge):
    _, status, amount, currency, back, _version = payment
    _, there, _authorized, captured, refunded = charge
    took = status in ("completed", "partially_refunded", "refunded")
    if (back, amount if took else "0") != (refunded, captured) or took != (there == "captured"):
        yield f"{key}: {status} {amount} {currency}, {back} back, and {there} {captured}, {refunded} back"


campaign.run(main)
