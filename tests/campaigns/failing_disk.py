#!/usr/bin/env python3
"""A disk that is full, and one that fails, while orders come in: nothing is acknowledged that is not written.

The data directory is a tmpfs in a mount namespace of this campaign's own. It is filled to the last byte;
and system calls on it are made to fail, the k-th of each thread, with ENOSPC and with EIO (strace's fault injection). A
full disk is answered by problems and heals in place; after a failed write or fsync the process ends at once, without
another fsync of that file, and the next one goes on.
"""

import collections
import itertools
import pathlib
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import time

import campaign
import demo
import small_disk
import tables
from buyers import Buyers, calm

# So small that the logs of five contexts and of the provider's ledger would fill it, if none of them gave space back.
SMALL_MB = 16
# What is bought while it is full, in the space that the logs give back, and until it is full again.
BOUGHT_MB = 2
# And large enough for what is bought between all faults.
LARGE_MB = 64
SYNC, WRITE = "fsync,fdatasync", "pwrite64"
# The k-th call of each thread fails, for k up to this.
K_MAX = 40
# A checkpoint forces these files themselves to the disk, a commit only their logs.
FILES = ("orders.sqlite3", "inventory.sqlite3", "payments.sqlite3", tables.SIMULATOR_FILE)
FULL_SECONDS = 2.0
STRUCK_WITHIN, ENDS_WITHIN = 60, 10
# Calls that strace made fail: `1234 fdatasync(12<.../orders.sqlite3-wal>) = -1 EIO (...) (INJECTED)`.
CALL = re.compile(r"^\d+ +(\w+)\(\d+<([^>]*)>.*= (-?\d+)(?: (\w+))?.*?(\(INJECTED\))?$")


def main():
    options = campaign.arguments(__doc__, trials=120, fills=10, clients=8, seed=None)
    if options.backend != "sqlite":
        raise campaign.CampaignError("the disk under a PostgreSQL is its server's, see full_postgres_disk.py: --backend sqlite")
    if not shutil.which("strace"):
        raise campaign.CampaignError("strace is not installed")
    small_disk.in_a_namespace_of_its_own()
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with campaign.running_server(options, demo.ON, lambda server, _work: small_disk.mount(server.data_dir, SMALL_MB)) as (server, work):
        process = next(iter(server.processes.values()))
        buyers = Buyers(process, options.clients, seed)
        try:
            violations = [*fill(server, process, buyers, options.fills)]
            small_disk.resize(server.data_dir, LARGE_MB)
            violations += fail(process, buyers, work, options.trials)
        finally:
            buyers.leave()
        violations += buyers.broken
        books, found = campaign.audit(server, buyers.called_off)
        violations += [*found, *demo.compare(books, buyers.confirmed), *intact(server.data_dir), *calm(process)]
        small_disk.unmount(server.data_dir)
        campaign.conclude(violations)


# ---- the disk is full ------------------------------------------------------------------------------------------------


def fill(server, process, buyers, fills):
    """Fills the disk so many times, and has it heal."""
    ballast, ended = server.data_dir / "ballast", 0
    for number in range(fills):
        small_disk.resize(server.data_dir, SMALL_MB + number * BOUGHT_MB)
        buyers.wait_for_orders(1)
        put_off = buyers.put_off
        small_disk.fill_to_the_last_byte(ballast)
        time.sleep(FULL_SECONDS)
        if buyers.put_off == put_off:
            yield "nobody was put off while the disk was full: the campaign shows nothing"
        if process.child.poll() is None:
            with ballast.open("r+b") as file:
                file.truncate(0)
        else:
            ended += 1
            ballast.unlink()
            process.start()
        buyers.wait_for_orders(1)
    ballast.unlink(missing_ok=True)
    print(f"disk full {fills} times, {buyers.put_off} requests put off; the process ended {ended} times")


# ---- the disk fails --------------------------------------------------------------------------------------------------


class Fault:
    """Which system calls fail, how, and whether the process has to end of it."""

    def __init__(self, name, calls, error, has_to_end, file=None):
        self.name, self.calls, self.error, self.has_to_end, self.file = name, calls, error, has_to_end, file


def faults(trials):
    """Each in turn, with its k."""
    rounds = -(-trials // 4)
    for number in range(rounds):
        k = 1 + number * K_MAX // rounds
        yield Fault("EIO of an fsync", SYNC, "EIO", True), k
        yield Fault("ENOSPC of a write", WRITE, "ENOSPC", False), k
        yield Fault("EIO of a write", WRITE, "EIO", True), k
        yield Fault("EIO of a checkpoint's fsync", SYNC, "EIO", True, FILES[number % len(FILES)]), 1


def fail(process, buyers, work, trials):
    struck, ended = collections.Counter(), collections.Counter()
    for fault, k in itertools.islice(faults(trials), trials):
        trace = work / "trace"
        with Injection(process, fault, k, trace) as injection:
            injection.wait_until_struck()
            struck[fault.name] += 1
            code = end_of(process) if fault.has_to_end else process.child.poll()
        where = f"{fault.name}, k = {k}, {fault.file or 'any file'}"
        if fault.has_to_end and code is None:
            yield f"{where}: the process went on"
        if code not in (None, -signal.SIGABRT):
            yield f"{where}: the process ended with {code}\n{process.log_tail()}"
        yield from (f"{where}: {line}" for line in forced_again(trace))
        if code is not None:
            ended[fault.name] += 1
            process.start()
        buyers.wait_for_orders(1)
        trace.unlink()
    print(f"{trials} trials; struck {dict(struck)}; the process ended {dict(ended)}")


class Injection:
    """strace at a process that runs, making one call of each thread fail."""

    def __init__(self, process, fault, k, trace):
        self.process, self.trace = process, trace
        self.command = ["strace", "-f", "-y", "-q", "-o", str(trace), "-e", f"trace={fault.calls}"]
        self.command += ["-e", f"inject={fault.calls}:error={fault.error}:when={k}", "-p", str(process.child.pid)]
        if fault.file:
            self.command += ["-P", f"{process.environment['BANYAN_DATA_DIR']}/{fault.file}"]

    def __enter__(self):
        self.strace = subprocess.Popen(self.command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        if self.strace.poll() is None:
            self.strace.send_signal(signal.SIGINT)
        self.strace.wait()

    def wait_until_struck(self):
        until = time.monotonic() + STRUCK_WITHIN
        while time.monotonic() < until:
            if self.trace.exists() and "(INJECTED)" in self.trace.read_text(errors="replace"):
                return
            time.sleep(0.02)
        raise campaign.CampaignError(f"the fault did not strike: {' '.join(self.command)}")


def end_of(process):
    """The exit code, or None where it goes on."""
    try:
        return process.child.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        return None


def forced_again(trace):
    """Files whose fsync went well after it had failed."""
    failed, again = set(), set()
    for line in trace.read_text(errors="replace").splitlines():
        call = CALL.match(line)
        if call is None or "sync" not in call[1]:
            continue
        if call[5]:
            failed.add(call[2])
        elif call[3] == "0" and call[2] in failed:
            again.add(call[2])
    return [f"{path} was forced to the disk again after that had failed" for path in sorted(again)]


# ---- the verdict -----------------------------------------------------------------------------------------------------


def intact(data_dir):
    for path in sorted(pathlib.Path(data_dir).glob("*.sqlite3")):
        connection = sqlite3.connect(path)
        found = connection.execute("PRAGMA integrity_check").fetchall()
        connection.close()
        if found != [("ok",)]:
            yield f"{path.name}: {found}"


campaign.run(main)
