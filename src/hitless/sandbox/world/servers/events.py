"""Events on their way out, as JSON lines: never blocking the servers, and never lost unseen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hitless.clock import now_ns
from hitless.records import Event, EventKind

if TYPE_CHECKING:
    import asyncio

__all__ = ["EventWriter"]

MOST_BUFFERED_BYTES = 16 * 1024 * 1024
_FLUSH_AT_BYTES = 64 * 1024
_FLUSH_AFTER_S = 0.05


class EventWriter:
    """Collects lines and writes them in batches; beyond a bound lines are dropped, and counted."""

    def __init__(
        self, descriptor: int, loop: asyncio.AbstractEventLoop, *, most_bytes: int = MOST_BUFFERED_BYTES
    ) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._loop = loop
        self._most_bytes = most_bytes
        self._buffer = bytearray()
        self._encode = msgspec.json.Encoder().encode
        self._timer: asyncio.TimerHandle | None = None
        self._waiting = False
        self.dropped = 0

    def write(self, event: Event) -> None:
        """Take one event."""
        line = self._encode(event)
        if len(self._buffer) + len(line) >= self._most_bytes:
            self.dropped += 1
            return
        self._buffer += line
        self._buffer += b"\n"
        if self._waiting:
            return
        if len(self._buffer) >= _FLUSH_AT_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(_FLUSH_AFTER_S, self.flush)

    def note(self, text: str, number: int) -> None:
        """Take a remark about the world itself."""
        self.write(Event(t_ns=now_ns(), kind=EventKind.NOTE, text=text, number=number))

    def flush(self) -> None:
        """Write what the reader takes now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            while self._buffer:
                del self._buffer[: os.write(self._descriptor, self._buffer[: 1 << 20])]
        except BlockingIOError:
            if not self._waiting:
                self._waiting = True
                self._loop.add_writer(self._descriptor, self._writable)

    def close(self) -> None:
        """Write the rest, however long the reader takes, and how many lines were dropped.

        Raises: OSError if the reader is gone.
        """
        if self._waiting:
            self._loop.remove_writer(self._descriptor)
        os.set_blocking(self._descriptor, True)
        if self.dropped:
            self.note(
                "log lines were dropped because they came faster than they could be written", self.dropped
            )
        self.flush()

    def _writable(self) -> None:
        self._loop.remove_writer(self._descriptor)
        self._waiting = False
        self.flush()
