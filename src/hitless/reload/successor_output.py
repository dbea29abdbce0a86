"""Where a successor's standard output and error go, and what it has said there while it starts.

One that goes into the background is given a file in memory: HAProxy lets go of it when it has started, a full pipe
cannot block it, and nobody has to read if we are killed. One that stays in the foreground needs a standard error that
works when we are gone, for its log lines perhaps: it gets the old process's own. What it says there is read back where
that is a file, or the journal of its unit. From a pipe or a terminal it cannot be, short of leaving somebody behind who
reads for ever: a descriptor of a running process cannot be replaced from outside.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from hitless.control.messages import parse_messages
from hitless.host.descriptors import duplicate_descriptor
from hitless.host.errors import Gone, HostError
from hitless.reload.said import MessageTap

if TYPE_CHECKING:
    from collections.abc import Container

    from hitless.control.messages import Message
    from hitless.host.process_handle import ProcessHandle

__all__ = ["SuccessorOutput"]

_LIMIT_BYTES = 256 * 1024
_STDOUT, _STDERR = 1, 2


class SuccessorOutput:
    """Two descriptors for a successor, until the block ends; a third, `errors_of_ours`, for the program between."""

    def __init__(self, old: ProcessHandle, *, daemon: bool, unit: str = "") -> None:
        self.notes: list[str] = []
        self._file = os.memfd_create("hitless: messages of the successor", os.MFD_CLOEXEC)
        self._opened = [self._file]
        self._tap: MessageTap | None = None
        if daemon:
            self.output = self.errors = self._file
            return
        self.output = self._own_of(old, _STDOUT)
        self.errors = self._own_of(old, _STDERR)
        self._tap = MessageTap(os.getpid(), unit, descriptor=self.errors)

    def _own_of(self, old: ProcessHandle, number: int) -> int:
        try:
            found = duplicate_descriptor(old, number)
        except Gone:  # it has closed it
            found = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        except HostError as error:
            self.notes.append(f"its output is thrown away: {error.message}")
            found = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        self._opened.append(found)
        return found

    @property
    def errors_of_ours(self) -> int:
        """Where the program between says what goes wrong with itself."""
        return self._file

    def read(self, pids: Container[int]) -> tuple[Message, ...]:
        """Return what has been said so far: on the old process's standard error only by these, or by nobody named.

        The file in memory is the successor's alone, and holds the words of processes that were never seen: from 3.1 on
        the one in the background is the first one's child as long as it starts.
        """
        said = os.pread(self._file, _LIMIT_BYTES, 0).decode("utf-8", "backslashreplace")
        tapped = self._tap.read() if self._tap is not None else ()
        others = (message for message in tapped if message.pid in pids or not message.pid)
        return (*parse_messages(said), *others)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._opened:
            os.close(self._opened.pop())
