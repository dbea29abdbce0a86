"""One HTTP/2 stream: the sender of an answer, or the sink of a WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hitless.sandbox.world.servers.echo import Discard

if TYPE_CHECKING:
    import asyncio

    from h2.connection import H2Connection

    from hitless.sandbox.world.servers.answer import Answer
    from hitless.sandbox.world.servers.exchange import Exchange
    from hitless.sandbox.world.servers.layer import Layer, Sink

__all__ = ["H2Stream"]

_MOST_PENDING_BYTES = 1024 * 1024


class Streams(Protocol):
    """What a stream needs of its connection."""

    def flush(self) -> None:
        """Send the frames that have been made."""

    def forget(self, number: int) -> None:
        """The stream is over."""


class H2Stream:
    """Keeps what the peer's flow-control window does not take yet."""

    __slots__ = (
        "_connection",
        "_finished",
        "_number",
        "_pending",
        "_sink",
        "_streams",
        "exchange",
        "layer",
        "loop",
    )

    def __init__(self, streams: Streams, connection: H2Connection, number: int, sink: Sink) -> None:
        self._streams = streams
        self._connection = connection
        self._number = number
        self._sink = sink
        self._pending = b""
        self._finished = False
        self.loop: asyncio.AbstractEventLoop = sink.loop
        self.layer: Layer = Discard()
        self.exchange: Exchange | None = None

    # Driven by the connection.

    @property
    def overflows(self) -> bool:
        """True when a tunnel's peer sends and does not take: an answer can wait, an echo cannot."""
        return len(self._pending) > _MOST_PENDING_BYTES

    def accept(self, layer: Layer) -> None:
        """Open a tunnel to this layer."""
        self._connection.send_headers(self._number, [(b":status", b"200")])
        self.layer = layer

    def feed(self, data: bytes) -> None:
        """Take the body of the request: a tunnel's bytes, or nothing that is needed."""
        self.layer.feed(data)

    def end(self) -> None:
        """The request is complete: answer it."""
        if self.exchange is not None:
            self.exchange.start()
        else:
            self.layer.end()

    def drained(self) -> None:
        """Send what the window takes now."""
        if self._pending or self._finished:
            self._send()
        if not self.full and self.exchange is not None:
            self.exchange.drained()

    def cancel(self) -> None:
        """The stream was reset, or its connection lost."""
        if self.exchange is not None:
            self.exchange.cancel()
        self._pending = b""

    # The sender of an answer.

    @property
    def full(self) -> bool:
        """True while the window or the connection takes no more."""
        return bool(self._pending) or self._sink.full

    def head(self, answer: Answer) -> None:
        """Send the head."""
        headers = [(b":status", b"%d" % answer.status), *answer.headers]
        if answer.length_bytes:
            headers.append((b"content-length", b"%d" % answer.length_bytes))
        self._connection.send_headers(self._number, headers)

    def data(self, chunk: bytes) -> None:
        """Send a part of the body."""
        self._pending += chunk
        self._send()

    def finish(self) -> None:
        """End the stream."""
        self._finished = True
        self._send()

    # The sink of a tunnel.

    write = data
    close = finish

    def pause(self) -> None:
        """The window holds the peer back: a stream is not paused alone."""

    def resume(self) -> None:
        """See `pause`."""

    def _send(self) -> None:
        connection, number = self._connection, self._number
        while self._pending:
            size = min(connection.local_flow_control_window(number), connection.max_outbound_frame_size)
            if not size:
                break
            connection.send_data(number, self._pending[:size])
            self._pending = self._pending[size:]
        if self._finished and not self._pending:
            self._finished = False
            connection.end_stream(number)
            self._streams.forget(number)
        self._streams.flush()
