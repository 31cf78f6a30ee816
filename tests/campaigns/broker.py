"""A RabbitMQ of the campaign's own, and a wire to it that can be held."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "servers" / "rabbitmq.sh"
# AMQP 0.9.1: the method frame Connection.OpenOk on channel 0, the last of the handshake.
OPEN_OK = b"\x01\x00\x00\x00\x00\x00\x05\x00\x0a\x00\x29\x00\xce"
CHUNK_BYTES = 65_536
# How long an end of a connection whose other end went quietly is kept.
LINGER_SECONDS = 60


class Broker:
    """One node, started and stopped by tests/servers/rabbitmq.sh; what the shop connects to is the wire before it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.wire = None

    def __enter__(self):
        try:
            url = self.start()
            self.wire = Wire(int(url.rpartition(":")[2].partition("/")[0]))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        if self.wire is not None:
            self.wire.cut()
        self.stop()

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.wire.port}/%2f"

    def start(self):
        return self._script("start").strip()

    def stop(self):
        self._script("stop")

    def kill(self):
        """The node as the system sees it: the process whose number it has written down."""
        pid = int((self.directory / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        while pathlib.Path(f"/proc/{pid}/stat").exists() and not is_zombie(pid):
            time.sleep(0.02)

    def ctl(self, *arguments):
        return self._script("ctl", *arguments)

    def alarms(self):
        """What it has run short of, as it says itself."""
        return self.ctl("--quiet", "eval", "length(rabbit_alarm:get_alarms()).").strip()

    def _script(self, action, *arguments):
        line = [str(SCRIPT), action, str(self.directory), *arguments]
        outcome = subprocess.run(line, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            raise RuntimeError(f"rabbitmq.sh {action} {' '.join(arguments)}: {outcome.stderr.strip()[-2000:]}")
        return outcome.stdout


def is_zombie(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Wire:
    """A TCP proxy before the broker. While it is held no byte passes in either direction and none is lost, as when the
    network between two hosts is gone and their systems send again and again."""

    def __init__(self, to_port):
        self.to_port = to_port
        self._passes = threading.Event()
        self._passes.set()
        self._lock = threading.Lock()
        self._connections = set()
        self.opened, self.closed, self.held = 0, 0, 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self):
        self._passes.clear()

    def release(self):
        self._passes.set()

    def cut(self):
        self._listener.close()
        self.release()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.close()

    def live(self):
        """Connections whose handshake is done and that neither end has closed."""
        with self._lock:
            return sum(1 for connection in self._connections if connection.is_open and not connection.has_ended)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        self._passes.wait()  # who dials while the network is gone gets through when it is back
        try:
            server = socket.create_connection(("127.0.0.1", self.to_port), timeout=5)
            server.settimeout(None)
        except OSError:
            client.close()
            return
        connection = Connection(client, server)
        with self._lock:
            self._connections.add(connection)
        up = threading.Thread(target=self._pump, args=(connection, client, server, False), daemon=True)
        up.start()
        self._pump(connection, server, client, True)
        up.join(LINGER_SECONDS)
        with self._lock:
            self._connections.discard(connection)
            self.closed += connection.is_open

    def _pump(self, connection, source, target, downstream):
        try:
            while chunk := source.recv(CHUNK_BYTES):
                if not self._passes.is_set():
                    with self._lock:
                        self.held += 1
                    self._passes.wait()
                target.sendall(chunk)
                if downstream and not connection.is_open and connection.saw(chunk):
                    with self._lock:
                        connection.is_open = True
                        self.opened += 1
        except OSError:
            pass
        connection.close()


class Connection:
    def __init__(self, client, server):
        self._ends = (client, server)
        self._seen = b""
        self.is_open = self.has_ended = False

    def saw(self, chunk):
        """Whether the handshake is through; it may come in pieces."""
        self._seen = (self._seen + chunk)[-CHUNK_BYTES:]
        return OPEN_OK in self._seen

    def close(self):
        """Also while the wire is held: an end that has given up is gone, whatever still waits to pass."""
        self.has_ended = True
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
