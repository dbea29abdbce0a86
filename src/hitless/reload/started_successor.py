"""A successor of a classic HAProxy that has been started: followed until it serves, withdrawn if it does not."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Self

from hitless.errors import ReloadError
from hitless.host.epoll_sets import read_polled_inodes
from hitless.host.errors import Denied, Gone
from hitless.host.listening import read_namespace_sockets
from hitless.host.process_handle import ProcessHandle
from hitless.host.processes import read_children, read_socket_inodes
from hitless.reload.start_state import StartState

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from types import TracebackType

    from hitless.control.messages import Message
    from hitless.reload.pid_file import KeptPidFile
    from hitless.reload.successor_output import SuccessorOutput
    from hitless.reload.successor_plan import SuccessorPlan

__all__ = ["Successor"]

_PERIOD_S = 0.005
"""The kernel has no event for "this process polls that socket now"."""
_END_S = 2.0
_WITHDRAW_S = 2.0
_MESSAGE_BYTES = 8192


class Successor:
    """A HAProxy that was started to take the place of another: a context manager.

    When the block ends, the successor goes on. If an error ends it before the old processes have been released, the
    successor is withdrawn.
    """

    def __init__(
        self,
        plan: SuccessorPlan,
        stand_in: subprocess.Popen[bytes],
        control: socket.socket,
        old: Sequence[ProcessHandle],
        output: SuccessorOutput,
        pid_file: KeptPidFile,
        resources: contextlib.ExitStack,
    ) -> None:
        self.plan = plan
        self._stand_in = stand_in
        self._control = control
        self._old = old
        self._output = output
        self._resources = resources
        self._pid_file = pid_file
        self._state = StartState(plan.daemon)
        self._notes = [*plan.notes, *output.notes]
        self._said: tuple[Message, ...] = ()
        self._released = self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None and not self._released:
                self.withdraw()
        finally:
            self.close()

    @property
    def pid(self) -> int:
        """The process that is to serve; 0 as long as it is not known (in the background), and once it has ended."""
        return next(iter(self._state.pids), 0)

    @property
    def pids(self) -> tuple[int, ...]:
        """All of them: `nbproc`, up to 2.4."""
        return self._state.pids

    @property
    def servers(self) -> tuple[int, ...]:
        """The processes that serve, or are to: of a master its children, among them what `program` sections start."""
        if not self.plan.master_worker:
            return self._state.pids
        return tuple(child for master in self._state.pids for child in _children(master))

    @property
    def exit_status(self) -> int | None:
        """How it has ended, less than 0 for a signal; None while it lives."""
        return self._state.exit_status

    @property
    def asked_for_pause(self) -> bool:
        """It could not bind an address, and wanted the old processes to stop listening for that."""
        return self._state.paused

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known besides."""
        return (*self._notes, *self._state.notes)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What it has said while it started, as far as that can be read back (see `successor_output`)."""
        if not self._closed:
            self._said = self._output.read({self._state.pid, *self._state.ended, *self._state.pids})
        return self._said

    def wait_pid(self, timeout_s: float) -> None:
        """Wait until the program runs; in the background, until the one that goes there does.

        Raises: ReloadError if it cannot be started.
        """
        self._hear_of_pid(timeout_s)
        if not self._state.pid:
            raise ReloadError(f"HAProxy could not be started within {timeout_s:g} s.")

    def wait_started(self, timeout_s: float) -> bool:
        """Wait until it serves: it has bound everything, and waits for connections on its sockets.

        Returns False if it has ended (see `exit_status`, `messages`), or does not yet serve by then.
        Raises: ReloadError if nothing could be started at all.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            self._hear(_PERIOD_S)
            if self._state.over:
                self._settle_failure()
                return False
            if self._serves():
                return True
            if time.monotonic() >= deadline:
                return False

    def release_old(self) -> tuple[int, ...]:
        """Ask the old processes to leave once their connections have ended (SIGUSR1); return those that were told.

        Raises: Denied
        """
        told = []
        for process in self._old:
            with contextlib.suppress(Gone):
                process.send_signal(signal.SIGUSR1)
                told.append(process.pid)
        self._released = True
        self._tell(b"released")
        return tuple(told)

    def withdraw(self) -> None:
        """End the successor, so that the old processes serve alone as before.

        One that has bound may have connections already: it is asked to leave, and ended if it goes on listening.
        """
        with contextlib.suppress(ReloadError):
            self._hear_of_pid(_END_S)
        if not self._state.pid:
            self._stand_in.kill()  # it never came to start anything
        for pid in (self._state.pid, *self._state.pids):
            if pid and pid not in self._state.ended:
                with contextlib.suppress(Gone), ProcessHandle(pid) as process:
                    _end(process, gently=self._state.bound)
        self._settle_failure()

    def close(self) -> None:
        """Let go of it: the stand-in ends, the successor goes on."""
        if self._closed:
            return
        self._said = self.messages
        self._closed = True
        self._tell(b"done")
        try:
            self._stand_in.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._stand_in.kill()
            self._stand_in.wait()
        self._resources.close()

    def _serves(self) -> bool:
        """Return whether every process that is to serve polls a socket: HAProxy does so when it enters its loop."""
        servers = self.servers
        if not self._state.bound or not servers:
            return False
        wanted = any if self.plan.master_worker else all
        try:
            return wanted(read_polled_inodes(pid) & read_socket_inodes(pid) for pid in servers)
        except Gone:
            return False
        except Denied as error:
            self._notes.append(f"whether it polls its sockets could not be seen: {error.message}")
            return True

    def _hear_of_pid(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not self._state.pid and time.monotonic() < deadline:
            self._hear(_PERIOD_S)

    def _hear(self, timeout_s: float) -> None:
        """Take what the stand-in says within this time."""
        self._control.settimeout(timeout_s)
        with contextlib.suppress(TimeoutError):
            message = self._control.recv(_MESSAGE_BYTES)
            if not message:
                raise ReloadError(f"HAProxy could not be started: {self._last_words()}")
            self._state.take(message.decode("utf-8", "backslashreplace"))
        if self._state.failed:
            raise ReloadError(f"HAProxy could not be started: {self._state.failed}.")
        if self._state.waits_for_background:
            self._state.background = frozenset(read_children(self._stand_in.pid))

    def _last_words(self) -> str:
        said = [message.text for message in self.messages]
        return said[-1] if said else "the program that starts it has ended without a word"

    def _settle_failure(self) -> None:
        problem = self._pid_file.restore()
        if problem:
            self._notes.append(problem)

    def _tell(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it has ended
            self._control.send(message)


def _children(pid: int) -> list[int]:
    try:
        return read_children(pid)
    except Gone:
        return []


def _end(process: ProcessHandle, *, gently: bool) -> None:
    """End a successor; one that stops listening when it is asked to may let its connections end.

    A master has its CLI open to the end; whether its workers listen is what counts.
    """
    if gently:
        process.send_signal(signal.SIGUSR1)
        if process.await_exit(_WITHDRAW_S) or not any(
            map(_listens, _children(process.pid) or (process.pid,))
        ):
            return
    workers = _children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.await_exit(_END_S)
    for pid in workers:  # one that is still starting does not see that its master has gone
        with contextlib.suppress(Gone), ProcessHandle(pid) as worker:
            worker.send_signal(signal.SIGKILL)
            worker.await_exit(_END_S)


def _listens(pid: int) -> bool:
    listening = read_namespace_sockets(pid, connections=False)[0].listening_inodes
    return listening is None or bool(listening & read_socket_inodes(pid))
