"""One connection's socket on the event loop.

asyncio's own transports cost a task and three callbacks for each accepted connection; HAProxy opens one to a
server for nearly every client connection, so this is the world's hot path.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from hitless.sandbox.world.servers.layer import Layer

__all__ = ["Wire"]

RECEIVE_SIZE_BYTES = 64 * 1024
HIGH_WATER_BYTES = 256 * 1024


class Wire:
    """The sink at the bottom: a connected, nonblocking stream socket."""

    __slots__ = ("_closing", "_ended", "_out", "_read", "_socket", "_was_full", "layer", "loop")

    layer: Layer

    def __init__(
        self, connection: socket.socket, loop: asyncio.AbstractEventLoop, first: Callable[[Wire], Layer]
    ) -> None:
        self.loop = loop
        self._socket: socket.socket | None = connection
        self._out = bytearray()
        self._closing = self._ended = self._read = self._was_full = False
        self.layer = first(self)
        self.resume()

    @property
    def full(self) -> bool:
        """True while the peer takes less than it is sent."""
        return len(self._out) > HIGH_WATER_BYTES

    def write(self, data: bytes) -> None:
        """Send at once what the kernel takes, keep the rest."""
        connection = self._socket
        if connection is None or self._closing:
            return
        if self._out:
            self._out += data
        else:
            try:
                sent = connection.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._drop()
                return
            if sent == len(data):
                return
            self._out += data[sent:]
            self.loop.add_writer(connection.fileno(), self._writable)
        self._was_full = self._was_full or self.full

    def close(self) -> None:
        """Send FIN when everything is out."""
        self._closing = True
        if not self._out:
            self._drop()

    def pause(self) -> None:
        """Leave the peer's bytes in the kernel."""
        if self._socket is not None and self._read:
            self.loop.remove_reader(self._socket.fileno())
            self._read = False

    def resume(self) -> None:
        """Take the peer's bytes again."""
        if self._socket is not None and not self._read and not self._ended:
            self.loop.add_reader(self._socket.fileno(), self._readable)
            self._read = True

    def _readable(self) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            data = connection.recv(RECEIVE_SIZE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._drop()
            return
        if data:
            if not self._closing:
                self.layer.feed(data)
            return
        # A half-closed socket stays readable for ever.
        self._ended = True
        self.loop.remove_reader(connection.fileno())
        self._read = False
        self.layer.end()

    def _writable(self) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            sent = connection.send(self._out)
        except BlockingIOError:
            return
        except OSError:
            self._drop()
            return
        del self._out[:sent]
        if not self._out:
            self.loop.remove_writer(connection.fileno())
            if self._closing:
                self._drop()
                return
        if self._was_full and not self.full:
            self._was_full = False
            self.layer.drained()

    def _drop(self) -> None:
        connection, self._socket = self._socket, None
        if connection is None:
            return
        descriptor = connection.fileno()
        if self._read:
            self.loop.remove_reader(descriptor)
        if self._out:
            self.loop.remove_writer(descriptor)
            self._out.clear()
        with contextlib.suppress(OSError):
            connection.close()
        self.layer.lost()
