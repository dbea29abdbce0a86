"""HTTP/2 of a client without I/O: frames in and out, streams told apart, GOAWAY taken at its word.

The h2 library ends a connection at the first GOAWAY (h2 4.4 connection.py: CLIENT_OPEN + RECV_GOAWAY -> CLOSED) and so
cannot see the streams that the server still answers afterwards, which are what a reload is about. Hence this framing;
header compression is hpack's.

Source: RFC 9113, sections 4 (frames), 5.4 (errors), 6 (frame definitions), 6.8 (GOAWAY).
"""

import struct
from dataclasses import dataclass
from enum import Enum, auto

from hpack import Decoder, Encoder, HPACKError

from hitless.errors import LoadError
from hitless.load.http1 import Violation

__all__ = ["CANCEL", "REFUSED_STREAM", "Http2Client", "StreamEvent", "What", "encode_request"]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD = struct.Struct("!HBBBI")
MAX_FRAME_BYTES = 16384
MAX_BLOCK_BYTES = 256 * 1024
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY = 0, 1, 3, 4, 5, 6, 7
WINDOW_UPDATE, CONTINUATION = 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
SETTINGS_ENABLE_PUSH, SETTINGS_MAX_CONCURRENT_STREAMS, SETTINGS_INITIAL_WINDOW_SIZE = 2, 3, 4
MAX_WINDOW = 0x7FFF_FFFF
DEFAULT_WINDOW = 65535
CANCEL = 0x8
REFUSED_STREAM = 0x7
NO_GOAWAY = 0xFFFF_FFFF


class What(Enum):
    """What an event says about a stream."""

    HEADERS = auto()
    """The status of the answer, in `number`."""
    DATA = auto()
    """Bytes of the body, `number` of them."""
    END = auto()
    """The answer is complete."""
    RESET = auto()
    """The server gave the stream up; `number` is its error code."""
    GOAWAY = auto()
    """The server takes no stream above `stream_id`; `number` is its error code."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Something that the server said about one stream (GOAWAY: about all above one)."""

    what: What
    stream_id: int
    number: int = 0


def encode_request(
    method: str, scheme: str, authority: str, path: str, headers: tuple[tuple[str, str], ...]
) -> bytes:
    """Return a header block that may be sent again and again.

    A fresh encoder refers to the static table alone, so the block is valid whatever the dynamic table holds.

    Raises: LoadError if it does not fit into one frame.
    """
    pseudo = [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]
    block: bytes = Encoder().encode([*pseudo, *((name.lower(), value) for name, value in headers)])
    if len(block) > MAX_FRAME_BYTES:
        raise LoadError(f"the request's headers take {len(block)} bytes in HTTP/2, more than one frame")
    return block


class Http2Client:
    """The client's end of one connection. What it says by itself (preface, acknowledgements) waits in `to_send`."""

    def __init__(self) -> None:
        settings = struct.pack("!HIHI", SETTINGS_ENABLE_PUSH, 0, SETTINGS_INITIAL_WINDOW_SIZE, MAX_WINDOW)
        window = struct.pack("!I", MAX_WINDOW - DEFAULT_WINDOW)
        self.to_send = PREFACE + _frame(SETTINGS, 0, 0, settings) + _frame(WINDOW_UPDATE, 0, 0, window)
        self.max_streams = 100
        """How many streams the server allows at once; RFC 9113 section 6.5.2 recommends no less than this."""
        self.goaway_last = NO_GOAWAY
        """The last stream that the server has taken or may take, once it said GOAWAY."""
        self._next_stream = 1
        self._decoder = Decoder()
        self._buffer = b""
        self._block = b""
        self._block_stream = 0
        self._block_flags = 0
        self._consumed = 0

    def request(self, block: bytes) -> tuple[int, bytes]:
        """Return the next stream's number and the frame that opens it; it has no body."""
        stream_id = self._next_stream
        self._next_stream += 2
        return stream_id, _frame(HEADERS, END_STREAM | END_HEADERS, stream_id, block)

    def cancel(self, stream_id: int) -> bytes:
        """Return the frame that gives a stream up."""
        return _frame(RST_STREAM, 0, stream_id, struct.pack("!I", CANCEL))

    def receive(self, data: bytes) -> list[StreamEvent]:
        """Take bytes and return what they say. Raises: Violation."""
        buffer = self._buffer + data
        events: list[StreamEvent] = []
        position = 0
        while len(buffer) - position >= 9:
            high, low, kind, flags, stream_id = FRAME_HEAD.unpack_from(buffer, position)
            size = high << 8 | low
            if size > MAX_FRAME_BYTES:
                raise Violation(f"a frame of {size} bytes")
            if len(buffer) - position - 9 < size:
                break
            payload = buffer[position + 9 : position + 9 + size]
            position += 9 + size
            self._on_frame(kind, flags, stream_id & MAX_WINDOW, payload, events)
        self._buffer = buffer[position:]
        return events

    def _on_frame(
        self, kind: int, flags: int, stream_id: int, payload: bytes, events: list[StreamEvent]
    ) -> None:
        if self._block_stream and (kind != CONTINUATION or stream_id != self._block_stream):
            raise Violation("a frame in the middle of a header block")
        try:
            if kind == DATA:
                self._on_data(flags, stream_id, payload, events)
            elif kind in {HEADERS, CONTINUATION}:
                self._on_headers(kind, flags, stream_id, payload, events)
            elif kind == RST_STREAM:
                events.append(StreamEvent(What.RESET, stream_id, struct.unpack("!I", payload)[0]))
            elif kind == GOAWAY:
                last, code = struct.unpack_from("!II", payload)
                self.goaway_last = last & MAX_WINDOW
                events.append(StreamEvent(What.GOAWAY, self.goaway_last, code))
            elif kind == SETTINGS and not flags & ACK:
                self._on_settings(payload)
            elif kind == PING and not flags & ACK:
                self.to_send += _frame(PING, ACK, 0, payload)
            elif kind == PUSH_PROMISE:
                raise Violation("a push, which was switched off")
        except (struct.error, IndexError) as error:
            raise Violation(f"a frame of kind {kind} of a wrong size") from error

    def _on_data(self, flags: int, stream_id: int, payload: bytes, events: list[StreamEvent]) -> None:
        self._consumed += len(payload)
        if self._consumed > MAX_WINDOW // 2:
            self.to_send += _frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", self._consumed))
            self._consumed = 0
        events.append(StreamEvent(What.DATA, stream_id, len(payload)))
        if flags & END_STREAM:
            events.append(StreamEvent(What.END, stream_id))

    def _on_headers(
        self, kind: int, flags: int, stream_id: int, payload: bytes, events: list[StreamEvent]
    ) -> None:
        if kind == HEADERS:
            pad = payload[0] if flags & PADDED else 0
            start = (1 if flags & PADDED else 0) + (5 if flags & PRIORITY else 0)
            payload = payload[start : len(payload) - pad]
            self._block, self._block_stream, self._block_flags = b"", stream_id, flags
        self._block += payload
        if len(self._block) > MAX_BLOCK_BYTES or not stream_id or stream_id != self._block_stream:
            raise Violation("a header block that is too long or belongs to no stream")
        if flags & END_HEADERS:
            self._block_stream = 0
            self._end_headers(stream_id, events)

    def _end_headers(self, stream_id: int, events: list[StreamEvent]) -> None:
        try:
            headers = self._decoder.decode(self._block, raw=True)
        except (HPACKError, UnicodeError) as error:
            raise Violation(f"a header block that cannot be read: {error}") from error
        status = next((value for name, value in headers if name == b":status"), b"")
        if status.isdigit() and len(status) == 3:
            if status >= b"200":
                events.append(StreamEvent(What.HEADERS, stream_id, int(status)))
        elif status or not self._block_flags & END_STREAM:  # trailers end a stream and have no status
            raise Violation("an answer without a status")
        if self._block_flags & END_STREAM:
            events.append(StreamEvent(What.END, stream_id))

    def _on_settings(self, payload: bytes) -> None:
        for setting, value in struct.iter_unpack("!HI", payload):
            if setting == SETTINGS_MAX_CONCURRENT_STREAMS:
                self.max_streams = value
        self.to_send += _frame(SETTINGS, ACK, 0, b"")


def _frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return FRAME_HEAD.pack(len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream_id) + payload
