#!/usr/bin/env python3
"""A disk that is full, and one that fails, while orders come in: nothing is acknowledged that is not written.

The data directory is a tmpfs in a mount namespace of this campaign's own. It is filled to the last byte;
and system calls on it are made to fail, the k-th of each thread, with ENOSPC and with EIO (strace's fault injection). A
full disk is answered by problems and heals in place; after a failed write or fsync the process ends at once, without
another fsync of that file, and the next one goes on.
"""

import collections
import http.client
import itertools
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid

import campaign
import tables

# The demo's customer and products: there is something to buy, and everybody knows the password.
EMAIL, PASSWORD = "customer@banyan.example", "aerial-roots-customer"
TMPFS_MB = 64
SYNC, WRITE = "fsync,fdatasync", "pwrite64"
# The k-th call of each thread fails, for k up to this.
K_MAX = 40
# A checkpoint forces these files themselves to the disk, a commit only their logs.
FILES = ("orders.sqlite3", "inventory.sqlite3", "payments.sqlite3", tables.SIMULATOR_FILE)
# Answers to a purchase while the disk is not well: problems that ask to come back.
PUT_OFF = {503, 504, 507}
FULL_SECONDS = 2.0
STRUCK_WITHIN, ENDS_WITHIN, HEALS_WITHIN, GIVE_UP_SECONDS = 60, 10, 30, 60
# Calls that strace made fail: `1234 fdatasync(12<.../orders.sqlite3-wal>) = -1 EIO (...) (INJECTED)`.
CALL = re.compile(r"^\d+ +(\w+)\(\d+<([^>]*)>.*= (-?\d+)(?: (\w+))?.*?(\(INJECTED\))?$")


def main():
    options = campaign.arguments(__doc__, trials=120, fills=10, clients=8, seed=None)
    if options.backend != "sqlite":
        raise campaign.CampaignError("the disk under a server of PostgreSQL is its own: --backend sqlite")
    in_a_namespace_of_its_own()
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with campaign.running_server(options, {"BANYAN_DEMO": "on"}, mount) as (server, work):
        process = next(iter(server.processes.values()))
        buyers = Buyers(process, options.clients, seed)
        try:
            violations = [*fill(server, process, buyers, options.fills)]
            violations += fail(process, buyers, work, options.trials)
        finally:
            buyers.leave()
        violations += buyers.broken
        books, found = campaign.audit(server)
        violations += [*found, *compare(books, buyers), *intact(server.data_dir), *calm(process)]
        subprocess.run(["umount", server.data_dir], check=True)
        campaign.conclude(violations)


def in_a_namespace_of_its_own():
    """Mounts made from here on are seen by this process and its children alone, and go with them."""
    marker = "BANYAN_CAMPAIGN_UNSHARED"
    if marker in os.environ:
        return
    if not shutil.which("strace"):
        raise campaign.CampaignError("strace is not installed")
    sys.stdout.flush()
    # Who is not root becomes it in there, where the system lets them.
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *as_root, "--mount", "--propagation", "private", sys.executable, "-B", *sys.argv]
    os.execvpe(command[0], command, os.environ | {marker: "1"})


def mount(server, _work):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}m", "tmpfs", server.data_dir], check=True)


# ---- the disk is full ------------------------------------------------------------------------------------------------


def fill(server, process, buyers, fills):
    """Fills the disk so many times, and has it heal."""
    ballast, ended = server.data_dir / "ballast", 0
    for _fill in range(fills):
        buyers.wait_for_orders(1)
        put_off = buyers.put_off
        fill_to_the_last_byte(ballast)
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


def fill_to_the_last_byte(ballast):
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                pass


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


# ---- buyers ----------------------------------------------------------------------------------------------------------


class Buyers:
    """Each buys again and again, and repeats what was not answered, under its key, until it is."""

    def __init__(self, process, count, seed):
        self.process = process
        self.answers = collections.Counter()
        self.confirmed, self.broken = [], []
        self.put_off = 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self.headers = {"Authorization": f"Bearer {self._sign_in()}", "Content-Type": "application/json"}
        self.products = self._products_in_stock()
        self.threads = [threading.Thread(target=self._shop, args=(seed + n,), daemon=True) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def wait_for_orders(self, count):
        """So many more orders are confirmed."""
        wanted, until = len(self.confirmed) + count, time.monotonic() + HEALS_WITHIN
        while len(self.confirmed) < wanted:
            if time.monotonic() > until:
                raise campaign.CampaignError(
                    f"no order within {HEALS_WITHIN} s: {dict(self.answers)}\n{self.process.log_tail()}"
                )
            time.sleep(0.02)

    def leave(self):
        self._over.set()
        for thread in self.threads:
            thread.join()
        print(f"answers: {dict(sorted(self.answers.items()))}")

    def _sign_in(self):
        body = {"email": EMAIL, "password": PASSWORD}
        return self._request("POST", "/api/v1/users/login", body, {"Content-Type": "application/json"})[1]["access_token"]

    def _products_in_stock(self):
        until = time.monotonic() + HEALS_WITHIN
        while time.monotonic() < until:
            page = self._request("GET", "/api/v1/products?in_stock=true&limit=50", None, {})[1]
            if len(page["data"]) == 50:
                return [product["id"] for product in page["data"]]
            time.sleep(0.1)
        raise campaign.CampaignError("the catalog does not know of the stock")

    def _request(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self.process.url.removeprefix("http://"), timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()), answer.headers
        finally:
            connection.close()

    def _shop(self, seed):
        chance = random.Random(seed)
        while not self._over.is_set():
            body = {
                "items": [{"product_id": chance.choice(self.products), "quantity": 1}],
                "shipping_address": {"street": "1 Fig Tree Lane", "city": "Ulm", "zip_code": "89073", "country": "DE"},
                "payment": {"token": "tok_visa"},
            }
            self._buy(body, self.headers | {"Idempotency-Key": str(uuid.uuid4())})

    def _buy(self, body, headers):
        until = None
        while True:
            answered = self._try(body, headers)
            if answered:
                return
            # Who is put off comes back, also when the campaign is over, until there is an answer.
            if self._over.is_set():
                until = until or time.monotonic() + GIVE_UP_SECONDS
                if time.monotonic() > until:
                    with self._lock:
                        self.broken.append(f"a purchase was never answered: {headers['Idempotency-Key']}")
                    return
            time.sleep(0.1)

    def _try(self, body, headers):
        try:
            status, said, given = self._request("POST", "/api/v1/orders", body, headers)
        except (ConnectionError, http.client.HTTPException, TimeoutError, json.JSONDecodeError):
            with self._lock:
                self.answers["none"] += 1
            return False
        with self._lock:
            self.answers[f"{status} {said.get('code', '')}".strip()] += 1
            if status == 201:
                self.confirmed.append(said["id"])
                return True
            if given["Content-Type"] != "application/problem+json":
                self.broken.append(f"{status} is no problem document: {said}")
            if status in PUT_OFF or said.get("code") == "idempotency_key_in_flight":
                self.put_off += 1
                if "Retry-After" not in given:
                    self.broken.append(f"{status} without Retry-After")
            elif said.get("code") == "out_of_stock" or said.get("reason") == "provider_failure":
                # The provider's ledger is on the same disk: a purchase that was called off for it holds nothing.
                return True
            else:
                self.broken.append(f"an order was answered by {status} {said}")
                return True
        return False


# ---- the verdict -----------------------------------------------------------------------------------------------------


def compare(books, buyers):
    paid = books.paid_orders()
    print(f"acknowledged: {len(buyers.confirmed)} confirmed; database: {len(paid)} confirmed orders")
    if len(set(buyers.confirmed)) != len(buyers.confirmed):
        yield "two purchases were told of the same order"
    for order_id in set(buyers.confirmed) - paid.keys():
        yield f"acknowledged and lost: {order_id}"
    for order_id in paid.keys() - set(buyers.confirmed):
        yield f"order {order_id} is confirmed and nobody was told"


def intact(data_dir):
    for path in sorted(pathlib.Path(data_dir).glob("*.sqlite3")):
        connection = sqlite3.connect(path)
        found = connection.execute("PRAGMA integrity_check").fetchall()
        connection.close()
        if found != [("ok",)]:
            yield f"{path.name}: {found}"


def calm(process):
    panics = [line for line in process.log.read_text(errors="replace").splitlines() if "panicked" in line]
    yield from panics[:5]


campaign.run(main)
