"""Start HAProxy as its service would, in the foreground, with its messages read all the time.

HAProxy's standard error is a pipe that is never left unread: a full pipe blocks the process that writes to it, admin
socket included.
"""

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO

from hitless.clock import now_ns
from hitless.errors import ReloadError
from hitless.evidence.haproxy_log import to_event
from hitless.records import Event

__all__ = ["Launch", "MessageReader", "spawn"]

_PR_SET_PDEATHSIG = 1
_LINE_LIMIT_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Launch:
    """What a HAProxy is started with; the mechanism adds its own options."""

    binary: str
    files: tuple[str, ...]
    extra_arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    working_directory: str = "/"

    def command(self, *options: str) -> list[str]:
        """Return the argument list: options first, then `-f` for each file, then the service's own extras."""
        files = [word for name in self.files for word in ("-f", name)]
        return [self.binary, *options, *files, *self.extra_arguments]


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def spawn(launch: Launch, options: list[str], messages: "MessageReader") -> subprocess.Popen[bytes]:
    """Start HAProxy; what it prints goes to `messages`. It is killed when its starter dies.

    Raises: ReloadError if the program cannot be executed.
    """
    try:
        return subprocess.Popen(
            launch.command(*options),
            stdin=subprocess.DEVNULL,
            stdout=messages.write_end,
            stderr=messages.write_end,
            env=dict(launch.environment),
            cwd=launch.working_directory,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - prctl only; nothing here that a thread's lock could hold
            start_new_session=True,
        )
    except OSError as error:
        raise ReloadError(
            f"{launch.binary} cannot be started: {error.strerror}.",
            hint="Name another HAProxy with --haproxy PATH.",
        ) from error


class MessageReader:
    """Reads what all HAProxy processes print, line by line, as events on the one clock."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        read_end, self.write_end = os.pipe2(os.O_CLOEXEC)
        self._emit = emit
        self._events: list[Event] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._read, args=(os.fdopen(read_end, "rb"),), name="haproxy-messages", daemon=True
        )
        self._thread.start()

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(_LINE_LIMIT_BYTES):
                event = to_event(now_ns(), line)
                with self._lock:
                    self._events.append(event)
                self._emit(event)

    def since(self, t_ns: int) -> list[Event]:
        """Return what was printed at or after this moment, parsed (`hitless.evidence.haproxy_log.to_event`)."""
        with self._lock:
            return [event for event in self._events if event.t_ns >= t_ns]

    def close(self) -> None:
        """Let go of the write end and wait for the reader to see the end of the pipe."""
        os.close(self.write_end)
        self._thread.join(timeout=2.0)
