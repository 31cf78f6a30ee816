#!/usr/bin/env python3
"""The PostgreSQL under the shop is restarted, killed, promoted and locked while orders come in; the shop's process stays.

Somebody looks at the shop all the time and notes every answer: nothing fails but what was sent while the server was away or
within a second after. Deliveries are repeated under their key until they are acknowledged, and each of them has arrived once.
"""

import collections
import http.client
import json
import os
import random
import secrets
import threading
import time
import urllib.parse
import uuid

import campaign
from postgres_server import PostgresServer
from shoppers import Shoppers, compare

# What the shop is given to notice that the server is there again.
GRACE_SECONDS = 1.0
# A refusal comes within two seconds; lists of a page ask more than one database.
ANSWER_SECONDS = 4.0
# A restart keeps the server away for longer than the shop waits for a connection, so that readiness has to notice.
AWAY_SECONDS = 2.5
LOCK_SECONDS = 5
LOOK_EVERY = 0.05
# A delivery is tried again until it is acknowledged.
DELIVERY_SECONDS = 60
LOCKED = ("orders.orders", "inventory.stock_levels", "payments.payments", "catalog.products", "identity.users")
CLIENTS = "backend_type = 'client backend' AND datname LIKE 'campaign_%'"


def main():
    options = campaign.arguments(__doc__, baskets=None, limit=2500, clients=16, faults=60, seconds=300, seed=None)
    if options.backend != "postgres":
        raise campaign.CampaignError("there is no server to be disturbed: --backend postgres")
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    postgres = PostgresServer()
    try:
        postgres.start()
        os.environ["BANYAN_TEST_POSTGRES_URL"] = postgres.url
        with campaign.running_server(options) as (server, work):
            disturb(options, postgres, server, work, seed)
    finally:
        postgres.stop()


def disturb(options, postgres, server, work, seed):
    process = next(iter(server.processes.values()))
    pid = process.child.pid
    # Cards whose answer is lost make sagas that wait, and there is enough to wait for here.
    shoppers = Shoppers(options, server, work, seed, timeouts=0)
    shoppers.ensure_they_shop()
    watch = Watch(process, campaign.staff_token(server))
    faults = Faults(postgres, server, random.Random(seed))
    try:
        watch.start()
        until = time.monotonic()
        for number in range(options.faults):
            shoppers.ensure_they_shop()
            faults.strike(number)
            until += options.seconds / options.faults
            time.sleep(max(until - time.monotonic(), GRACE_SECONDS))
        complaints = shoppers.wait()
    finally:
        watch.stop()
        shoppers.leave()
    violations = [*complaints, *faults.violations(), *watch.violations(faults.outages)]
    if process.child.poll() is not None or process.child.pid != pid:
        violations.append("the shop's process is not the one that was started")
    books, wrong = campaign.audit(server)
    violations += [*wrong, *watch.deliveries_that_differ(server.database)]
    faults.report()
    watch.report(faults.outages)
    print(f"{shoppers.waves} wave(s) of {options.limit} baskets; {shoppers.cut_off} requests were cut off or put off")
    campaign.conclude([*violations, *compare(books, shoppers.acknowledged(), shoppers.baskets)])


class Outage:
    def __init__(self, kind, began, ended):
        self.kind, self.began, self.ended = kind, began, ended

    def explains(self, sent, answered):
        return sent <= self.ended + GRACE_SECONDS and answered >= self.began


class Faults:
    """One kind after the other, in an order that chance decides."""

    def __init__(self, postgres, server, chance):
        self.postgres, self.chance = postgres, chance
        [self.database] = server.databases.values()
        self.outages = []
        self.struck = collections.Counter()
        self.kinds = {
            "immediate restart": lambda: (*self.postgres.restart_immediately(AWAY_SECONDS), 1),
            "kill -9 of a backend": lambda: (*self.postgres.kill(CLIENTS), 1),
            "kill -9 of the checkpointer": lambda: (*self.postgres.kill("backend_type = 'checkpointer'"), 1),
            "all connections terminated": lambda: self.postgres.terminate(CLIENTS),
            "standby promoted": self._promote,
            f"table locked for {LOCK_SECONDS} s": self._lock,
        }
        self.turn = []

    def strike(self, number):
        if not self.turn:
            self.turn = self.chance.sample(list(self.kinds), len(self.kinds))
        kind = self.turn.pop()
        began, ended, felt = self.kinds[kind]()
        self.outages.append(Outage(kind, began, ended))
        # A fault that met nobody is none.
        self.struck[kind] += felt > 0
        print(f"fault {number + 1}: {kind}, {ended - began:.2f} s", flush=True)

    def _promote(self):
        self.postgres.prepare_standby()
        return (*self.postgres.promote_standby(), 1)

    def _lock(self):
        return self.postgres.hold_lock(self.database, self.chance.choice(LOCKED), LOCK_SECONDS)

    def report(self):
        for kind, count in self.struck.items():
            longest = max(outage.ended - outage.began for outage in self.outages if outage.kind == kind)
            print(f"{count} x {kind}; the longest took {longest:.2f} s")

    def violations(self):
        done = collections.Counter(outage.kind for outage in self.outages)
        for kind, count in done.items():
            if self.struck[kind] < count:
                yield f"{kind}: {count - self.struck[kind]} of {count} met nobody, which shows nothing"


class Answer:
    def __init__(self, what, sent, answered, status, code, retry_after):
        self.what, self.sent, self.answered = what, sent, answered
        self.status, self.code, self.retry_after = status, code, retry_after

    def is_fine(self):
        return self.status in (200, 201)

    def is_honest(self):
        """A failure that says what it is, and when to come back."""
        return self.status in (503, 504) and self.retry_after is not None

    def __str__(self):
        return f"{self.what} was answered by {self.status} {self.code} after {self.answered - self.sent:.2f} s"


class Watch:
    """Threads that ask the shop the same again and again, and note every answer with its time."""

    def __init__(self, process, token):
        address = urllib.parse.urlsplit(process.url)
        self.address = (address.hostname, address.port)
        self.staff = {"Authorization": f"Bearer {token}"}
        self.answers, self.lives, self.readiness = [], [], []
        self.delivered, self.unacknowledged, self.unknown = 0, [], 0
        self.product = self._make_product()
        self.over = threading.Event()
        stock = f"/api/v1/products/{self.product}/inventory"
        profile = lambda: self._ask("GET", "/api/v1/users/profile", self.staff)
        acts = [
            (self.answers, lambda: self._ask("GET", "/api/v1/products?limit=5", {})),
            (self.answers, lambda: self._ask("GET", stock, {})),
            (self.answers, profile),
            (self.lives, lambda: self._ask("GET", "/health/live", {})),
            (self.readiness, lambda: self._ask("GET", "/health/ready", {})),
        ]
        self.threads = [threading.Thread(target=self._look, args=act, daemon=True) for act in acts]
        self.threads.append(threading.Thread(target=self._deliver, args=(stock,), daemon=True))

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            if thread.ident is not None:
                thread.join()

    def violations(self, outages):
        for answer in self.answers:
            took = answer.answered - answer.sent
            if took > ANSWER_SECONDS:
                yield f"{answer}, which is too long"
            if answer.is_fine():
                continue
            if not answer.is_honest():
                yield f"{answer}, which is no way to say so"
            if not any(outage.explains(answer.sent, answer.answered) for outage in outages):
                yield f"{answer}, {self._since(answer, outages)}"
        yield from (f"{answer}: it lives all the same" for answer in self.lives if answer.status != 200)
        for key in self.unacknowledged:
            yield f"the delivery {key} was never acknowledged"
        if not any(not answer.is_fine() for answer in self.answers):
            yield "nobody noticed anything, which shows nothing"
        if not any(answer.status == 503 for answer in self.readiness):
            yield "the shop was ready all the time, which shows nothing"
        if self.readiness and self.readiness[-1].status != 200:
            yield "the shop is not ready again"

    def deliveries_that_differ(self, database):
        query = f"SELECT on_hand FROM stock_levels WHERE product_id = '{self.product}'"
        [[on_hand]] = database.rows("inventory", query)
        if int(on_hand) != self.delivered:
            yield f"{self.delivered} deliveries of a piece were acknowledged, and {on_hand} pieces are there"

    def report(self, outages):
        failed = [answer for answer in self.answers if not answer.is_fine()]
        longest = max((answer.answered - answer.sent for answer in failed), default=0)
        print(f"{len(self.answers)} answers noted, {len(failed)} of them failures, the slowest of which took {longest:.2f} s")
        # Of two outages that follow closely, one explains what was sent behind the first and before the second.
        behind = [
            min((answer.sent - outage.ended for outage in outages if outage.explains(answer.sent, answer.answered)), default=0)
            for answer in failed
        ]
        print(f"the last request that failed was sent {max([0, *behind]):.2f} s after the server was there again")
        not_ready = sum(answer.status == 503 for answer in self.readiness)
        print(f"not ready {not_ready} of {len(self.readiness)} times, alive {len(self.lives)} of {len(self.lives)} times")
        print(f"{self.delivered} deliveries, each once; {self.unknown} attempts had an unknown outcome")

    def _since(self, answer, outages):
        before = [outage for outage in outages if outage.ended < answer.sent]
        if not before:
            return "before anything had happened"
        return f"sent {answer.sent - before[-1].ended:.2f} s after: {before[-1].kind}"

    def _look(self, answers, ask):
        while not self.over.wait(LOOK_EVERY):
            answers.append(ask())

    def _deliver(self, path):
        body = {"kind": "receive", "quantity": 1, "reason": "delivery"}
        while not self.over.wait(LOOK_EVERY):
            key = uuid.uuid4().hex
            until = time.monotonic() + DELIVERY_SECONDS
            while True:
                answer = self._ask("POST", path, self.staff | {"Idempotency-Key": key}, body)
                self.answers.append(answer)
                self.unknown += answer.status == 504
                if answer.is_fine():
                    self.delivered += 1
                    break
                if time.monotonic() > until:
                    self.unacknowledged.append(key)
                    break
                time.sleep(LOOK_EVERY)

    def _make_product(self):
        price = {"amount": 100, "currency": "EUR"}
        body = {"sku": "WATCHED", "name": "A watched fig", "description": "", "price": price}
        made = self._send("POST", "/api/v1/products", self.staff, body)[2]
        return made["id"]

    def _ask(self, method, path, headers, body=None):
        sent = time.monotonic()
        try:
            status, head, said = self._send(method, path, headers, body)
        except (OSError, http.client.HTTPException) as error:
            return Answer(f"{method} {path}", sent, time.monotonic(), 0, repr(error), None)
        code = said.get("code", "") if isinstance(said, dict) else ""
        return Answer(f"{method} {path}", sent, time.monotonic(), status, code, head.get("Retry-After"))

    def _send(self, method, path, headers, body=None):
        connection = http.client.HTTPConnection(*self.address, timeout=40)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read() or "null")
        finally:
            connection.close()


campaign.run(main)
