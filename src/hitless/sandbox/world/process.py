"""The world's process, seen from the one that starts it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Self

import msgspec

from hitless.errors import SandboxError
from hitless.host.processes import format_ending
from hitless.sandbox.world.records import Ready

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from hitless.sandbox.world.records import WorldPlan

__all__ = ["WorldProcess"]

_LINE_SIZE_BYTES = 4 * 1024 * 1024
_COMPLAINT_SIZE_BYTES = 4096


class WorldProcess:
    """Starts the world, waits until it serves, and takes it down.

    It runs in the namespaces of whoever starts it; `prefix` is a program that starts it elsewhere.
    Events (`hitless.records.Event`, one JSON line each) are written to `events_fd`, which stays open here.
    """

    def __init__(self, plan: WorldPlan, events_fd: int, *, prefix: Sequence[str] = ()) -> None:
        self._plan = plan
        self._events_fd = events_fd
        self._prefix = tuple(prefix)
        self._process: subprocess.Popen[bytes] | None = None
        self._process_fd = -1
        self._complaints: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def process_fd(self) -> int:
        """A pidfd, readable once the process has ended; closed by `stop`."""
        return self._process_fd

    def check(self) -> None:
        """Raise SandboxError if the process has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise SandboxError(
                f"The simulated servers' process {format_ending(self._process.returncode)} in the middle of the run. "
                f"{self._complaint()}".strip(),
                hint="Look for the out-of-memory killer in the kernel's log (dmesg).",
            )

    @property
    def pid(self) -> int:
        """The process id; 0 before the start and after the end."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start the process; `wait_ready` says when it serves.

        Raises: SandboxError if it cannot be started.
        """
        plan = os.fdopen(os.memfd_create("hitless-world-plan"), "wb")
        self._complaints = os.fdopen(os.memfd_create("hitless-world-stderr"), "w+b")
        with plan:
            plan.write(msgspec.json.encode(self._plan))
            plan.flush()
            plan.seek(0)
            command = [*self._prefix, sys.executable, "-P", "-m", "hitless.sandbox.world"]
            command += ["--plan-fd", str(plan.fileno()), "--events-fd", str(self._events_fd)]
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._complaints,
                    pass_fds=(plan.fileno(), self._events_fd),
                )
            except OSError as error:
                self._complaints.close()
                raise SandboxError(f"the simulated world could not be started: {error}") from error
        self._process_fd = os.pidfd_open(self._process.pid)

    def wait_ready(self, timeout_s: float = 15.0) -> Ready:
        """Wait until the world serves; the result names the endpoints that it could not open.

        Raises: SandboxError if it ends or says nothing in time.
        """
        process = self._process
        assert process is not None
        assert process.stdout is not None
        line = _read_line(process.stdout.fileno(), timeout_s)
        if not line.endswith(b"\n"):
            ended = process.poll() is not None or not select.select([process.stdout], [], [], 0)[0]
            state = "has ended" if ended else "is not ready"
            raise SandboxError(
                f"the simulated world {state} after {timeout_s:g} s. {self._complaint()}".strip()
            )
        return msgspec.json.decode(line, type=Ready)

    def stop(self, timeout_s: float = 3.0) -> None:
        """End the process, by force if it does not end by itself in time. Its events are complete then."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        os.close(self._process_fd)
        if self._complaints is not None:
            self._complaints.close()

    def _complaint(self) -> str:
        assert self._complaints is not None
        end = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, end - _COMPLAINT_SIZE_BYTES))
        text = self._complaints.read(_COMPLAINT_SIZE_BYTES).decode("utf-8", "backslashreplace")
        return text.strip().rpartition("\n")[2]


def _read_line(descriptor: int, timeout_s: float) -> bytes:
    """Return one line, or what there is of it when the time, or the process, has ended."""
    deadline_s = time.monotonic() + timeout_s
    line = b""
    while not line.endswith(b"\n") and len(line) < _LINE_SIZE_BYTES:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or not select.select([descriptor], [], [], left_s)[0]:
            break
        piece = os.read(descriptor, 65536)
        if not piece:
            break
        line += piece
    return line
