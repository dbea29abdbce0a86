"""A real HAProxy that logs to a real socket, clients that keep it busy, and what happened, by whom and when."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hitless.host.inet_diag import read_listeners
from tests.system.live_haproxy import DEADLINE_S, LiveHaproxy, await_true, children, live_haproxy, send_usr2

SO_RCVBUFFORCE = 33
"""Linux v6.18 include/uapi/asm-generic/socket.h: beyond net.core.rmem_max."""
LOG_TARGET = "LOG_TARGET"
CONFIGURATION = """\
global
    log LOG_TARGET local0
    stats socket {directory}/run/admin.sock mode 600 level admin expose-fd listeners
    hard-stop-after 1s
defaults
    mode http
    log global
    option httplog
    timeout client 30s
    timeout server 30s
    timeout connect 2s
frontend web
    bind 127.0.0.1:{port}
EXTRA    http-request return status 200 content-type text/plain string ok
frontend raw
    mode tcp
    option tcplog
    bind {directory}/run/raw.sock
    default_backend held
backend held
    mode tcp
    server s1 127.0.0.1:{server}
"""


@dataclass
class Happening:
    """Something that was done to the service."""

    what: str
    t_ns: int
    old: set[int]
    new: set[int] = field(default_factory=set)
    until_ns: int = 0
    """When lines of what came after it had been logged: it was before, however slow the machine."""


class SyslogFile:
    """Receives datagrams and writes them to a file, as rsyslog's traditional format does, each as soon as it is here.

    HAProxy drops what a receiver has no room for. A unix socket has room for `net.unix.max_dgram_qlen` datagrams, 10 by
    default, which a burst on a busy machine fills; one of UDP for as many bytes as it likes.
    """

    def __init__(self, name: Path) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        size = socket.SO_RCVBUF if os.geteuid() else SO_RCVBUFFORCE
        self._socket.setsockopt(socket.SOL_SOCKET, size, 1 << 23)
        self._socket.bind(("127.0.0.1", 0))
        self._file = name.open("wb", buffering=0)
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def name_in(self, configuration: str) -> str:
        """Return a configuration in which LOG_TARGET is this receiver."""
        address, port = self._socket.getsockname()
        return configuration.replace(LOG_TARGET, f"{address}:{port}")

    def _receive(self) -> None:
        while data := self._socket.recv(65536):
            stamp, rest = data[data.index(b">") + 1 :].rstrip(b"\n")[:15], data[data.index(b">") + 17 :]
            self._file.write(stamp + b" lb1 " + rest.rstrip(b"\n") + b"\n")

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._file.close()
        self._socket.close()


@contextmanager
def busy(port: int) -> Iterator[None]:
    """One client after the other, until the end."""
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(0.01):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), DEADLINE_S) as client:
                client.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                while client.recv(65536):
                    pass

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def await_lines(log: Path) -> None:
    """Wait until a few requests more are logged: what comes next has something before it."""
    size = log.stat().st_size
    await_true(lambda: log.stat().st_size > size + 2000, "lines are logged")


@dataclass
class LoggingBed:
    """A HAProxy that is made to live through things; `log` is what a syslog daemon wrote."""

    live: LiveHaproxy
    log: Path
    version: str
    receiver: SyslogFile
    happened: list[Happening] = field(default_factory=list)

    def write(self, extra: str = "") -> None:
        self.live.write(self.receiver.name_in(CONFIGURATION.replace("EXTRA", extra)))

    def note(self, what: str, act: Callable[[], object]) -> None:
        """Do something to a service of one worker, and keep when and to whom."""
        await_true(lambda: len(self.live.workers) == 1, "earlier workers have ended")
        happening = Happening(what, time.time_ns(), self.live.workers)
        act()
        happening.new = self.live.workers - happening.old
        await_lines(self.log)
        happening.until_ns = time.time_ns()
        self.happened.append(happening)

    def signal(self) -> None:
        send_usr2(self.live.process.pid)

    def fail(self, text: str) -> None:
        """Reload, and wait until HAProxy has said that it could not."""
        output = self.live.directory / "log"
        before = output.stat().st_size
        self.signal()
        await_true(lambda: text.encode() in output.read_bytes()[before:], text)
        self.live.await_answer()

    def restart(self) -> None:
        self.live.process.terminate()
        self.live.process.wait(DEADLINE_S)
        self.live.start()
        self.live.await_answer()

    def hold(self) -> socket.socket:
        """A connection that stays, and that the worker of now has: it has reached the server."""
        before = self._waiting()
        client = self.live.stack.enter_context(socket.socket(socket.AF_UNIX))
        client.connect(f"{self.live.directory}/run/raw.sock")
        client.sendall(b"x")
        await_true(lambda: self._waiting() > before, "the connection reaches the server")
        return client

    def _waiting(self) -> int:
        """Return how many connections have reached the server, which accepts none."""
        return sum(one.queue_length for one in read_listeners() if one.port == self.live.server)

    def reload_until_hard_stop(self) -> None:
        self.hold()
        old = self.live.workers
        self.live.reload()
        await_true(lambda: not old & children(self.live.process.pid), "the old worker ends")


@contextmanager
def logging_bed(directory: Path, version: str) -> Iterator[LoggingBed]:
    """Start a HAProxy of this branch that logs, and clients; everything ends with the block."""
    (directory / "run").mkdir()
    log = SyslogFile(directory / "haproxy.log")
    try:
        text = log.name_in(CONFIGURATION.replace("EXTRA", ""))
        with live_haproxy(directory, version, configuration=text) as live, busy(live.port):
            bed = LoggingBed(live, directory / "haproxy.log", version, log)
            await_lines(bed.log)
            yield bed
    finally:
        log.close()
