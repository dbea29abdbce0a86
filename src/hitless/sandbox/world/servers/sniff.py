"""Tell from its first bytes what a client speaks; pure."""

from __future__ import annotations

import re
from enum import Enum, auto

__all__ = ["MOST_SNIFFED_BYTES", "PROXY_V2", "Spoken", "sniff"]

PROXY_V2 = b"\r\n\r\n\0\r\nQUIT\n"
"""The signature of the PROXY protocol's binary form (doc/proxy-protocol.txt section 2.2)."""
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} \S+ HTTP/1\.[01]\r?\n")
_REQUEST_START = re.compile(rb"[A-Z]{1,32}( \S*( H?T?T?P?/?1?\.?[01]?\r?)?)?")

MOST_SNIFFED_BYTES = 16 * 1024
"""A request line longer than this is taken for plain bytes."""


class Spoken(Enum):
    """What the bytes begin."""

    PROXY_HEADER_V1 = auto()
    PROXY_HEADER_V2 = auto()
    TLS = auto()
    HTTP2 = auto()
    HTTP1 = auto()
    OTHER = auto()


_STARTS = (
    (b"\x16", Spoken.TLS),  # a handshake record (RFC 8446 section 5.1)
    (b"PROXY ", Spoken.PROXY_HEADER_V1),
    (PROXY_V2, Spoken.PROXY_HEADER_V2),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Spoken.HTTP2),  # RFC 9113 section 3.4
)


def sniff(data: bytes) -> Spoken | None:
    """Return what a connection that begins with these bytes speaks; None: more bytes are needed."""
    for start, spoken in _STARTS:
        if data.startswith(start):
            return spoken
    if _REQUEST_LINE.match(data.lstrip(b"\r\n")):
        return Spoken.HTTP1
    if len(data) < MOST_SNIFFED_BYTES and _may_become_more(data):
        return None
    return Spoken.OTHER


def _may_become_more(data: bytes) -> bool:
    return any(start.startswith(data) for start, _ in _STARTS) or _REQUEST_START.fullmatch(data) is not None
