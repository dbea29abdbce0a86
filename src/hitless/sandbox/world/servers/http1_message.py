"""HTTP/1 messages without I/O: request heads, chunked bodies, response heads (RFC 9112)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from hitless.sandbox.world.servers.answer import BODILESS

if TYPE_CHECKING:
    from hitless.sandbox.world.servers.answer import Answer

__all__ = [
    "MALFORMED",
    "TOO_LARGE",
    "BadMessage",
    "ChunkedBody",
    "RequestHead",
    "parse_head",
    "response_head",
]

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (\S{1,65536}) HTTP/1\.([01])\r?")
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_CHUNK_LINE_SIZE_BYTES = 4096
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")

MALFORMED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BadMessage(Exception):  # noqa: N818 - it is the peer's message that is bad
    """The bytes are no HTTP/1 message."""


class RequestHead(NamedTuple):
    """What of a request head decides about its answer."""

    method: bytes
    target: bytes
    http10: bool
    keep_alive: bool
    length_bytes: int
    """Of the body; -1: chunked."""
    expects_continue: bool
    upgrade: bytes
    websocket_key: bytes
    wish: bytes | None
    """The X-Hitless header."""


def parse_head(head: bytes) -> RequestHead:
    """Return the head of a request, given up to and without its empty line.

    Raises: BadMessage.
    """
    lines = head.split(b"\n")
    first = _REQUEST_LINE.fullmatch(lines[0])
    if first is None:
        raise BadMessage
    fields: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadMessage
        fields[name.lower()] = value.strip()
    http10 = first[3] == b"0"
    connection = fields.get(b"connection", b"").lower()
    return RequestHead(
        method=first[1],
        target=first[2],
        http10=http10,
        keep_alive=b"keep-alive" in connection if http10 else b"close" not in connection,
        length_bytes=_body_length(fields),
        expects_continue=fields.get(b"expect", b"").lower() == b"100-continue",
        upgrade=fields.get(b"upgrade", b"").lower() if b"upgrade" in connection else b"",
        websocket_key=fields.get(b"sec-websocket-key", b""),
        wish=fields.get(b"x-hitless"),
    )


def _body_length(fields: dict[bytes, bytes]) -> int:
    if b"transfer-encoding" in fields:
        if not fields[b"transfer-encoding"].lower().endswith(b"chunked"):
            raise BadMessage
        return -1
    length = fields.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 18:
        raise BadMessage
    return int(length)


class ChunkedBody:
    """Reads past a chunked body; nothing of it is kept but an unfinished line."""

    __slots__ = ("_left_bytes", "_line", "_trailer")

    def __init__(self) -> None:
        self._line = b""
        self._left_bytes = 0
        self._trailer = False

    def feed(self, data: bytes) -> bytes | None:
        """Take bytes; return what follows the body once it is complete, None before.

        Raises: BadMessage.
        """
        data = self._line + data
        position = 0
        while position < len(data):
            if self._left_bytes:
                step = min(self._left_bytes, len(data) - position)
                position += step
                self._left_bytes -= step
                continue
            end = data.find(b"\n", position) + 1
            if not end:
                break
            line, position = data[position:end], end
            if self._trailer:
                if line in {b"\r\n", b"\n"}:
                    return data[position:]
            else:
                self._chunk(line)
        self._line = data[position:]
        if len(self._line) > _CHUNK_LINE_SIZE_BYTES:
            raise BadMessage
        return None

    def _chunk(self, line: bytes) -> None:
        if line in {b"\r\n", b"\n"}:  # the end of the chunk before
            return
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise BadMessage
        self._left_bytes = int(match[1], 16)
        self._trailer = not self._left_bytes


def response_head(answer: Answer, *, http10: bool, keep_alive: bool) -> bytes:
    """Return the head of a response with its framing."""
    lines = [b"HTTP/1.%d %d %s" % (0 if http10 else 1, answer.status, _REASONS.get(answer.status, b"Status"))]
    lines += [name + b": " + value for name, value in answer.headers]
    if answer.length_bytes is not None and answer.status not in BODILESS:
        lines.append(b"content-length: %d" % answer.length_bytes)
    elif answer.length_bytes is None and not http10:
        lines.append(b"transfer-encoding: chunked")
    if not keep_alive:
        lines.append(b"connection: close")
    elif http10:
        lines.append(b"connection: keep-alive")
    return b"\r\n".join(lines) + b"\r\n\r\n"
