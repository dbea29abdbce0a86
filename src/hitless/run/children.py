"""The programs that a run starts: HAProxy itself, and `hitless` for a proof or a reload; all are reaped here."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from hitless.errors import ReloadError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Children", "Done"]

_SAID_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Done:
    """A program that has ended; `name` is what it was started as, "" for an orphan that came to us.

    `status` is an exit status, less than 0 for a signal. HAProxy's output is its own, and not here.
    """

    pid: int
    status: int
    name: str = ""
    output: bytes = b""
    errors: bytes = b""


@dataclass(slots=True)
class _Helper:
    name: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    errors: IO[bytes]


@dataclass(slots=True)
class Children:
    """What was started and has not been reaped."""

    environment: Mapping[str, str]
    """Of the helpers."""
    _helpers: dict[int, _Helper] = field(default_factory=dict)
    _haproxy: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_haproxy(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Start HAProxy in a process group of its own (Ctrl-C at a terminal is ours to pass on); return its pid.

        Raises: ReloadError
        """
        try:
            process = subprocess.Popen(command, env=dict(environment), process_group=0)
        except OSError as error:
            raise ReloadError(f"{command[0]} cannot be started: {error.strerror}.") from error
        self._haproxy[process.pid] = process
        return process.pid

    def start_hitless(self, name: str, words: Sequence[str]) -> None:
        """Start `hitless` with these words; what it says comes with its end.

        Raises: ReloadError
        """
        output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed when it ends
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "hitless", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=dict(self.environment),
                process_group=0,
            )
        except OSError as error:
            output.close()
            errors.close()
            raise ReloadError(f"{sys.executable} cannot be started: {error.strerror}.") from error
        self._helpers[process.pid] = _Helper(name, process, output, errors)

    @property
    def running(self) -> frozenset[str]:
        """The names of the helpers that have not ended."""
        return frozenset(helper.name for helper in self._helpers.values())

    def reap(self) -> list[Done]:
        """Return everything that has ended, orphans too."""
        found: list[Done] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            found.append(self._done(pid, os.waitstatus_to_exitcode(status)))

    def _done(self, pid: int, status: int) -> Done:
        if (process := self._haproxy.pop(pid, None)) is not None:
            process.returncode = status
            return Done(pid, status, "haproxy")
        helper = self._helpers.pop(pid, None)
        if helper is None:
            return Done(pid, status)
        helper.process.returncode = status
        with helper.output as output, helper.errors as errors:
            output.seek(0)
            errors.seek(0)
            return Done(pid, status, helper.name, output.read(_SAID_BYTES), errors.read(_SAID_BYTES))

    def cancel(self, *names: str) -> None:
        """End helpers, and hear nothing of them any more: a reload that is cut ends as its own record says."""
        for helper in self._helpers.values():
            if helper.name in names:
                helper.name = ""
                helper.process.terminate()
