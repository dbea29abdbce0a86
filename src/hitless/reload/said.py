"""What HAProxy itself says of a reload: on the file behind its standard error, or in the journal of its unit.

The master's CLI says the same since 2.7 (`reload`, `show startup-logs`); a signal says nothing.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk
from hitless.control.messages import Level, parse_messages
from hitless.host.redact import redact_configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.control.messages import Message

__all__ = ["MessageTap", "shown_messages"]

_LIMIT_BYTES = 256 * 1024
_SHOWN = 40
_JOURNAL_TIMEOUT_S = 5.0
_ONLY_THAT = ("Error(s) found in ", "Fatal errors found in ", "config : Error(s)", "config : Fatal errors")


class MessageTap:
    """Remembers where the messages of a process end now; `read` returns what has come since.

    `descriptor` is where it says them: its standard error.
    """

    def __init__(self, pid: int, unit: str = "", *, descriptor: int = 2) -> None:
        self._unit = unit
        self._file, self._size = _file_behind(pid, descriptor)
        self._cursor = "" if self._file or not unit else _journal_cursor(unit)

    def read(self) -> tuple[Message, ...]:
        """Return the messages since, () where they go to a place that cannot be read."""
        if self._file:
            try:
                with Path(self._file).open("rb") as file:
                    file.seek(self._size)
                    return parse_messages(file.read(_LIMIT_BYTES).decode("utf-8", "backslashreplace"))
            except OSError:
                return ()
        if not self._cursor:
            return ()
        return parse_messages(_journal(self._unit, f"--after-cursor={self._cursor}", "--output=cat"))


def _file_behind(pid: int, descriptor: int) -> tuple[str, int]:
    """Return a path to the regular file behind a descriptor of a process, and its size; ("", 0) if it is none."""
    path = f"/proc/{pid}/fd/{descriptor}"
    try:
        found = os.stat(path)  # noqa: PTH116 - a magic link
    except OSError:
        return "", 0
    if not stat.S_ISREG(found.st_mode):
        return "", 0
    return path, found.st_size


def _journal_cursor(unit: str) -> str:
    last = _journal(unit, "--lines=0", "--show-cursor")
    return next((line[11:] for line in last.splitlines() if line.startswith("-- cursor: ")), "")


def _journal(unit: str, *words: str) -> str:
    command = ["journalctl", "--quiet", "--no-pager", f"--unit={unit}", *words]
    try:
        return run_bounded(command, timeout_s=_JOURNAL_TIMEOUT_S, limit_bytes=4 * _LIMIT_BYTES).stdout
    except (OSError, CouldNotAsk):  # no journal here
        return ""


def shown_messages(messages: Sequence[Message]) -> tuple[str, ...]:
    """Return the alerts and warnings as people are shown them, alerts first, without those that only count others."""
    telling = [m for m in messages if not m.text.startswith(_ONLY_THAT)]
    alerts = [m for m in telling if m.level is Level.ALERT]
    warnings = [m for m in telling if m.level is Level.WARNING]
    # HAProxy shows the line it cannot read, whatever stands there.
    shown = [*alerts, *warnings][:_SHOWN]
    return tuple(redact_configuration(f"[{m.level}] {m.text}") for m in shown)
