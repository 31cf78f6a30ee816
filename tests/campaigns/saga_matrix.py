#!/usr/bin/env python3
"""A checkout's process aborts at each of its points in turn; the next one finishes what it left, and the books agree.

The binary has to have failpoints: one that was built with the tests has (docs/adr/0015-failpoints.md).
"""

import json
import re
import signal
import subprocess
import time

import campaign
from books import Books

SAGA = "checkout"
SOURCE = campaign.REPOSITORY / "src" / "app" / "orders" / "sagas" / "checkout.rs"
# A process that is told to abort has done so within this time, or does not come by the point.
DEATH_SECONDS = 30
PATIENCE_SECONDS = 120
DEAD_SAGA = "SELECT kind, status, position FROM sagas WHERE status IN ('running', 'compensating')"


class Cell:
    """A point at which the process aborts, the share of declined cards, and the steps that may be on record by then."""

    def __init__(self, point, declined_percent, statuses, latest):
        self.point, self.declined_percent = point, declined_percent
        self.statuses, self.latest = statuses, latest


def main():
    options = campaign.arguments(__doc__, baskets=None, cells=None, clients=1, seed=1)
    all_cells = cells(steps())
    chosen = all_cells[: options.cells]
    with campaign.running_server(options, campaign.SHORT_LEASES) as (server, work):
        campaign.require_failpoints(server)
        [process] = server.processes.values()
        baskets = campaign.baskets_file(options.baskets, work)
        violations = []
        for number, cell in enumerate(chosen):
            found = try_cell(options, server, process, cell, number, baskets, work)
            found += Books(server.database, server.data_dir).violations()
            violations += [f"{cell.point}: {line}" for line in found]
        _, at_the_end = campaign.audit(server)
        print(f"aborted at {len(chosen)} of {len(all_cells)} points")
        campaign.conclude(violations + at_the_end)


def steps():
    """The names in the saga's table, read from its source."""
    table = re.search(r"static CHECKOUT: .*?finish:", SOURCE.read_text(encoding="utf-8"), re.DOTALL)
    names = re.findall(r'name: "(\w+)"', table.group())
    if len(names) < 2:
        raise campaign.CampaignError(f"no table of steps in {SOURCE}")
    return names


def cells(names):
    """Every point that a checkout comes by, on its way to the end and on its way back from a declined card."""
    forward = []
    for number, name in enumerate(names):
        local = name == "confirm_order"  # commits its record with its effect
        forward.append(Cell(f"saga.{SAGA}.{name}.before", 0, ("running",), number))
        forward.append(Cell(f"saga.{SAGA}.{name}.after", 0, ("running",), number + local))
    last = len(names)
    forward.append(Cell(f"saga.{SAGA}.record.before", 0, ("running",), 0))
    forward.append(Cell(f"saga.{SAGA}.record.after", 0, ("running",), 1))
    forward.append(Cell(f"saga.{SAGA}.finish.before", 0, ("running",), last))
    forward.append(Cell(f"saga.{SAGA}.finish.after", 0, (), last))
    back = [
        Cell(f"saga.{SAGA}.{names[0]}.undo.before", 100, ("compensating",), 1),
        Cell(f"saga.{SAGA}.{names[0]}.undo.after", 100, ("compensating",), 1),
        Cell(f"saga.{SAGA}.fail.before", 100, ("compensating",), 1),
        Cell(f"saga.{SAGA}.fail.after", 100, (), 1),
    ]
    return forward + back


def try_cell(options, server, process, cell, number, baskets, work):
    """Has one customer buy from a process that aborts on the way. Returns what is not as it must be."""
    process.terminate()
    process.environment["BANYAN_FAILPOINTS"] = f"{cell.point}=abort"
    process.start()
    acknowledged = work / f"acknowledged-{number}"
    command = campaign.driver_command(
        options.binaries,
        server,
        "replay",
        baskets=baskets,
        limit=1,
        clients=1,
        seed=options.seed,
        declined_percent=cell.declined_percent,
        key_prefix=f"matrix-{number}",
        acknowledged=acknowledged,
        patience_seconds=PATIENCE_SECONDS,
    )
    with (work / "driver.log").open("a") as log:
        shopper = subprocess.Popen(command, env=campaign.driver_environment(), stdout=log, stderr=log)
    try:
        found = death(process, shopper)
        if found:
            return found
        open_sagas = server.database.rows("orders", DEAD_SAGA)
        found = judge_dead(cell, open_sagas)
        del process.environment["BANYAN_FAILPOINTS"]
        ready = process.start()
        if shopper.wait(PATIENCE_SECONDS) != 0:
            found.append("the customer was left without an answer")
    finally:
        process.environment.pop("BANYAN_FAILPOINTS", None)
        if shopper.poll() is None:
            shopper.kill()
            shopper.wait()
    server.wait_until_quiet()
    answers = [json.loads(line)["http_status"] for line in acknowledged.read_text().splitlines()]
    if answers != [402 if cell.declined_percent else 201]:
        found.append(f"the customer was told {answers}")
    print(f"{cell.point}: aborted with {open_sagas}; ready again in {ready:.2f} s; the customer was told {answers}")
    return found


def death(process, shopper):
    """Waits until the process has aborted."""
    until = time.monotonic() + DEATH_SECONDS
    while process.child.poll() is None and time.monotonic() < until and shopper.poll() is None:
        time.sleep(0.02)
    time.sleep(0.1)
    code = process.child.poll()
    if code == -signal.SIGABRT:
        return []
    if code is None:
        return ["it was not reached: the process lives"]
    return [f"the process ended with {code}"]


def judge_dead(cell, open_sagas):
    """The saga was left at the step that was under way or before it, and never recorded behind it."""
    if not cell.statuses:
        return [f"{open_sagas} is open behind its last write"] if open_sagas else []
    if len(open_sagas) != 1:
        return [f"{open_sagas} instead of one saga under way"]
    [(kind, status, position)] = open_sagas
    if kind != SAGA or status not in cell.statuses or int(position) > cell.latest:
        return [f"{open_sagas} is not at step {cell.latest} or before"]
    return []


campaign.run(main)
