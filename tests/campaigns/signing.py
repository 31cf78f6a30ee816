"""How a provider signs a webhook and how a process of the shop signs a call, in the terms of their own specifications."""

import base64
import hashlib
import hmac
import json
import time
import urllib.request
import uuid

HEADER = "Banyan-Simulator-Signature"

# Crockford's base 32, in which TypeIDs are written.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def sign(secret, body, seconds=None):
    """`t=<seconds>,v1=<HMAC SHA-256 of "<seconds>.<body>">`."""
    seconds = int(time.time()) if seconds is None else seconds
    tag = hmac.new(secret.encode(), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={tag}"


def typed_id(prefix, bits):
    """A TypeID: 128 bits as 26 characters."""
    return f"{prefix}_" + "".join(ALPHABET[bits >> 125 - 5 * place & 0x1F] for place in range(26))


class Orders:
    """Calls operations of payments as the process of orders would."""

    def __init__(self, server):
        process = next(process for process in server.processes.values() if "payments" in process.contexts)
        self.url = f"http://{process.environment['BANYAN_INTERNAL_ADDR']}"
        self.secret = server.common["BANYAN_SERVICE_SECRET"].encode()

    def authorize(self, payment):
        operation = {
            "payment_id": payment.id,
            "order_id": payment.order_id,
            "customer_id": payment.customer_id,
            "amount": payment.amount,
            "token": "tok_visa",
        }
        answer = self._call("payments.authorize_payment", operation)
        if "reply" not in answer:
            raise RuntimeError(f"payments does not authorize {payment.id}: {answer}")

    def _call(self, name, operation):
        context = {
            "principal": {"kind": "service", "name": "orders"},
            "correlation_id": str(uuid.uuid4()),
            "trace_parent": None,
            "deadline_ms": 30_000,
            "idempotency_key": None,
            "effect_mode": "live",
        }
        body = json.dumps({"cx": context, "op": operation}).encode()
        target = f"/internal/v1/{name}"
        headers = {"Authorization": f"Bearer {self._token(target, body)}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{target}", body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _token(self, target, body):
        """A JSON Web Token (RFC 7519) for this message."""
        now = int(time.time())
        head = {"typ": "banyan-service+jwt", "alg": "HS256"}
        claims = {"iss": "campaign", "aud": "payments", "op": target, "body": hashlib.sha256(body).hexdigest()}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims | {"iat": now, "exp": now + 60}))
        return f"{signed}.{encoded(hmac.new(self.secret, signed.encode(), hashlib.sha256).digest())}"


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
