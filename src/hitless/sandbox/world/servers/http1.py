"""HTTP/1: keep-alive, pipelining, bodies read and discarded, upgrades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.sandbox.world.servers.echo import Echo
from hitless.sandbox.world.servers.exchange import Exchange
from hitless.sandbox.world.servers.http1_message import (
    MALFORMED,
    TOO_LARGE,
    BadMessage,
    ChunkedBody,
    RequestHead,
    parse_head,
    response_head,
)
from hitless.sandbox.world.servers.websocket import WebSocketEcho, accept_key

if TYPE_CHECKING:
    from hitless.sandbox.world.servers.answer import Answer
    from hitless.sandbox.world.servers.layer import Sink
    from hitless.sandbox.world.servers.serving import Serving

__all__ = ["Http1"]

_HEAD_SIZE_BYTES = 64 * 1024
_CACHED_HEAD_SIZE_BYTES = 2048
_CACHED_HEADS = 1024


class Http1:
    """One connection: a layer for its bytes, a sender for its answers."""

    __slots__ = (
        "_body",
        "_buffer",
        "_chunked",
        "_ended",
        "_exchange",
        "_head",
        "_last",
        "_left_bytes",
        "_serving",
        "_sink",
    )

    def __init__(self, sink: Sink, serving: Serving) -> None:
        self._sink = sink
        self._serving = serving
        self._buffer = b""
        self._head: RequestHead | None = None
        self._left_bytes = 0
        self._body: ChunkedBody | None = None
        self._exchange: Exchange | None = None
        self._ended = self._chunked = self._last = False

    def feed(self, data: bytes) -> None:
        """Answer what is complete. A request seen before, byte for byte, is answered from memory."""
        if not self._buffer and self._head is None:
            known = self._serving.responses.get(data)
            if known is not None:
                self._sink.write(known)
                return
        self._buffer = self._buffer + data if self._buffer else data
        if self._exchange is not None:
            if len(self._buffer) > _HEAD_SIZE_BYTES:
                self._sink.pause()
            return
        self._advance()

    def end(self) -> None:
        """Answer what was asked, then close."""
        self._ended = True
        if self._exchange is None:
            self._sink.close()

    def drained(self) -> None:
        """Go on with a large body."""
        if self._exchange is not None:
            self._exchange.drained()

    def lost(self) -> None:
        """Stop the answer that is under way."""
        if self._exchange is not None:
            self._exchange.cancel()

    def _advance(self) -> None:
        try:
            while self._exchange is None and self._buffer and self._sink.layer is self:
                if not (self._read_head() if self._head is None else self._read_body()):
                    break
        except BadMessage:
            self._refuse(MALFORMED)
        if self._ended and self._exchange is None:
            self._sink.close()

    def _read_head(self) -> bool:
        data = self._buffer.lstrip(b"\r\n") if self._buffer[0] in b"\r\n" else self._buffer
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if len(data) > _HEAD_SIZE_BYTES:
                self._refuse(TOO_LARGE)
            return False
        self._buffer = data[end + 4 :]
        head = self._head = parse_head(data[:end])
        if head.length_bytes:
            self._left_bytes = head.length_bytes
            self._body = ChunkedBody() if head.length_bytes < 0 else None
            if head.expects_continue:
                self._sink.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        else:
            self._respond(head, data[: end + 4])
        return True

    def _read_body(self) -> bool:
        if self._body is not None:
            rest = self._body.feed(self._buffer)
            self._buffer = rest or b""
            complete = rest is not None
        else:
            taken = min(self._left_bytes, len(self._buffer))
            self._left_bytes -= taken
            self._buffer = self._buffer[taken:]
            complete = not self._left_bytes
        if complete and self._head is not None:
            self._respond(self._head, b"")
        return complete

    def _respond(self, head: RequestHead, raw: bytes) -> None:
        if head.upgrade == b"websocket" and head.websocket_key:
            self._switch(accept_key(head.websocket_key), WebSocketEcho(self._sink))
        elif head.method == b"CONNECT":
            self._switch(b"HTTP/1.1 200 OK\r\n\r\n", Echo(self._sink))
        else:
            answer = self._serving.answers.decide(head.method, head.target, head.wish)
            if (
                raw
                and head.keep_alive
                and answer.length_bytes == len(answer.body)
                and not answer.behaviour.delay_ms
            ):
                self._answer_at_once(head, raw, answer)
            else:
                self._exchange = Exchange(self._sink.loop, self, answer, without_body=head.method == b"HEAD")
                self._exchange.start()

    def _answer_at_once(self, head: RequestHead, raw: bytes, answer: Answer) -> None:
        response = response_head(answer, http10=head.http10, keep_alive=True)
        if head.method != b"HEAD":
            response += answer.body
        responses = self._serving.responses
        if len(raw) <= _CACHED_HEAD_SIZE_BYTES:
            if len(responses) >= _CACHED_HEADS:
                responses.clear()
            responses[raw] = response
        self._head = None
        self._sink.write(response)

    def _switch(self, head: bytes, layer: WebSocketEcho | Echo) -> None:
        rest, self._buffer = self._buffer, b""
        self._sink.write(head)
        self._sink.layer = layer
        if rest:
            layer.feed(rest)

    def _refuse(self, response: bytes) -> None:
        self._buffer = b""
        self._sink.write(response)
        self._sink.close()

    # The sender of the exchange that is under way.

    @property
    def full(self) -> bool:
        """True while the connection takes no more."""
        return self._sink.full

    def head(self, answer: Answer) -> None:
        """Send the head; it decides how the body is framed and whether the connection goes on."""
        head = self._head
        assert head is not None
        unknown_length = answer.length_bytes is None
        self._chunked = unknown_length and not head.http10 and head.method != b"HEAD"
        self._last = not head.keep_alive or (unknown_length and head.http10)
        self._sink.write(response_head(answer, http10=head.http10, keep_alive=not self._last))

    def data(self, chunk: bytes) -> None:
        """Send a part of the body."""
        self._sink.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked else chunk)

    def finish(self) -> None:
        """End the body, and the connection where that is its end."""
        if self._chunked:
            self._sink.write(b"0\r\n\r\n")
        self._head = self._exchange = None
        if self._last:
            self._sink.close()
            return
        self._sink.resume()
        if self._buffer or self._ended:
            # Not from here: a pipeline of a thousand requests would be a thousand frames deep.
            self._sink.loop.call_soon(self._advance)
