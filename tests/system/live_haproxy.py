"""Real HAProxy processes that are audited while they run: started, reloaded, broken, in a directory of their own."""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from haproxy_versions import VERSIONS, default_directory, version_text

from hitless.audit.engine import audit
from hitless.audit.table import MODULES, load_rule
from hitless.control.binary import find_embedded, read_binary
from hitless.control.errors import CouldNotAsk
from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.facts import Snapshot
from hitless.findings import AuditResult, Finding
from hitless.gather import GatherOptions, gather_snapshot
from hitless.host.errors import Gone
from hitless.host.inet_diag import read_connections
from hitless.host.processes import read_socket_inodes, read_status
from tests.ports import free_port

DEADLINE_S = 30.0
"""Only what fails takes so long."""
WAITS_FOR_EVENTS = {"22", "232", "281"}
"""epoll_pwait of 64-bit ARM; epoll_wait and epoll_pwait of x86-64."""
TCP_LISTEN, ACCEPTS = "0A", 0x10000
"""A state in /proc/net/tcp; a flag in /proc/net/unix."""
RULES = [load_rule(code) for code in MODULES]

CONFIGURATION = """\
global
    stats socket {directory}/run/admin.sock mode 600 level admin expose-fd listeners
    hard-stop-after 30s
defaults
    mode tcp
    timeout client 60s
    timeout server 60s
    timeout connect 5s
frontend web
    bind 127.0.0.1:{port}
    default_backend app
backend app
    server one 127.0.0.1:{server} weight 100
"""


def await_true(condition: Callable[[], object], what: str, timeout_s: float = DEADLINE_S) -> None:
    """Look until it is so; what is awaited here tells nobody when it comes."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.01)


def await_taken(master: int) -> None:
    """A master that starts ignores SIGUSR2, one that loads blocks it (up to 3.0) and then drops it."""
    await_true(lambda: read_status(master).takes(signal.SIGUSR2), "the master takes signals")


def send_usr2(master: int) -> None:
    """Reload as a script does, but no earlier than it can be heard."""
    await_taken(master)
    os.kill(master, signal.SIGUSR2)


def stop_process(pid: int) -> None:
    """Send SIGSTOP, and wait until no thread of it runs: until then one that was sent nothing may go on."""
    os.kill(pid, signal.SIGSTOP)
    states = [task / "stat" for task in Path(f"/proc/{pid}/task").iterdir()]
    await_true(
        lambda: {state.read_text().rpartition(")")[2].split()[0] for state in states} == {"T"},
        "it stands still",
    )


def stop_at_rest(pid: int) -> None:
    """Stop a process of one thread while it waits for events: when it goes on, it takes its signals first."""
    stop_process(pid)
    while Path(f"/proc/{pid}/syscall").read_text().split()[0] not in WAITS_FOR_EVENTS:
        os.kill(pid, signal.SIGCONT)
        stop_process(pid)


def listens(pid: int) -> bool:
    """Return whether a process has a socket that listens; one that has ended has none."""
    try:
        sockets, place = read_socket_inodes(pid), Path(f"/proc/{pid}/net")
        tcp = [
            line.split() for name in ("tcp", "tcp6") for line in (place / name).read_text().splitlines()[1:]
        ]
        unix = [line.split() for line in (place / "unix").read_text(errors="replace").splitlines()[1:]]
    except (Gone, OSError):
        return False
    found = {int(words[9]) for words in tcp if words[3] == TCP_LISTEN}
    return bool(sockets & (found | {int(words[6]) for words in unix if int(words[3], 16) & ACCEPTS}))


def children(pid: int) -> set[int]:
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@cache
def _places() -> dict[str, str]:
    """The HAProxy of each branch that is here: from the cache of scripts/haproxy-versions, of the host, embedded."""
    found = {
        v: str(default_directory() / v / "haproxy") for v in VERSIONS if version_text(default_directory() / v)
    }
    for path in ("/usr/sbin/haproxy", find_embedded()):
        if path is not None and Path(path).exists():
            found.setdefault(".".join(map(str, read_binary(path).version[:2])), path)
    return found


def program(version: str) -> str:
    """The HAProxy of a branch. Without the cache only those of the host and the embedded one are here."""
    if version not in _places():
        pytest.skip(f"HAProxy {version} is not here; scripts/haproxy-versions installs it")
    return _places()[version]


def versions(*wanted: str) -> list[str]:
    """Those of the branches that are here (of all, without a wish); one that is here where none of them is."""
    return [v for v in wanted or VERSIONS if v in _places()] or list(_places())[-1:] or ["2.8"]


@dataclass
class LiveHaproxy:
    """One service."""

    directory: Path
    command: list[str]
    stack: ExitStack
    port: int
    server: int
    master: bool
    process: "subprocess.Popen[bytes]" = field(init=False)

    @property
    def configuration(self) -> Path:
        return self.directory / "haproxy.cfg"

    @property
    def api(self) -> RuntimeApi:
        return RuntimeApi(f"{self.directory}/run/admin.sock")

    @property
    def workers(self) -> set[int]:
        return children(self.process.pid) if self.master else {self.process.pid}

    def write(self, text: str) -> None:
        self.configuration.write_text(
            text.format(directory=self.directory, port=self.port, server=self.server)
        )

    def start(self, *more: str, wrapper: tuple[str, ...] = ()) -> None:
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, *self.command, *more], stdout=log, stderr=log, start_new_session=True
            )
        process = self.process
        self.stack.callback(process.wait)
        self.stack.callback(_end_group, process.pid)

    def await_answer(self) -> None:
        """Wait until the worker serves, and its master answers and takes signals."""
        self.api.ask_info(timeout_s=DEADLINE_S, patient=True)
        if self.master:
            MasterCli(f"{self.directory}/run/master.sock").ask_processes(timeout_s=DEADLINE_S, patient=True)
            await_taken(self.process.pid)

    def reload(self) -> None:
        """Reload as it is done in this mode, and wait until the new process, and nobody else, takes what comes."""
        before = self.workers
        if self.master:
            send_usr2(self.process.pid)
            await_true(lambda: self.workers - before, "a new worker")
            await_true(lambda: (self._serving() or 0) in self.workers - before, "the new worker answers")
            self.await_answer()
        else:
            old = self.process.pid
            self.start("-x", f"{self.directory}/run/admin.sock", "-sf", str(old))
            await_true(lambda: self._serving() == self.process.pid, "the new process answers")
        await_true(
            lambda: not any(listens(pid) for pid in before), "the old process has closed its listeners"
        )

    def _serving(self) -> int | None:
        try:
            return self.api.ask_info(timeout_s=0.5, patient=True).pid
        except CouldNotAsk:  # it went to a process that is leaving, or stopped
            return None

    def connect(self) -> socket.socket:
        return self.stack.enter_context(
            socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)
        )

    def connect_and_await_accept(self) -> socket.socket:
        """Connect, and wait until HAProxy has taken the connection from the queue: another could take it later."""
        client = self.connect()
        address, port = client.getsockname()[:2]
        await_true(lambda: _is_accepted(self.port, f"{address}:{port}"), "the connection is accepted")
        return client

    def gather(self) -> Snapshot:
        return gather_snapshot(GatherOptions(pid=self.process.pid))

    def audit(self) -> AuditResult:
        return audit(self.gather(), RULES)

    def find(self, code: str) -> Finding:
        result = self.audit()
        found = [finding for finding in result.findings if finding.code == code]
        assert found, [(f.code, f.message) for f in result.findings] + [(self.directory / "log").read_text()]
        return found[0]


def _is_accepted(port: int, client: str) -> bool:
    """Return whether a process has this connection: until then the kernel knows of no inode."""
    return any(one.remote == client and one.inode for one in read_connections(port))


def _end_group(leader: int) -> None:
    """End a HAProxy with its workers, also those that a master which died has left behind."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


@contextmanager
def live_haproxy(
    directory: Path,
    version: str,
    mode: str = "master-worker",
    *,
    configuration: str = CONFIGURATION,
    more: tuple[str, ...] = (),
    wrapper: tuple[str, ...] = (),
    wait: bool = True,
) -> Iterator[LiveHaproxy]:
    """Start a HAProxy of this branch with a server behind it; everything ends with the block."""
    path = program(version)
    (directory / "run").mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        words = ["-W", "-S", f"{directory}/run/master.sock"] if mode == "master-worker" else []
        live = LiveHaproxy(
            directory,
            [path, *words, "-f", f"{directory}/haproxy.cfg"],
            stack,
            free_port(),
            server.getsockname()[1],
            bool(words),
        )
        live.write(configuration)
        live.start(*more, wrapper=wrapper)
        if wait:
            live.await_answer()
        yield live


def await_readable(connection: socket.socket) -> None:
    assert select.select([connection], [], [], DEADLINE_S)[0]
