"""HTTP as any client of the shop speaks it."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request

# Instead of a status: there was nobody to ask, or nobody answered what was asked.
UNREACHABLE, CUT_OFF = 0, -1
TIMEOUT_SECONDS = 60
# What a client is told to ask again, under the same key.
BUSY = ("idempotency_key_in_flight", "order_busy", "payment_busy")
PAUSE_SECONDS = 0.1
JSON = {"Content-Type": "application/json"}
ADDRESS = {"street": "1 Fig Tree Lane", "city": "Berlin", "state": "", "zip_code": "10115", "country": "DE"}


class Answer:
    def __init__(self, status, text=b"", headers=None):
        self.status, self.text, self.headers = status, text, headers or {}

    def json(self):
        return json.loads(self.text) if self.text else {}

    def is_replayed(self):
        return self.headers.get("Idempotent-Replayed") == "true"

    def is_final(self):
        if self.status in (UNREACHABLE, CUT_OFF, 429, 503, 504):
            return False
        return self.status != 409 or self.json().get("code") not in BUSY


def ask(url, method="GET", body=None, token=None, key=None, etag=None):
    """One request, and never an exception for what came of it."""
    headers = dict(JSON) if body is not None else {}
    for name, value in (("Authorization", token and f"Bearer {token}"), ("Idempotency-Key", key), ("If-Match", etag)):
        if value:
            headers[name] = value
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return Answer(answer.status, answer.read(), answer.headers)
    except urllib.error.HTTPError as error:
        try:
            return Answer(error.code, error.read(), error.headers)
        except (ConnectionError, TimeoutError, http.client.HTTPException):
            return Answer(CUT_OFF)
    except urllib.error.URLError as error:
        return Answer(UNREACHABLE if isinstance(error.reason, ConnectionRefusedError) else CUT_OFF)
    except (ConnectionError, TimeoutError, http.client.HTTPException):
        return Answer(CUT_OFF)


class Person:
    """Somebody with an account, who signs in again when the token has run out, and asks until there is an answer."""

    def __init__(self, server, email, password, patience_seconds):
        self.url, self.patience_seconds = server.url, patience_seconds
        self.credentials = {"email": email, "password": password}
        self.token = None
        self.signing_in = threading.Lock()

    def register(self):
        person = self.credentials | {"first_name": "Ada", "last_name": "Fig"}
        answer = ask(f"{self.url}/api/v1/users/register", "POST", person)
        if answer.status != 201:
            raise RuntimeError(f"cannot register {person['email']}: {answer.status} {answer.text}")
        return self

    def patiently(self, method, path, body=None, key=None, observe=lambda answer: None):
        """The final answer, or the last one when the patience is used up."""
        until = time.monotonic() + self.patience_seconds
        while True:
            token = self.token
            answer = ask(f"{self.url}{path}", method, body, token, key) if token else Answer(401)
            observe(answer)
            if answer.status == 401:
                self.sign_in(token)
            elif answer.is_final():
                return answer
            if time.monotonic() > until:
                return answer
            time.sleep(PAUSE_SECONDS)

    def sign_in(self, old):
        """Once, however many find at the same time that the token is of no use any more."""
        with self.signing_in:
            if self.token == old:
                answer = ask(f"{self.url}/api/v1/users/login", "POST", self.credentials)
                self.token = answer.json()["access_token"] if answer.status == 200 else None
