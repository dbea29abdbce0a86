"""Give an answer over time: wait, then send the head, then the body at once, by the clock, or as it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio

    from hitless.sandbox.world.servers.answer import Answer

__all__ = ["Exchange", "Sender"]

_PIECE_SIZE_BYTES = 64 * 1024
_PIECE = b"x" * (_PIECE_SIZE_BYTES - 1) + b"\n"


class Sender(Protocol):
    """Frames one response in its protocol."""

    @property
    def full(self) -> bool:
        """True while no more can be taken."""

    def head(self, answer: Answer) -> None:
        """Send status and headers."""

    def data(self, chunk: bytes) -> None:
        """Send a part of the body."""

    def finish(self) -> None:
        """The body is complete."""


class Exchange:
    """One answer on its way. `drained` continues it, `cancel` ends it."""

    __slots__ = ("_answer", "_chunk", "_end_s", "_left_bytes", "_loop", "_sender", "_timer", "_without_body")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sender: Sender, answer: Answer, *, without_body: bool = False
    ) -> None:
        self._loop = loop
        self._sender = sender
        self._answer = answer
        self._without_body = without_body
        self._left_bytes = 0
        self._end_s = 0.0
        self._chunk = b""
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, after the delay that was asked for."""
        delay_ms = self._answer.behaviour.delay_ms
        if delay_ms:
            self._timer = self._loop.call_later(delay_ms / 1000, self._begin)
        else:
            self._begin()

    def cancel(self) -> None:
        """Send no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._left_bytes = 0

    def drained(self) -> None:
        """Send more of a body that is sent as fast as it is taken."""
        if self._left_bytes:
            self._pour()

    def _begin(self) -> None:
        answer = self._answer
        self._timer = None
        self._sender.head(answer)
        if self._without_body:
            self._sender.finish()
        elif answer.length_bytes is None:
            self._end_s = self._loop.time() + answer.behaviour.stream_ms / 1000
            self._chunk = b"data: ".ljust(answer.behaviour.chunk_size_bytes - 2, b".") + b"\n\n"
            self._tick()
        elif answer.body or not answer.length_bytes:
            if answer.body:
                self._sender.data(answer.body)
            self._sender.finish()
        else:
            self._left_bytes = answer.length_bytes
            self._pour()

    def _tick(self) -> None:
        if self._loop.time() >= self._end_s:
            self._timer = None
            self._sender.finish()
            return
        if not self._sender.full:
            self._sender.data(self._chunk)
        self._timer = self._loop.call_later(self._answer.behaviour.chunk_ms / 1000, self._tick)

    def _pour(self) -> None:
        while self._left_bytes and not self._sender.full:
            piece = _PIECE if self._left_bytes >= _PIECE_SIZE_BYTES else _PIECE[-self._left_bytes :]
            self._left_bytes -= len(piece)
            self._sender.data(piece)
            if not self._left_bytes:
                self._sender.finish()
