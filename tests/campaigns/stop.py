#!/usr/bin/env python3
"""The shop is told to stop again and again while orders come in: whatever it accepted it also answers, and ends by itself.

Buyers do as a load balancer does: they send nobody new to a process that says it is not ready any more.
"""

import collections
import http.client
import random
import secrets
import signal
import threading
import time
import uuid

import campaign
import demo

# Seconds between ready and the signal.
SHORTEST_LIFE, LONGEST_LIFE = 0.2, 1.0
# A process ends within this time after the signal, whatever is under way.
END_SECONDS = 30
LOOK_EVERY = 0.005


def main():
    options = campaign.arguments(__doc__, stops=50, clients=16, seed=None)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with campaign.running_server(options, demo.ON) as (server, _work):
        process = next(iter(server.processes.values()))
        buyers = Buyers(process, options.clients)
        try:
            stops = [stop_once(process, buyers, random.Random(seed + number)) for number in range(options.stops)]
        finally:
            buyers.leave()
        ended, told = max(stop.ended for stop in stops), sum(stop.told for stop in stops)
        print(f"{len(stops)} stops, {told} of them announced by a 503; ended within {ended:.2f} s at worst")
        print(f"answers: {dict(sorted(buyers.answers.items()))}")
        books, violations = campaign.audit(server)
        if told < len(stops):
            violations.append(f"{len(stops) - told} times the door was closed without notice")
        if buyers.under_way < len(stops):
            violations.append("fewer requests were under way than there were stops: the campaign shows nothing")
        campaign.conclude([*buyers.broken, *violations, *demo.compare(books, buyers.confirmed)])


class Stop:
    """What was seen of one stop."""

    def __init__(self, told, ended):
        self.told, self.ended = told, ended


def stop_once(process, buyers, chance):
    buyers.open()
    time.sleep(chance.uniform(SHORTEST_LIFE, LONGEST_LIFE))
    buyers.note_what_is_under_way()
    started = time.monotonic()
    process.child.send_signal(signal.SIGTERM)
    told = False
    while process.child.poll() is None and not told:
        told = readiness(process) == 503
        time.sleep(LOOK_EVERY)
    buyers.close()
    code = process.child.wait(END_SECONDS)
    ended = time.monotonic() - started
    if code != 0:
        raise campaign.CampaignError(f"{process.name} ended with {code} after SIGTERM\n{process.log_tail()}")
    process.start()
    return Stop(told, ended)


def readiness(process):
    try:
        return demo.request(process, "GET", "/health/ready")[0]
    except (ConnectionError, http.client.HTTPException, TimeoutError):
        return None


class Buyers:
    """Threads that buy while the door is open."""

    def __init__(self, process, count):
        self.process = process
        self.answers = collections.Counter()
        self.confirmed, self.broken = [], []
        self.sent = self.answered = self.under_way = 0
        self._door, self._lock, self._over = threading.Event(), threading.Lock(), False
        self.headers, self.products = demo.sign_in(process), demo.products_in_stock(process)
        self.threads = [threading.Thread(target=self._buy, args=(number,), daemon=True) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def open(self):
        self._door.set()

    def close(self):
        self._door.clear()

    def note_what_is_under_way(self):
        with self._lock:
            self.under_way += self.sent - self.answered

    def leave(self):
        self._over = True
        self._door.set()
        for thread in self.threads:
            thread.join()

    def _buy(self, number):
        chance = random.Random(number)
        while True:
            self._door.wait()
            if self._over:
                return
            body = demo.purchase(chance, self.products)
            with self._lock:
                self.sent += 1
            try:
                headers = {**self.headers, "Idempotency-Key": str(uuid.uuid4())}
                status, said, _ = demo.request(self.process, "POST", "/api/v1/orders", body, headers)
                self._note(status, said)
            except (ConnectionError, http.client.HTTPException, TimeoutError) as error:
                self._note_broken(error)

    def _note(self, status, said):
        with self._lock:
            self.answered += 1
            self.answers[f"{status} {said.get('code', '')}".strip()] += 1
            if status == 201:
                self.confirmed.append(said["id"])
            elif status != 409:
                self.broken.append(f"an order was answered by {status} {said}")

    def _note_broken(self, error):
        with self._lock:
            self.answered += 1
            self.answers["none"] += 1
            self.broken.append(f"a request was not answered: {error!r}")


campaign.run(main)
