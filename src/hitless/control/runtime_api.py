"""Ask a running HAProxy: the runtime API of a process, and the CLI of a master."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from enum import Enum

from hitless.control.errors import CouldNotAsk
from hitless.control.replies import (
    Processes,
    ProcessInfo,
    ReloadReply,
    parse_info,
    parse_processes,
    parse_reload,
    parse_servers_state,
)
from hitless.control.unanswered import Unanswered
from hitless.control.wire import ReplyBuffer, encode_command, parse_address, raise_if_refused

__all__ = ["MasterCli", "RuntimeApi", "errors_explained", "set_deadline"]

_CHUNK_BYTES = 256 * 1024
_LIMIT_BYTES = 64 * 1024 * 1024
_TIMEOUT_S = 5.0
_RELOAD_TIMEOUT_S = 90.0
"""As HAProxy's own admin/cli/haproxy-reload waits."""
_RETRY_S = 0.005
"""A master that re-executes itself leaves nothing to wait on, so a patient caller asks again at this pace."""
_TOO_SHORT_S = 0.02
"""A try that begins so late says nothing."""
_UNANSWERED = Unanswered()
"""Of this process: whoever asks, the master's connections are the same."""


class _HalfClose(Enum):
    """When to say that no command follows.

    A master of 2.8 to 3.2 that reads that together with a command for a worker that it does not have leaves the
    connection open for ever, without an answer (one in 5 to 25 here), and it has ten of them: the tenth such question
    ends its CLI. Said after the first bytes of the answer it closes, as it does for any other command.
    """

    NEVER = "never"
    AT_ONCE = "at once"
    ONCE_ANSWERED = "once answered"


class _NothingTriedError(TimeoutError):
    """The time was over before anything was tried."""


class RuntimeApi:
    """The runtime API behind one address, in any form of `parse_address` ("/run/x.sock", "127.0.0.1:9999").

    Each command is a connection of its own, so an instance holds nothing open.
    """

    def __init__(self, address: str) -> None:
        self._address = parse_address(address)

    def ask(
        self,
        command: str,
        *,
        timeout_s: float = _TIMEOUT_S,
        limit_bytes: int = _LIMIT_BYTES,
        patient: bool = False,
    ) -> str:
        """Send one command and return the answer without the empty lines at its end.

        `timeout_s` bounds the whole exchange. `patient`: where nobody listens, or the connection breaks
        before an answer, try again until then; only for commands that may be sent twice.
        Raises: CouldNotAsk, WasRefused, NotUnderstood; ValueError if `command` is not one command.
        """
        data = encode_command(command)
        deadline = time.monotonic() + timeout_s
        with self._question(command):
            reply = self._ask_until(deadline, data, limit_bytes, patient=patient)
            raise_if_refused(command, reply)
        return reply

    def ask_info(self, *, timeout_s: float = _TIMEOUT_S, patient: bool = False) -> ProcessInfo:
        """Return `show info`: which process answers here, and whether it is stopping."""
        return parse_info(self.ask("show info", timeout_s=timeout_s, patient=patient))

    def ask_servers_state(self, *, timeout_s: float = _TIMEOUT_S) -> tuple[Mapping[str, str], ...]:
        """Return `show servers state`, a mapping per server."""
        return parse_servers_state(self.ask("show servers state", timeout_s=timeout_s))

    def _question(self, _command: str) -> AbstractContextManager[None]:
        """Return what surrounds one question; any may be put here."""
        return nullcontext()

    def _ask_until(self, deadline: float, data: bytes, limit_bytes: int, *, patient: bool) -> str:
        half_close = _HalfClose.ONCE_ANSWERED if data.startswith(b"@") else _HalfClose.AT_ONCE
        before: CouldNotAsk | None = None
        while True:
            began = time.monotonic()
            try:
                return self._exchange(data, deadline, limit_bytes, half_close, empty_is_broken=patient)
            except CouldNotAsk as error:
                too_late = isinstance(error.__cause__, _NothingTriedError) or deadline - began < _TOO_SHORT_S
                if before is not None and not error.transient and too_late:
                    raise before from error  # not silence: there was no time left for this try
                if not (patient and error.transient) or time.monotonic() + _RETRY_S >= deadline:
                    raise
                before = error
                time.sleep(_RETRY_S)

    def _exchange(
        self,
        data: bytes,
        deadline: float,
        limit_bytes: int,
        half_close: _HalfClose,
        *,
        empty_is_broken: bool = False,
    ) -> str:
        reply = ReplyBuffer(limit_bytes)
        with (
            errors_explained(self._address.text),
            socket.socket(self._address.family, socket.SOCK_STREAM) as connection,
        ):
            try:
                set_deadline(connection, deadline)
            except TimeoutError as error:
                raise _NothingTriedError from error
            connection.connect(self._address.target)
            connection.sendall(data)
            if half_close is _HalfClose.AT_ONCE:
                connection.shutdown(socket.SHUT_WR)
            while received := _receive(connection, deadline):
                reply.feed(received)
                if half_close is _HalfClose.ONCE_ANSWERED:
                    with suppress(OSError):  # it has closed by itself
                        connection.shutdown(socket.SHUT_WR)
        text = reply.text()
        if empty_is_broken and not text:
            raise CouldNotAsk(f"{self._address.text} closed without an answer", transient=True)
        return text


@contextmanager
def errors_explained(where: str) -> Iterator[None]:
    """Turn the errors of a socket to HAProxy into CouldNotAsk; `where` is its address for people."""
    try:
        yield
    except TimeoutError as error:
        raise CouldNotAsk(
            f"{where} did not answer in time",
            hint="a saturated or stopped process?",
            unanswered=not isinstance(error, _NothingTriedError),
        ) from error
    except FileNotFoundError as error:
        hint = "is HAProxy running, and is this the path in its `stats socket` line or its -S?"
        raise CouldNotAsk(f"no socket at {where}", hint=hint, transient=True) from error
    except ConnectionRefusedError as error:
        hint = "its process is gone, or is just being replaced"
        raise CouldNotAsk(f"nobody listens on {where}", hint=hint, transient=True) from error
    except (ConnectionResetError, BrokenPipeError, BlockingIOError) as error:
        what = os.strerror(error.errno or 0)
        raise CouldNotAsk(f"{where} broke off the conversation: {what}", transient=True) from error
    except PermissionError as error:
        raise CouldNotAsk(f"no permission to connect to {where}", hint=f"ls -l {where}; sudo") from error
    except OSError as error:
        raise CouldNotAsk(f"{where} cannot be reached: {error}") from error


class MasterCli(RuntimeApi):
    """The CLI of a master process (`-S`).

    Around a reload it refuses connections for 6 to 150 ms (up to 2 s on old versions): ask patiently there.
    """

    def _question(self, command: str) -> AbstractContextManager[None]:
        """Raises: CouldNotAsk for a worker ("@!PID …") that has not answered, until it is its turn again."""
        worker = command.partition(" ")[0]
        if not worker.startswith("@"):
            return nullcontext()
        return _UNANSWERED.question(self._address.text, worker)

    def ask_processes(self, *, timeout_s: float = _TIMEOUT_S, patient: bool = False) -> Processes:
        """Return `show proc`: the master, its workers and the old ones."""
        return parse_processes(self.ask("show proc", timeout_s=timeout_s, patient=patient))

    def ask_worker(self, pid: int, command: str, *, timeout_s: float = _TIMEOUT_S) -> str:
        """Send a command to one worker, also to an old one.

        Raises: as `ask`; WasRefused where the master has no such process.
        """
        return self.ask(f"@!{pid} {command}", timeout_s=timeout_s)

    def ask_worker_info(self, pid: int, *, timeout_s: float = _TIMEOUT_S) -> ProcessInfo:
        """Return `show info` of one worker."""
        return parse_info(self.ask_worker(pid, "show info", timeout_s=timeout_s))

    def apply_reload(self, *, timeout_s: float = _RELOAD_TIMEOUT_S, hard: bool = False) -> ReloadReply:
        """Reload, and return what the master says of it.

        Up to 2.6 it says nothing and closes at once; 2.7 to 3.0 it answers when the new worker has been
        started; since 3.1 when that worker is ready. `hard` is `hard-reload` (2.9 and later).
        Raises: CouldNotAsk (also when the answer did not come: the reload may be going on), WasRefused,
        NotUnderstood.
        """
        command = "hard-reload" if hard else "reload"
        deadline = time.monotonic() + timeout_s
        reply = self._exchange(encode_command(command), deadline, _LIMIT_BYTES, _HalfClose.NEVER)
        raise_if_refused(command, reply)
        return parse_reload(reply)


def _receive(connection: socket.socket, deadline: float) -> bytes:
    set_deadline(connection, deadline)
    return connection.recv(_CHUNK_BYTES)


def set_deadline(connection: socket.socket, deadline: float) -> None:
    """Bound the next call; `settimeout(0)` would mean "do not wait", so a passed deadline is raised here."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    connection.settimeout(left_s)
