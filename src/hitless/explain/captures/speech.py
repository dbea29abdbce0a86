"""What the first bytes of a turn say: HTTP/1 or TLS, and how long an answer will be.

Source: RFC 9112 sections 4 and 6 (status line, body length); RFC 8446 section 5.1 (TLS records); RFC 6455 section 5.2
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["HEAD_BYTES", "TAIL_BYTES", "Answer", "closes_websocket", "is_farewell", "is_tls", "read_answer"]

HEAD_BYTES = 4096
"""How much of a turn's first packet is looked at."""
TAIL_BYTES = 8
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*(?:[^\r\n]*,[ \t]*)?chunked[ \t]*\r\n", re.IGNORECASE)
_SWITCHING, _NO_CONTENT, _NOT_MODIFIED = 101, 204, 304
_ALERT, _APPLICATION = 0x15, 0x17
_ALERT_BYTES = 24
"""An alert of TLS 1.3 looks like data; nothing else that HTTP sends is as short."""
_FAREWELL_BYTES = 46
"""What can follow a FIN in TLS without being a request: an alert (24 to 31 bytes), a GOAWAY of HTTP/2 (39 to 46)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The begin of an answer of HTTP/1."""

    status: int
    size_bytes: int = -1
    """Head and body; -1: not known from the head."""
    is_chunked: bool = False

    @property
    def is_interim(self) -> bool:
        """Another answer to the same request follows."""
        return 100 <= self.status < 200 and self.status != _SWITCHING

    @property
    def opens_tunnel(self) -> bool:
        """What follows is not HTTP any more."""
        return self.status == _SWITCHING


def read_answer(head: bytes, *, is_to_head: bool) -> Answer | None:
    """Return what the begin of an answer says, None if it is none; `is_to_head`: the request's method was HEAD."""
    match = _STATUS.match(head)
    if match is None:
        return None
    status = int(match[1])
    end = head.find(b"\r\n\r\n") + 4
    if end < 4:
        return Answer(status)
    head = head[:end]
    if 100 <= status < 200:
        return Answer(status)
    if is_to_head or status in {_NO_CONTENT, _NOT_MODIFIED}:
        return Answer(status, end)
    if _CHUNKED.search(head):
        return Answer(status, is_chunked=True)
    length = _LENGTH.search(head)
    return Answer(status, end + int(length[1]) if length else -1)


def is_tls(head: bytes) -> bool:
    """Return whether a turn begins with a TLS record."""
    return len(head) >= 3 and 0x14 <= head[0] <= _APPLICATION and head[1] == 3 and head[2] <= 4


def is_farewell(head: bytes, size_bytes: int, *, after_fin: bool) -> bool:
    """Return whether bytes of TLS only take leave: an alert, or what is too short for a request after a FIN."""
    kind = head[0] if head else 0
    if kind == _ALERT or (kind == _APPLICATION and size_bytes == _ALERT_BYTES):
        return True
    return after_fin and size_bytes <= _FAREWELL_BYTES


def closes_websocket(head: bytes, tail: bytes) -> bool:
    """Return whether a segment begins or ends with a WebSocket Close: with a status, masked (a client's) or not."""
    return head[:1] == b"\x88" or tail[-4:-2] == b"\x88\x02" or tail[-8:-6] == b"\x88\x82"
