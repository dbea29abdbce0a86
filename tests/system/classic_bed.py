"""A classic HAProxy that knows nothing of socket transfer, replaced again and again as hitless does it."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hitless.control.socket_offer import SocketOffer
from hitless.host.descriptors import HeldListeners, duplicate_listeners
from hitless.host.epoll_sets import apply_forget_closed, read_polled_inodes
from hitless.host.errors import Gone
from hitless.host.processes import read_socket_inodes, read_status
from hitless.reload.look import TargetOptions, read_target
from hitless.reload.offering import listeners_to_offer
from hitless.reload.successor import Successor, start_successor
from hitless.reload.successor_plan import plan_successor
from hitless.reload.taking import take_listeners
from hitless.reload.target import Target
from tests.ports import free_port
from tests.system.live_haproxy import await_true, program

DEADLINE_S = 40.0
STATS = "stats socket {directory}/run/admin.sock mode 600 level admin"
CONFIGURATION = """\
global
    {stats}
    {more}
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind 127.0.0.1:{port}
    {binds}
    http-request return status 200
"""


@dataclass
class ClassicBed:
    """One service: whoever serves now, and all that were started."""

    version: str
    directory: Path
    stack: ExitStack
    port: int = field(default_factory=free_port)
    program: str = ""
    """Another than the one of `version`."""
    serving: int = 0
    started: list[int] = field(default_factory=list)

    @property
    def configuration(self) -> Path:
        return self.directory / "haproxy.cfg"

    def write(self, *binds: str, stats: str = "", more: tuple[str, ...] = (), sections: str = "") -> None:
        text = CONFIGURATION.format(
            stats=stats.format(directory=self.directory),
            more="\n    ".join(more),
            port=self.port,
            binds="\n    ".join(f"bind {bind}" for bind in binds),
        )
        self.configuration.write_text(text + sections)

    def start(self, *words: str, wrapper: tuple[str, ...] = (), wait: bool = True) -> None:
        """Start it; with -D its pid is in the pid file."""
        (self.directory / "run").mkdir(exist_ok=True)
        command = [*wrapper, self.program or program(self.version), *words, "-f", str(self.configuration)]
        command += ["-p", str(self.pid_file)]
        with (self.directory / "log").open("ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.callback(process.wait)
        if "-D" in words:
            assert process.wait(DEADLINE_S) == 0, self.log()
            self.serving = int(self.pid_file.read_text().split()[0])
        else:
            self.serving = process.pid
        self.started.append(self.serving)
        self.stack.callback(kill, self.serving)
        if wait:
            await_true(self.serves, "it serves")

    @property
    def pid_file(self) -> Path:
        return self.directory / "run" / "pid"

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def target(self) -> Target:
        return read_target(TargetOptions(pid=self.serving), views=False)

    def find_serving(self) -> int:
        """Return the process that serves, whoever has started it."""
        current = read_target(TargetOptions(configuration=str(self.configuration)), views=False).current
        assert current is not None
        return current.pid

    def serves(self) -> bool:
        """Return whether it has entered its loop: it polls one of its sockets."""
        return bool(read_polled_inodes(self.serving) & read_socket_inodes(self.serving))

    def listening_inodes(self, pid: int = 0) -> frozenset[int]:
        """Return the listening sockets of the process that serves, or of another."""
        with duplicate_listeners(pid or self.serving) as held:
            return frozenset(one.inode for one in held)

    @contextmanager
    def successor(
        self, *, files: tuple[str, ...] = ()
    ) -> Iterator[tuple[Successor, HeldListeners, SocketOffer]]:
        """Take the sockets of the process that serves, offer them to a successor, and start it."""
        target = self.target()
        plan = plan_successor(target, files=files)
        with ExitStack() as stack:
            held = stack.enter_context(take_listeners(target))
            listeners, left_out = listeners_to_offer(held, target.version, target.place.root)
            assert left_out == ()
            offer = stack.enter_context(SocketOffer(listeners, allowed_uid=plan.account.uid))
            successor = stack.enter_context(start_successor(target, transfer_from=offer.path, plan=plan))
            yield successor, held, offer
            for pid in successor.pids:
                self.stack.callback(kill, pid)

    def replace(self) -> frozenset[int]:
        """Reload once; return the inodes that the old process listened on, and the new one listens on now."""
        with self.successor() as (successor, held, offer):
            assert successor.wait_started(DEADLINE_S), (successor.exit_status, successor.messages, self.log())
            assert offer.wait_served(DEADLINE_S)
            assert successor.notes == ()
            before = frozenset(one.inode for one in held)
            old = self.serving
            assert old in successor.release_old()
            await_true(lambda: not holds(old, before), f"process {old} lets go")
            with suppress(Gone):
                apply_forget_closed(old, {one.inode: one.descriptor for one in held})
            self.serving = successor.pid
            self.started.append(self.serving)
        after = self.listening_inodes()
        assert before <= after
        return before

    def ask(self, path: str) -> bytes:
        """Return the beginning of the answer to a request through a unix socket."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE_S)
            client.connect(path)
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return client.recv(15)


def holds(pid: int, inodes: frozenset[int]) -> bool:
    with suppress(Gone):
        return bool(read_socket_inodes(pid) & inodes)
    return False


def has_ended(pid: int) -> bool:
    with suppress(Gone):
        return read_status(pid).state in {"Z", "X"}
    return True


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@contextmanager
def classic_bed(directory: Path, version: str) -> Iterator[ClassicBed]:
    """Everything that was started ends with the block."""
    with ExitStack() as stack:
        yield ClassicBed(version, directory, stack)
