"""Start a program in the sandbox and hold on to it."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Self

import msgspec

from hitless.errors import SandboxError
from hitless.sandbox.entry import (
    EntryMessage,
    EntryRefusal,
    EntryReport,
    EntrySettings,
    TierKind,
    decode_message,
    encode,
)

__all__ = ["EntryRefusedError", "SandboxProcess", "start_in_sandbox"]

_REPORT_LIMIT_BYTES = 256 * 1024
_SERVICE_MANAGER_VARIABLES = (
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
)
"""They would have a HAProxy inside speak to the service manager outside."""


class EntryRefusedError(SandboxError):
    """This machine does not grant the sandbox; `refusal` says at which step."""

    def __init__(self, refusal: EntryRefusal) -> None:
        super().__init__(f"the sandbox could not be made: {refusal.step}: {refusal.detail}")
        self.refusal = refusal


def start_in_sandbox(
    tier: TierKind,
    program: Sequence[str],
    *,
    sysctls: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> "SandboxProcess":
    """Start `program` in a new sandbox of the "root" or "user" tier; its descriptors in `pass_fds` stay open.

    The sandbox lives no longer than the calling *thread*, to which the kernel binds the parent-death
    signal: start it from the main thread. Ctrl-C in the terminal does not reach the program; `terminate`
    does. Raises: SandboxError if the process cannot be started; what the machine refuses is raised by
    `wait_ready`.
    """
    reading, writing = os.pipe()
    settings = EntrySettings(
        tier=tier,
        parent_pid=os.getpid(),
        report_fd=writing,
        keep_fds=tuple(pass_fds),
        sysctls=dict(sysctls or {}),
    )
    # -P: the current directory, where anybody's json.py may lie, is not a place to import from
    command = [sys.executable, "-P", "-m", "hitless.sandbox.enter", encode(settings).decode(), *program]
    inherited = dict(os.environ if environment is None else environment)
    for name in _SERVICE_MANAGER_VARIABLES:
        inherited.pop(name, None)
    try:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=inherited,
            pass_fds=(writing, *pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        os.close(reading)
        raise SandboxError(f"cannot start {sys.executable}: {error.strerror}") from error
    finally:
        os.close(writing)
    return SandboxProcess(process, reading)


class SandboxProcess:
    """A program in its sandbox. Leaving the `with` block ends both."""

    def __init__(self, process: "subprocess.Popen[bytes]", report: int) -> None:
        self.process = process
        self._report = os.fdopen(report, "rb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def wait_ready(self, *, timeout_s: float = 20.0) -> EntryReport:
        """Wait until the sandbox stands and the program is about to start.

        Raises: EntryRefusedError if the machine refuses; SandboxError if it takes too long or the process
        dies.
        """
        deadline = time.monotonic() + timeout_s
        step, buffer = "start", b""
        with self._report as report:
            while len(buffer) < _REPORT_LIMIT_BYTES:
                if not select.select([report], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    self.kill()
                    raise SandboxError(
                        f"making the sandbox took more than {timeout_s:g} s; it hung at: {step}",
                        hint="a mounted network filesystem that does not answer is the usual reason",
                    )
                chunk = report.read(4096)
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    message = _decode(line)
                    if message.refused is not None:
                        self.process.wait()
                        raise EntryRefusedError(message.refused)
                    if message.entered is not None:
                        return message.entered
                    step = message.step
                if not chunk:
                    break
        self.kill()
        raise SandboxError(f"the process that makes the sandbox ended without a word; its last step: {step}")

    def terminate(self) -> None:
        """Ask the program to end (SIGTERM, passed on by every link)."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    def wait(self, *, timeout_s: float | None = None) -> int:
        """Return the program's exit status (128 + N for signal N).

        Raises: subprocess.TimeoutExpired.
        """
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        """End everything in the sandbox at once, and wait for it."""
        self.process.kill()
        self.process.wait()
        self._report.close()


def _decode(line: bytes) -> EntryMessage:
    try:
        return decode_message(line)
    except msgspec.DecodeError as error:
        raise SandboxError(
            f"the process that makes the sandbox wrote what is no report: {line[:80]!r}"
        ) from error
