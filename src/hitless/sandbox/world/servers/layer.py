"""The two interfaces that the world's protocols are made of.

A *layer* understands bytes; a *sink* carries them. A TLS layer is a sink for the layer inside it, an HTTP/2
stream is a sink for a WebSocket: so each protocol is written once, without I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["Layer", "Sink"]


class Layer(Protocol):
    """Something that receives the bytes of one connection."""

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""

    def end(self) -> None:
        """The peer has closed its side: finish what is under way, then close."""

    def drained(self) -> None:
        """The sink was full and has room again."""

    def lost(self) -> None:
        """The connection is gone; drop timers."""


class Sink(Protocol):
    """Something that bytes for the peer are given to."""

    layer: Layer
    loop: asyncio.AbstractEventLoop

    @property
    def full(self) -> bool:
        """True while more is waiting to be sent than one connection may hold; `drained` will follow."""

    def write(self, data: bytes) -> None:
        """Send bytes, later if need be."""

    def close(self) -> None:
        """Close once everything written is out."""

    def pause(self) -> None:
        """Stop reading from the peer."""

    def resume(self) -> None:
        """Read again."""
