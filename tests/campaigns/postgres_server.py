"""A PostgreSQL of a campaign's own, which it may treat badly: one that serves, and at times a synchronous standby."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import campaign
import small_disk
import tables

SCRIPT = campaign.REPOSITORY / "tests" / "servers" / "postgres.sh"
PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
# The longest that a server may take to be there again, or a standby to be level.
PATIENCE_SECONDS = 60
LOOK_EVERY = 0.02


class PostgresServer:
    """Two places on this machine, one of which serves. Whoever connects by `url` finds the one that can be written to.

    The first place is a small disk of its own, where `megabytes` are given.
    """

    def __init__(self, megabytes=None):
        self.megabytes = megabytes
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="banyan-postgres-"))
        self.work.chmod(0o711)  # the server runs as a user of its own and has its data in it
        self.places = [self.work / "one", self.work / "two"]
        self.ports = []
        self.serving = 0
        self.url = None

    def start(self):
        if self.megabytes:
            self.places[0].mkdir()
            small_disk.mount(self.places[0], self.megabytes)
        made = subprocess.run([SCRIPT, "start", self.places[0]], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise campaign.CampaignError(f"no PostgreSQL: {made.stderr.strip()}")
        port = int(made.stdout.strip().rpartition(":")[2].partition("/")[0])
        self.ports = [port, campaign.free_port()]
        self.places[1].mkdir()
        shutil.chown(self.places[1], self.places[0].owner())
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        self.url = f"postgres://postgres@{hosts}/postgres?target_session_attrs=read-write"

    def stop(self):
        for place in self.places:
            subprocess.run([SCRIPT, "stop", place], check=False)
        if self.megabytes:
            small_disk.unmount(self.places[0])
        shutil.rmtree(self.work)

    def rows(self, query):
        return [line.split(",") for line in tables.psql(self.url, query).splitlines()]

    def wait_until_it_serves(self):
        """Until somebody can write. Returns the time."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(RuntimeError):
                tables.psql(self.url, "SELECT 1")
                return time.monotonic()
            time.sleep(LOOK_EVERY)
        raise campaign.CampaignError(f"PostgreSQL did not come back\n{self.log_tail()}")

    # What can be done to it. Each returns when it began and when whoever connects was served again.

    def restart_immediately(self, away_seconds):
        """It is away for so long at least."""
        began = time.monotonic()
        self._pg_ctl(self.serving, "stop", "--mode=immediate")
        time.sleep(away_seconds)
        # Of a server that does not run this is a start, as it was started before.
        self._pg_ctl(self.serving, "restart")
        return began, self.wait_until_it_serves()

    def kill(self, what):
        """`kill -9` of a process of the server that `what` selects: it takes all its connections down and recovers."""
        [[pid], *_] = self.rows(f"SELECT pid FROM pg_stat_activity WHERE {what} ORDER BY random() LIMIT 1")
        reinitialized = self.reinitialized()
        began = time.monotonic()
        os.kill(int(pid), signal.SIGKILL)
        while self.reinitialized() == reinitialized:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise campaign.CampaignError(f"PostgreSQL did not notice that {pid} was killed\n{self.log_tail()}")
            time.sleep(LOOK_EVERY)
        return began, self.wait_until_it_serves()

    def terminate(self, whom):
        """Returns how many as well."""
        began = time.monotonic()
        ended = self.rows(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {whom} AND pid <> pg_backend_pid()"
        )
        return began, time.monotonic(), len(ended)

    def prepare_standby(self):
        """A copy at the other place, without which no commit is acknowledged any more."""
        primary, standby = self.serving, 1 - self.serving
        data = self.places[standby] / "data"
        shutil.rmtree(data, ignore_errors=True)
        source = f"postgres://postgres@127.0.0.1:{self.ports[primary]}/postgres"
        as_owner(PROGRAMS[-1] / "pg_basebackup", "--pgdata", data, "--write-recovery-conf", "--checkpoint=fast", "-d", source)
        with (data / "postgresql.conf").open("a") as lines:
            lines.write(f"port = {self.ports[standby]}\n")
        self._pg_ctl(standby, "start")
        # Behind the copy: the copy, once it serves, has nobody to wait for.
        tables.psql(source, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        tables.psql(source, "SELECT pg_reload_conf()")
        until = time.monotonic() + PATIENCE_SECONDS
        while self.rows("SELECT sync_state FROM pg_stat_replication") != [["sync"]]:
            if time.monotonic() > until:
                raise campaign.CampaignError(f"the standby is not level with the primary\n{self.log_tail()}")
            time.sleep(LOOK_EVERY)

    def promote_standby(self):
        """The one that serves goes without a word, and the standby takes its place."""
        primary, standby = self.serving, 1 - self.serving
        began = time.monotonic()
        self._pg_ctl(primary, "stop", "--mode=immediate")
        self._pg_ctl(standby, "promote")
        self.serving = standby
        return began, self.wait_until_it_serves()

    def hold_lock(self, url, table, seconds):
        """Returns how many waited for it as well."""
        name = f"holds {table}"
        commands = f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({seconds}); COMMIT"
        held = subprocess.Popen(
            ["psql", "--no-psqlrc", "--quiet", f"--dbname={url}", *(f"--command={one}" for one in commands.split("; "))],
            env=os.environ | {"PGAPPNAME": name},
            stdout=subprocess.DEVNULL,
        )
        began = time.monotonic()
        waited = set()
        while held.poll() is None:
            waiting = "SELECT pid FROM pg_stat_activity, pg_stat_activity AS holder"
            waiting += f" WHERE holder.application_name = '{name}' AND holder.pid = ANY (pg_blocking_pids(pg_stat_activity.pid))"
            waited |= {pid for [pid] in self.rows(waiting.replace("SELECT pid", "SELECT pg_stat_activity.pid"))}
            time.sleep(0.2)
        if held.returncode != 0:
            raise campaign.CampaignError(f"{table} could not be locked")
        return began, time.monotonic(), len(waited)

    def wear_out_the_log(self):
        """Begins one segment of the log after the other until the server has no space for the next, and ends."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._runs():
            if time.monotonic() > until:
                raise campaign.CampaignError(f"the log is not worn out\n{self.log_tail()}")
            with contextlib.suppress(RuntimeError):
                # A segment in which nothing is written is not left.
                self.rows("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")

    def start_if_it_ended(self):
        """Returns whether it had ended."""
        ended = not self._runs()
        if ended:
            self._pg_ctl(self.serving, "start")
        self.wait_until_it_serves()
        return ended

    def _runs(self):
        with contextlib.suppress(campaign.CampaignError):
            self._pg_ctl(self.serving, "status")
            return True
        return False

    def reinitialized(self):
        """How often all processes were ended because one had died."""
        return sum(self._log(place).count("reinitializing") for place in self.places)

    def log_tail(self):
        return "".join(self._log(self.places[self.serving]).splitlines(keepends=True)[-20:])

    def _log(self, place):
        log = place / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def _pg_ctl(self, number, action, *options):
        place = self.places[number]
        log = () if action in ("stop", "promote", "status") else (f"--log={place / 'log'}",)
        as_owner(PROGRAMS[-1] / "pg_ctl", action, "--wait", "--silent", f"--pgdata={place / 'data'}", *log, *options)


def as_owner(*command):
    """PostgreSQL refuses to run as root."""
    owner = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    outcome = subprocess.run([*owner, *command], cwd="/", stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False)
    if outcome.returncode != 0:
        raise campaign.CampaignError(f"{command[0].name} {command[1]}: {outcome.stderr.strip()}")
