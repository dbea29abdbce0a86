"""A HAProxy that we run and reload: the two modes behind one interface.

What a service manager does, no more: start, send the signal or the command that reloads, restart, stop. Whether the
reload took over is not decided here (`hitless.reload.phases` does).
"""

import signal
import subprocess
import threading
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from hitless.control.messages import Level
from hitless.control.replies import ReloadReply
from hitless.control.runtime_api import MasterCli
from hitless.errors import ControlError, ReloadError
from hitless.host.processes import Gone, read_children
from hitless.reload.launch import Launch, MessageReader, spawn
from hitless.reload.mechanism import Mechanism, Mode, Via

__all__ = ["ClassicInstance", "Instance", "MasterWorkerInstance", "Reply", "create_instance", "master_socket"]

STOP_DEADLINE_S = 5.0
RELOAD_REPLY_DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the trigger itself said. `ok` is None where it says nothing (a signal)."""

    ok: bool | None
    text: str = ""


class Instance(Protocol):
    """What `prove` needs of a proxy under test."""

    def start(self) -> None:
        """Start it for the first time."""

    def serving_pids(self) -> frozenset[int]:
        """Return the processes that carry traffic: workers, or classic processes of all generations."""

    def trigger(self) -> Reply:
        """Reload it once, in the way that was chosen."""

    def exit_status(self) -> int | None:
        """Return the exit status of the process that must stay (the master), None while it lives."""

    def stop(self) -> None:
        """End all of it."""


def _first_alert(reply: ReloadReply) -> str:
    """Return what HAProxy says went wrong; "" for a success."""
    if reply.success is not False:
        return ""
    alerts = [message.text for message in reply.messages if message.level is Level.ALERT]
    return "\n".join(alerts[:3]) or reply.raw.strip()


def _terminate(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class MasterWorkerInstance:
    """HAProxy with -W: one master that we started, its workers its children."""

    def __init__(self, launch: Launch, via: Via, master_socket: str, messages: MessageReader) -> None:
        self._launch = launch
        self._via = via
        self._master_socket = master_socket
        self._messages = messages
        self._master: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the master with its CLI."""
        options = ["-W", "-db"]
        if "-S" not in self._launch.extra_arguments:
            options += ["-S", f"{self._master_socket},level,admin"]
        self._master = spawn(self._launch, options, self._messages)

    def serving_pids(self) -> frozenset[int]:
        """Return the workers of all generations."""
        try:
            return frozenset(read_children(self._process.pid))
        except Gone:  # between two masters of a restart
            return frozenset()

    def trigger(self) -> Reply:
        """Reload by signal or master CLI, or restart as a service manager would."""
        if self._via is Via.RESTART:
            _terminate(self._process)
            self.start()
            return Reply(ok=None, text="SIGTERM, then a new start")
        if self._via is Via.MASTER_CLI:
            try:
                answer = MasterCli(self._master_socket).apply_reload(timeout_s=RELOAD_REPLY_DEADLINE_S)
            except ControlError as error:
                return Reply(ok=False, text=error.message)
            return Reply(ok=answer.success, text=_first_alert(answer))
        self._process.send_signal(signal.SIGHUP if self._via is Via.HUP else signal.SIGUSR2)
        return Reply(ok=None)

    def exit_status(self) -> int | None:
        """Return the master's exit status, None while it lives."""
        return self._process.poll()

    def stop(self) -> None:
        """Stop the master; its workers end with it."""
        if self._master is not None:
            _terminate(self._master)

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        if self._master is None:
            raise ReloadError("HAProxy has not been started.")
        return self._master


class ClassicInstance:
    """HAProxy without a master: each reload starts a process that asks the ones before it to leave (-sf)."""

    def __init__(
        self, launch: Launch, via: Via, transfer_socket: str | None, messages: MessageReader
    ) -> None:
        self._launch = launch
        self._via = via
        self._transfer_socket = transfer_socket
        self._messages = messages
        self._processes: list[subprocess.Popen[bytes]] = []
        self._last_status: int | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start a first process."""
        self._spawn([])

    def serving_pids(self) -> frozenset[int]:
        """Return the processes that live, of all generations."""
        with self._lock:
            alive = [process for process in self._processes if process.poll() is None]
            if not alive and self._processes:
                self._last_status = self._processes[-1].returncode
            self._processes = alive
            return frozenset(process.pid for process in alive)

    def trigger(self) -> Reply:
        """Start the next process over the ones that live."""
        if self._via is Via.RESTART:
            self.stop()
            self.start()
            return Reply(ok=None, text="SIGTERM, then a new start")
        options = []
        if self._via is Via.SF_X and self._transfer_socket is not None:
            options += ["-x", self._transfer_socket]
        self._spawn([*options, "-sf", *(str(pid) for pid in sorted(self.serving_pids()))])
        return Reply(ok=None)

    def exit_status(self) -> int | None:
        """Return the last process's exit status if none lives any more."""
        return None if self.serving_pids() else self._last_status

    def stop(self) -> None:
        """Stop every generation."""
        with self._lock:
            for process in self._processes:
                _terminate(process)

    def _spawn(self, options: list[str]) -> None:
        process = spawn(self._launch, ["-db", *options], self._messages)
        with self._lock:
            self._processes.append(process)


def create_instance(
    launch: Launch,
    mechanism: Mechanism,
    messages: MessageReader,
    *,
    runtime_directory: str,
    transfer_socket: str | None,
) -> Instance:
    """Return an instance, not yet started, for the mechanism chosen.

    `runtime_directory` takes the master CLI's socket; `-S` among the service's own arguments wins over it.
    """
    if mechanism.mode is Mode.CLASSIC:
        return ClassicInstance(launch, mechanism.via, transfer_socket, messages)
    return MasterWorkerInstance(
        launch, mechanism.via, master_socket(launch.extra_arguments, runtime_directory), messages
    )


def master_socket(arguments: tuple[str, ...], runtime_directory: str) -> str:
    """Return the path of the master CLI: the one after `-S` in the service's own arguments, else ours."""
    for option, value in pairwise(arguments):
        if option == "-S":
            return value.split(",")[0].removeprefix("unix@")
    return f"{runtime_directory}/hitless-master.sock"
