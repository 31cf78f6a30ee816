"""Requests that are sent several times at once under one key, and what they were answered."""

import collections
import concurrent.futures
import threading
import uuid

import client

# More than all customers send at the same time.
SENDERS = 64


class Requests:
    """Sends each request several times at once, and remembers what was answered."""

    def __init__(self, duplicates):
        self.duplicates = duplicates
        self.pool = concurrent.futures.ThreadPoolExecutor(SENDERS)
        self.lock = threading.Lock()
        self.answered, self.told, self.complaints = [], [], []
        self.by_operation, self.cut_off = collections.Counter(), collections.Counter()
        self.replayed = 0

    def send(self, person, operation, method, path, body=None):
        """The one final answer to all duplicates."""
        key = uuid.uuid4().hex
        cut_off = []

        def observe(answer):
            if answer.status == client.CUT_OFF:
                cut_off.append(key)

        def once(_):
            return person.patiently(method, path, body, key, observe)

        answers = list(self.pool.map(once, range(self.duplicates)))
        with self.lock:
            self.by_operation[operation] += 1
            self.cut_off[operation] += bool(cut_off)
            self.replayed += bool(cut_off) and any(answer.is_replayed() for answer in answers)
            self._compare(operation, answers)
            if method == "POST":
                self.answered.append((person, operation, method, path, body, key, answers[0]))
        return answers[0]

    def tell(self, operation, answer, **line):
        with self.lock:
            self.told.append({"operation": operation, "http_status": answer.status} | line)

    def complain(self, complaint):
        with self.lock:
            self.complaints.append(complaint)

    def repeat_all(self):
        """Once all is over each key still has its answer."""

        def again(asked):
            person, operation, method, path, body, key, first = asked
            answer = person.patiently(method, path, body, key)
            with self.lock:
                self._compare(operation, [first, answer])
                if not answer.is_replayed():
                    self.complaints.append(f"{operation} under {key} was carried out again: {answer.status}")

        list(self.pool.map(again, self.answered))
        print(f"{len(self.answered)} keys were used once more")

    def _compare(self, operation, answers):
        different = {(answer.status, essence(answer)) for answer in answers}
        if len(different) != 1:
            self.complaints.append(f"{operation} has {len(different)} answers: {sorted(different)}")


def essence(answer):
    """A problem names the request that met it; everything else is the same for all."""
    members = answer.json()
    members.pop("correlation_id", None)
    return repr(sorted(members.items()))
