"""WebSocket echo (RFC 6455): messages come back frame by frame, pings and a close are answered.

By hand, because a frame is echoed without being understood: no message is assembled, so memory is one frame.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitless.sandbox.world.servers.layer import Sink

__all__ = ["WebSocketEcho", "accept_key"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FRAME_SIZE_BYTES = 1024 * 1024
_FINAL = 0x80
_MASKED = 0x80
_CLOSE, _PING, _PONG = 0x8, 0x9, 0xA
_PROTOCOL_ERROR = b"\x88\x02\x03\xea"
"""A close frame with status 1002."""
_TOO_BIG = b"\x88\x02\x03\xf1"
"""A close frame with status 1009."""


def accept_key(key: bytes) -> bytes:
    """Return the head that accepts an upgrade with this Sec-WebSocket-Key (RFC 6455 section 4.2.2)."""
    digest = hashlib.sha1(key[:256] + _GUID, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )


class WebSocketEcho:
    """The server's side after the handshake."""

    __slots__ = ("_buffer", "_sink")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = b""

    def feed(self, data: bytes) -> None:
        """Answer every complete frame."""
        self._buffer = self._buffer + data if self._buffer else data
        while self._buffer and self._frame():
            pass
        if self._sink.full:
            self._sink.pause()

    def end(self) -> None:
        """Close: without a close frame of the peer there is none to answer."""
        self._sink.close()

    def drained(self) -> None:
        """Read again."""
        self._sink.resume()

    def lost(self) -> None:
        """Nothing is kept."""
        self._buffer = b""

    def _frame(self) -> bool:
        data = self._buffer
        if len(data) < 2:
            return False
        length, position = data[1] & 0x7F, 2
        if length > 125:
            position += 2 if length == 126 else 8
            length = int.from_bytes(data[2:position])
        if not data[1] & _MASKED:
            return self._fail(_PROTOCOL_ERROR)
        if length > _FRAME_SIZE_BYTES:
            return self._fail(_TOO_BIG)
        end = position + 4 + length
        if len(data) < end:
            return False
        payload = _unmask(data[position : position + 4], data[position + 4 : end])
        self._buffer = data[end:]
        return self._answer(data[0], payload)

    def _answer(self, first: int, payload: bytes) -> bool:
        opcode = first & 0x0F
        if opcode == _PONG:
            return True
        if opcode == _PING:
            first = _FINAL | _PONG
        elif opcode > _PING or 0x2 < opcode < _CLOSE:
            return self._fail(_PROTOCOL_ERROR)
        self._sink.write(_header(first, len(payload)) + payload)
        if opcode == _CLOSE:
            return self._fail(b"")
        return True

    def _fail(self, last: bytes) -> bool:
        self._buffer = b""
        if last:
            self._sink.write(last)
        self._sink.close()
        return False


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 65536:
        return bytes((first, 126)) + length.to_bytes(2)
    return bytes((first, 127)) + length.to_bytes(8)


def _unmask(mask: bytes, payload: bytes) -> bytes:
    # One big integer each: a loop over the bytes would be fifty times slower.
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(len(payload))
