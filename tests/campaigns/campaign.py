"""What every campaign needs: a shop of its own on databases of its own, the load driver, and a verdict."""

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import client
import tables
import topology
from books import Books

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
REAL_BASKETS = REPOSITORY.parent / "shared" / "data" / "grocery-baskets.csv"

ADMIN_EMAIL = "staff@example.com"
ADMIN_PASSWORD = "the campaign opens the shop"  # of a server that lives for minutes, on this machine alone
READY_SECONDS = 30
STOP_SECONDS = 30
# Within this time after the last fault every saga has ended.
CONVERGENCE_SECONDS = 60
# On PostgreSQL what a process did that was killed waits for its leases. Where a shop is killed again and again they are kept
# short: customers who wait would be all that the next kill meets.
SHORT_LEASES = {"BANYAN_LEASE_MS": "1000", "BANYAN_SAGA_LEASE_MS": "1000"}


def target_folder():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))


def arguments(description, **options):
    """Parses the command line: what all campaigns have in common, and one option for each keyword with its default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--backend", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--topology", choices=topology.names(), default="one", help="a file of deploy/compose")
    parser.add_argument("--broker", action="store_true", help="events travel over BANYAN_TEST_AMQP_URL")
    release = target_folder() / "release"
    parser.add_argument("--binaries", type=pathlib.Path, default=release, help="where banyan and banyan-load are")
    for name, default in options.items():
        option = f"--{name.replace('_', '-')}"
        if default is False:
            parser.add_argument(option, action="store_true")
        else:
            parser.add_argument(option, type=pathlib.Path if name == "baskets" else int, default=default)
    return parser.parse_args()


def baskets_file(asked_for, work, limit=0):
    """The baskets that were asked for, or the real ones where they are at hand, or else made-up ones, `limit` at least."""
    count = max(2000, limit)
    if asked_for:
        return asked_for
    if REAL_BASKETS.exists():
        return REAL_BASKETS
    path = pathlib.Path(work) / "baskets.csv"
    print(f"baskets: {REAL_BASKETS.name} is not at hand; {count} made-up ones are used")
    made_up = random.Random(20060101)
    names = [f"article {number}" for number in range(1, 170)]
    weights = [1 / rank for rank in range(1, len(names) + 1)]
    with path.open("w", encoding="utf-8") as lines:
        for _ in range(count):
            lines.write(",".join(sorted(set(made_up.choices(names, weights, k=made_up.randint(1, 9))))) + "\n")
    return path


def read_baskets(path, limit):
    """The articles of each basket, read without the driver's code."""
    baskets = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        articles = [name.strip() for name in line.split(",") if name.strip()]
        if articles:
            baskets.append(articles)
    return baskets[:limit]


class Process:
    """One `banyan serve`, to be killed and started again as often as wanted."""

    def __init__(self, name, service, binary, environment, log):
        self.name, self.contexts = name, service.contexts
        self.binary, self.environment, self.log = binary, environment, log
        self.url = f"http://{environment['BANYAN_HTTP_ADDR']}"
        self.child = None

    def launch(self):
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [self.binary, "serve"], env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def wait_until_ready(self, started):
        """Returns the seconds since it was started."""
        while time.monotonic() - started < READY_SECONDS:
            if self.child.poll() is not None:
                raise CampaignError(f"{self.name} ended with {self.child.returncode}\n{self.log_tail()}")
            if self.is_ready():
                return time.monotonic() - started
            time.sleep(0.01)
        raise CampaignError(f"{self.name} was not ready within {READY_SECONDS} s\n{self.log_tail()}")

    def start(self):
        """Returns the seconds until it was ready."""
        started = time.monotonic()
        self.launch()
        return self.wait_until_ready(started)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def wait(self, seconds):
        """The exit code, or nothing when it still lives after so many seconds."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def terminate(self):
        """The polite way, which has to end with 0."""
        self.child.send_signal(signal.SIGTERM)
        code = self.wait(STOP_SECONDS)
        if code is None:
            self.kill()
            raise CampaignError(f"{self.name} did not stop within {STOP_SECONDS} s of SIGTERM")
        if code != 0:
            raise CampaignError(f"{self.name} ended with {code} after SIGTERM\n{self.log_tail()}")

    def cpu_seconds(self):
        """User and system time so far (proc(5), /proc/[pid]/stat, fields 14 and 15)."""
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log_tail(self):
        return "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-20:])


class Shop:
    """The processes of a topology on fresh databases: one process, or several that talk to each other."""

    def __init__(self, options, work, environment, instances=1):
        self.binary = pathlib.Path(options.binaries).resolve() / "banyan"
        self.data_dir = pathlib.Path(work) / "data"
        self.data_dir.mkdir()
        services = topology.services(options.topology)
        self.databases = {}
        if options.backend == "postgres":
            self.databases = {name: create_database() for name in {service.database for service in services}}
            urls = {context: self.databases[service.database] for service in services for context in service.contexts}
            self.database = tables.Postgres(urls)
        else:
            self.database = tables.Sqlite(self.data_dir)
        # Others reach the first instance of a service.
        internal = {service.name: f"127.0.0.1:{free_port()}" for service in services}
        self.common = self._common_environment(options) | environment
        self.processes = {}
        for service, number in itertools.product(services, range(1, instances + 1)):
            environment = self.common | {
                "BANYAN_HTTP_ADDR": f"127.0.0.1:{free_port()}",
                "BANYAN_CONTEXTS": ",".join(service.contexts),
                "BANYAN_INTERNAL_ADDR": internal[service.name] if number == 1 else f"127.0.0.1:{free_port()}",
            }
            environment |= {variable: f"http://{internal[host]}" for variable, host in service.hosts.items()}
            if self.databases:
                environment["BANYAN_DATABASE_URL"] = self.databases[service.database]
            name = service.name if number == 1 else f"{service.name}-{number}"
            log = pathlib.Path(work) / f"{name}.log"
            self.processes[name] = Process(name, service, self.binary, environment, log)
        self.url = next(self.processes[service.name].url for service in services if service.is_storefront)
        self.peers = {
            f"BANYAN_{context.upper()}_URL": f"http://{internal[service.name]}"
            for service in services
            for context in service.contexts
        }

    def _common_environment(self, options):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}
        common = inherited | {
            "BANYAN_DATA_DIR": str(self.data_dir),
            "BANYAN_ADMIN_EMAIL": ADMIN_EMAIL,
            "BANYAN_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "BANYAN_DEMO": "off",
            "BANYAN_SERVICE_SECRET": uuid.uuid4().hex,
        }
        if options.broker:
            common["BANYAN_AMQP_URL"] = broker_url()
            common["BANYAN_AMQP_PREFIX"] = f"campaign-{uuid.uuid4().hex[:12]}"
        return common

    def start(self):
        """Starts all at once. Returns the seconds until all were ready."""
        started = time.monotonic()
        for process in self.processes.values():
            process.launch()
        return max(process.wait_until_ready(started) for process in self.processes.values())

    def kill(self):
        for process in self.processes.values():
            process.kill()

    def terminate(self):
        for process in self.processes.values():
            process.terminate()

    def fsck(self):
        """What `banyan fsck` finds wrong: an empty list, when it is content. It runs nothing and asks every process."""
        environment = self.common | self.peers | {"BANYAN_CONTEXTS": "none"}
        outcome = subprocess.run(
            [self.binary, "fsck"], env=environment, capture_output=True, text=True, check=False
        )
        if outcome.returncode == 0:
            return []
        return [f"banyan fsck ended with {outcome.returncode}: {outcome.stdout.strip()} {outcome.stderr.strip()}"]

    def under_way(self):
        """How many sagas, orders that are to be confirmed and refunds have not come to their end."""
        return sum(int(row[0]) for what in tables.UNDER_WAY for row in self.database.rows(*what))

    def wait_until_quiet(self, standing=0):
        """Returns the seconds until nothing moved any more, but for so many that have been standing there all the time."""
        started = time.monotonic()
        while True:
            waited = time.monotonic() - started
            if self.under_way() <= standing:
                return waited
            if waited > CONVERGENCE_SECONDS:
                return waited  # the books name those that are left
            time.sleep(0.2)

    def discard(self):
        for process in self.processes.values():
            if process.child is not None and process.child.poll() is None:
                process.kill()
        for url in self.databases.values():
            drop_database(url)


class CampaignError(Exception):
    """The campaign cannot go on."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def postgres_url():
    url = os.environ.get("BANYAN_TEST_POSTGRES_URL")
    if not url:
        raise CampaignError("BANYAN_TEST_POSTGRES_URL is not set; tests/servers/postgres.sh starts a PostgreSQL")
    return url


def broker_url():
    url = os.environ.get("BANYAN_TEST_AMQP_URL")
    if not url:
        raise CampaignError("BANYAN_TEST_AMQP_URL is not set; tests/servers/rabbitmq.sh starts a RabbitMQ")
    return url


def create_database():
    name = f"campaign_{uuid.uuid4().hex}"
    tables.psql(postgres_url(), f"CREATE DATABASE {name}")
    return urllib.parse.urlsplit(postgres_url())._replace(path=f"/{name}").geturl()


def drop_database(url):
    tables.psql(postgres_url(), f"DROP DATABASE IF EXISTS {urllib.parse.urlsplit(url).path.strip('/')} WITH (FORCE)")


def driver_command(binaries, server, command, **options):
    """The load driver's command line. Options that are None or False are left out, those that are True stand alone.

    Beside a program that was built with the tests there is no driver: then it is the release's.
    """
    places = (pathlib.Path(binaries).resolve(), target_folder() / "release")
    driver = next((place / "banyan-load" for place in places if (place / "banyan-load").exists()), None)
    if driver is None:
        raise CampaignError(f"banyan-load is neither in {places[0]} nor in {places[1]}")
    line = [str(driver), command, "--url", server.url]
    for name, value in options.items():
        if value is True:
            line.append(f"--{name.replace('_', '-')}")
        elif value is not None and value is not False:
            line += [f"--{name.replace('_', '-')}", str(value)]
    return line


def driver_environment():
    return os.environ | {"BANYAN_ADMIN_EMAIL": ADMIN_EMAIL, "BANYAN_ADMIN_PASSWORD": ADMIN_PASSWORD}


def drive(binaries, server, command, **options):
    """Runs the load driver to its end. Returns its complaint, if any, as a list of violations."""
    sys.stdout.flush()
    line = driver_command(binaries, server, command, **options)
    outcome = subprocess.run(line, env=driver_environment(), stderr=subprocess.PIPE, text=True, check=False)
    return [] if outcome.returncode == 0 else [outcome.stderr.strip()]


def worst_but_one_in_a_hundred(seconds):
    """Ninety-nine in a hundred took no longer."""
    return sorted(seconds)[-(-len(seconds) * 99 // 100) - 1]


def abandoned(acknowledged):
    """The orders of which the driver was told that they could not be brought to an end: of those all money is back."""
    told = [json.loads(line) for line in acknowledged.read_text().splitlines()]
    return {line["order_id"] for line in told if line["http_status"] == 409}


@contextlib.contextmanager
def running_server(options, environment=None, before=None, instances=1):
    """A ready shop and a directory to work in. Both go at the end; after a failure the directory stays.

    `environment` is set for all its processes; `before` is called with the shop and the directory before they start. Of
    each service of the topology there are so many `instances`, on the same database.
    """
    work = tempfile.mkdtemp(prefix="banyan-campaign-")
    server = Shop(options, work, environment or {}, instances)
    try:
        if before is not None:
            before(server, pathlib.Path(work))
        ready = server.start()
        print(f"{options.backend}, {len(server.processes)} process(es): ready in {ready:.2f} s")
        yield server, pathlib.Path(work)
    except BaseException:
        print(f"left for inspection: {work}")
        server.discard()
        raise
    server.discard()
    shutil.rmtree(work)


def require_failpoints(server):
    version = subprocess.run([server.binary, "--version"], capture_output=True, text=True, check=True).stdout
    if "failpoints" not in version:
        raise CampaignError(f"{version.strip()} has no failpoints: use a binary that was built with the tests")


def staff_token(server):
    credentials = {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD}
    return client.ask(f"{server.url}/api/v1/users/login", "POST", credentials).json()["access_token"]


def audit(server, called_off=frozenset()):
    """Lets everything end, asks `fsck` while the server runs, stops it, and reads the books.

    `called_off` are the orders that their customers or the shop cancelled, and said so. Returns the books and the violations.
    """
    waited = server.wait_until_quiet()
    violations = server.fsck()
    server.terminate()
    books = Books(server.database, server.data_dir)
    print(f"nothing moved any more {waited:.1f} s after the last request")
    return books, violations + books.violations(called_off)


def conclude(violations):
    """Raises when something is wrong, so that `running_server` keeps the evidence."""
    if violations:
        shown = [f"  VIOLATION {line}" for line in violations[:20]]
        if len(violations) > 20:
            shown.append(f"  and {len(violations) - 20} more")
        raise CampaignError(f"{len(violations)} violation(s)\n" + "\n".join(shown))
    print("OK")


def run(campaign):
    """Runs a campaign and turns its outcome into an exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs in the background is ended as well
    try:
        campaign()
    except CampaignError as error:
        print(f"FAILED: {error}")
        sys.exit(1)
