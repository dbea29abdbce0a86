"""TCP echo: what any server of a `mode tcp` proxy is to the load's clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitless.sandbox.world.servers.layer import Sink

__all__ = ["Discard", "Echo"]


class Echo:
    """Gives back what comes, and stops reading while the peer does not take it."""

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def feed(self, data: bytes) -> None:
        """Send the bytes back."""
        self._sink.write(data)
        if self._sink.full:
            self._sink.pause()

    def end(self) -> None:
        """Close when everything is back."""
        self._sink.close()

    def drained(self) -> None:
        """Read again."""
        self._sink.resume()

    def lost(self) -> None:
        """Nothing is kept."""


class Discard:
    """A layer for a connection whose layer has said its last."""

    __slots__ = ()

    def feed(self, data: bytes) -> None:
        """Ignore the bytes."""

    def end(self) -> None:
        """Nothing is open any more."""

    def drained(self) -> None:
        """Nothing is waiting."""

    def lost(self) -> None:
        """Nothing is kept."""
