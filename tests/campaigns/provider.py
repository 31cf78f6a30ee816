"""The simulated payment provider as a process of its own."""

import json
import os
import subprocess
import urllib.request
import uuid

import campaign
import tables

# The shop and the provider sign and check what the provider tells with the same secret.
WEBHOOK_SECRET = "BANYAN_PROVIDER_WEBHOOK_SECRET"


class Provider:
    """`banyan payments-simulator`, which keeps its ledger in the directory of the shop.

    With `webhooks` it tells the shop, whose `url` it has to know before it starts, of everything by itself as well.
    """

    def __init__(self, binaries, seed, faults="", hold_ms=1_000, slow_ms=300, webhooks=False):
        self.binary = binaries.resolve() / "banyan"
        self.seed, self.faults, self.hold_ms, self.slow_ms = seed, faults, hold_ms, slow_ms
        self.url = f"http://127.0.0.1:{campaign.free_port()}"
        self.child = self.work = self.data_dir = self.shop_url = None
        self.secret = uuid.uuid4().hex if webhooks else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child is not None:
            self.child.terminate()
            self.child.wait()

    def environment(self):
        """What a shop has to be told of this provider."""
        shop = {"BANYAN_PROVIDER_URL": self.url}
        return shop | {WEBHOOK_SECRET: self.secret} if self.secret else shop

    def start(self, server, work):
        self.work, self.data_dir, self.shop_url = work, server.data_dir, server.url
        self._launch(self.faults)

    def heal(self):
        """The same ledger behind a process that does everything right. Returns how often what went wrong before."""
        struck = self.struck()
        self.become("")
        return struck

    def become(self, faults):
        """The same ledger behind a process that does this wrong."""
        self.child.terminate()
        self.child.wait()
        self._launch(faults)

    def _launch(self, faults):
        command = [self.binary, "payments-simulator", "--listen", self.url.removeprefix("http://")]
        command += ["--faults", faults, "--seed", str(self.seed)]
        command += ["--hold-ms", str(self.hold_ms), "--slow-ms", str(self.slow_ms), "--data-dir", str(self.data_dir)]
        environment = dict(os.environ)
        if self.secret:
            command += ["--webhook-url", f"{self.shop_url}/api/v1/payments/webhooks/simulator"]
            environment[WEBHOOK_SECRET] = self.secret
        with (self.work / "provider.log").open("ab") as log:
            self.child = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL
            )
        if not self.child.stdout.readline():
            raise campaign.CampaignError(f"the provider does not start: {(self.work / 'provider.log').read_text()}")

    def struck(self):
        with urllib.request.urlopen(f"{self.url}/v1/faults", timeout=10) as answer:
            return json.load(answer)

    def rows(self, query):
        """From the ledger's own file."""
        return tables.simulator_rows(self.data_dir, query)

    def webhooks(self):
        """The bodies of those that were delivered."""
        return [body for (body,) in self.rows(tables.WEBHOOKS)]

    def standings(self):
        """The id and the status of every webhook, sent or not."""
        return self.rows(tables.WEBHOOK_STANDINGS)

    def ask(self, method, path, body):
        """As the shop would."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
