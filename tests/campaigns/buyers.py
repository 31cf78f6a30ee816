"""Buyers who repeat each purchase under its key until it is answered, for campaigns that take the shop's disk away."""

import collections
import http.client
import json
import random
import threading
import time
import uuid

import campaign
import demo

# Answers to a purchase while the disk is not well: problems that ask to come back.
PUT_OFF = {503, 504, 507}
HEALS_WITHIN, GIVE_UP_SECONDS = 30, 60


class Buyers:
    """Each buys again and again, and repeats what was not answered, under its key, until it is."""

    def __init__(self, process, count, seed):
        self.process = process
        self.answers = collections.Counter()
        # Orders that were told to be there, and to be called off, and what was told wrong.
        self.confirmed, self.called_off, self.broken = [], set(), []
        self.put_off = 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self.headers, self.products = demo.sign_in(process), demo.products_in_stock(process)
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

    def _shop(self, seed):
        chance = random.Random(seed)
        while not self._over.is_set():
            self._buy(demo.purchase(chance, self.products), self.headers | {"Idempotency-Key": str(uuid.uuid4())})

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
            status, said, given = demo.request(self.process, "POST", "/api/v1/orders", body, headers)
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
            elif said.get("code") == "order_abandoned":
                # A step could not be taken for seconds, and what had been done was undone.
                self.called_off.add(said["order_id"])
                return True
            elif said.get("code") == "out_of_stock" or said.get("reason") == "provider_failure":
                # The provider's ledger is on the same disk: a purchase that was called off for it holds nothing.
                return True
            else:
                self.broken.append(f"an order was answered by {status} {said}")
                return True
        return False


def calm(process):
    panics = [line for line in process.log.read_text(errors="replace").splitlines() if "panicked" in line]
    yield from panics[:5]
