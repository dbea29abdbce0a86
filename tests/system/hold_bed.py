"""A holder, and HAProxies that it holds for: started, reloaded, stopped, killed, upgraded."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hitless.control.errors import CouldNotAsk
from hitless.control.socket_transfer import PassedListener, fetch_listeners
from hitless.hold.client import ask
from hitless.hold.places import ask_path, control_path
from hitless.holding import HeldInstance, HoldStatus, parse_status
from hitless.host.process_handle import ProcessHandle
from hitless.host.processes import Gone
from tests.ports import free_port
from tests.system.live_haproxy import await_taken, await_true, children, program, send_usr2

NAME = "web"
DEADLINE_S = 40.0
CONFIGURATION = """\
global
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
class HoldBed:
    """One instance, and its holder."""

    version: str
    directory: Path
    stack: ExitStack
    master: bool = False
    port: int = field(default_factory=free_port)
    main: "subprocess.Popen[bytes] | None" = None
    holder: "subprocess.Popen[bytes] | None" = None
    ended: list[int] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"{self.directory}/hold"

    @property
    def asked(self) -> str:
        """What -x is given."""
        return ask_path(self.place, NAME)

    @property
    def configuration(self) -> Path:
        return self.directory / "haproxy.cfg"

    def write(self, *binds: str, more: tuple[str, ...] = ()) -> None:
        text = CONFIGURATION.format(
            more="\n    ".join(more), port=self.port, binds="\n    ".join(f"bind {bind}" for bind in binds)
        )
        self.configuration.write_text(text)

    def hold(
        self,
        *words: str,
        close_after: str = "120s",
        wrapper: tuple[str, ...] = (),
        python: str = sys.executable,
    ) -> None:
        """Start a holder."""
        instance = f"--instance={NAME},close-after={close_after},configuration={self.configuration}"
        command = [
            *wrapper,
            python,
            "-m",
            "hitless.hold",
            "--directory",
            self.place,
            instance,
            *words,
        ]
        with (self.directory / "holder.log").open("ab") as log:
            self.holder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.callback(_reap, self.holder)
        pid = self.holder.pid
        await_true(lambda: self._is_held_by(pid), f"a holder: {self.said()}", DEADLINE_S)

    def _is_held_by(self, pid: int) -> bool:
        with suppress(CouldNotAsk):
            return self.status().pid == pid
        return False

    def said(self) -> str:
        return (self.directory / "holder.log").read_text(errors="replace")

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def ask(self, op: str, **fields: object) -> dict[str, Any]:
        """Ask the holder for something, and give it time."""
        return ask(control_path(self.place), {"op": op, **fields}, timeout_s=DEADLINE_S)

    def fetch(self) -> list[PassedListener]:
        """Get what is held, as HAProxy does."""
        return fetch_listeners(self.asked, timeout_s=DEADLINE_S)

    def status(self) -> HoldStatus:
        return parse_status(self.ask("status")["status"])

    def instance(self) -> HeldInstance:
        (found,) = self.status().instances
        return found

    def start(self, *words: str, asks: bool = True, wrapper: tuple[str, ...] = (), binary: str = "") -> None:
        """Start HAProxy as a service would be started after whatever happened before."""
        mode = ["-W"] if self.master else []
        source = ["-x", self.asked] if asks else []
        command = [
            *wrapper,
            binary or program(self.version),
            *mode,
            *source,
            "-f",
            str(self.configuration),
            *words,
        ]
        with (self.directory / "log").open("ab") as log:
            self.main = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.callback(_reap, self.main)
        self.await_held()

    def workers(self) -> set[int]:
        assert self.main is not None
        return children(self.main.pid) if self.master else {self.main.pid}

    def await_held(self) -> None:
        """Wait until the holder sees nobody but the present generation accept."""
        await_true(self._is_settled, "the present generation accepts on all that is held", DEADLINE_S)

    def _is_settled(self) -> bool:
        sockets = self.instance().sockets
        seen = {pid for one in sockets for pid in one.acceptors}
        return bool(sockets) and all(one.acceptors for one in sockets) and seen <= self.workers()

    def reload(self) -> None:
        assert self.main is not None
        if self.master:
            before = self.workers()
            send_usr2(self.main.pid)
            await_true(lambda: self.workers() - before, "a new worker", DEADLINE_S)
            await_true(lambda: len(self.workers()) == 1, "the old worker ends", DEADLINE_S)
            self.await_held()
            return
        old = self.main
        self.start("-sf", str(old.pid))
        old.wait(DEADLINE_S)

    def stop(self) -> None:
        """Stop it as `systemctl stop` does: softly."""
        assert self.main is not None
        if self.master:  # while it starts it hears no signal
            await_taken(self.main.pid)
        self.main.send_signal(signal.SIGUSR1)
        self.main.wait(DEADLINE_S)

    def kill(self) -> None:
        """Kill every process of it."""
        assert self.main is not None
        pids = {self.main.pid} | self.workers()
        handles = [ProcessHandle(pid) for pid in pids]
        for handle in handles:
            with suppress(Gone):  # a worker ends with its master
                handle.send_signal(signal.SIGKILL)
        self.main.wait(DEADLINE_S)
        for handle in handles:
            assert handle.await_exit(DEADLINE_S)
            handle.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def crash(self) -> None:
        self.kill()
        self.start()

    def upgrade_holder(self) -> None:
        """Let the holder execute itself anew."""
        asked_s = time.monotonic()
        self.ask("upgrade")

        def is_new() -> bool:
            looked_s = time.monotonic()
            with suppress(CouldNotAsk):
                return looked_s - self.status().uptime_s > asked_s
            return False

        await_true(is_new, "the holder has been executed anew", DEADLINE_S)


def raise_limit(number: int) -> None:
    """Let this process open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, hard), hard))


def _reap(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        for pid in [*children(process.pid), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait(DEADLINE_S)


@contextmanager
def hold_bed(directory: Path, version: str, *, master: bool = False) -> Iterator[HoldBed]:
    """Everything that was started ends with the block."""
    with ExitStack() as stack:
        bed = HoldBed(version, directory, stack, master)
        bed.write()
        yield bed
