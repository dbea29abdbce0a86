"""HTTP/1.1 without I/O: the bytes of a request, and the framing of its response.

Source: RFC 9112, section 6.3 (message body length), 7.1 (chunked), 9.3 (persistence).
"""

import re
from typing import TYPE_CHECKING

from hitless import __version__
from hitless.errors import LoadError
from hitless.records import Request

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["IDEMPOTENT_METHODS", "ResponseReader", "Violation", "request_bytes"]

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Source: RFC 9110 section 9.2.2."""

MAX_HEAD_BYTES = 64 * 1024
MAX_CHUNK_LINE_BYTES = 1024

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSENDABLE = re.compile(r"[\0\r\n]")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: [^\r\n]*)?")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class Violation(ValueError):  # noqa: N818 - what the peer did, not what we did wrong
    """The peer's bytes are no message of the protocol."""


def request_bytes(request: Request, host: str, *, extra: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Return the head of a request; `extra` headers come last and `host` stands in where the request names none.

    Raises: LoadError if a name or value cannot be sent in one line.
    """
    if not _TOKEN.fullmatch(request.method) or re.search(r"[\0\r\n ]", request.path) or not request.path:
        raise LoadError(f"not a request line: {request.method!r} {request.path!r}")
    headers = [("Host", request.host or host), *request.headers, *extra]
    given = {name.lower() for name, _ in headers}
    if "user-agent" not in given:
        headers.insert(1, ("User-Agent", f"hitless/{__version__}"))
    if "host" in {name.lower() for name, _ in request.headers}:
        del headers[0]
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or _UNSENDABLE.search(value):
            raise LoadError(f"not a header line: {name!r}: {value!r}")
    lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


class ResponseReader:
    """The framing of one response: bytes in, `complete` when its end has come. The body is counted, not kept."""

    __slots__ = ("_buffer", "_head_only", "_remaining", "_step", "complete", "keep_alive", "status")

    def __init__(self, *, head_only: bool = False) -> None:
        """`head_only`: the request was a HEAD, whose answer has no body."""
        self._head_only = head_only
        self.reset()

    def reset(self) -> None:
        """Make ready for the next response."""
        self.status = 0
        self.keep_alive = False
        self.complete = False
        self._buffer = b""
        self._remaining = 0
        self._step: Callable[[ResponseReader, bytes], bytes] = ResponseReader._head

    def feed(self, data: bytes) -> bytes:
        """Take bytes and return those that came after the end of the response.

        Raises: Violation.
        """
        if self._buffer:
            data, self._buffer = self._buffer + data, b""
        while data and not self.complete:
            data = self._step(self, data)
        return data

    def end_of_stream(self) -> bool:
        """Take the server's FIN and return whether the response is complete (a body that ends with the stream)."""
        if self._step is ResponseReader._until_close:
            self.complete = True
        return self.complete

    def _wait(self, data: bytes, limit: int) -> bytes:
        if len(data) > limit:
            raise Violation(f"a line or head of more than {limit} bytes")
        self._buffer = data
        return b""

    def _head(self, data: bytes) -> bytes:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if not b"HTTP/1.".startswith(data[:7]):
                raise Violation("not an HTTP/1 response")
            return self._wait(data, MAX_HEAD_BYTES)
        lines = data[:end].split(b"\r\n")
        match = _STATUS_LINE.fullmatch(lines[0])
        if match is None or end > MAX_HEAD_BYTES:
            raise Violation("not an HTTP/1 status line")
        self.status = int(match[2])
        if self.status >= 200 or self.status == 101:
            self._frame(_headers(lines[1:]), minor_version=int(match[1]))
        return data[end + 4 :]

    def _frame(self, headers: dict[bytes, list[bytes]], *, minor_version: int) -> None:
        connection = {
            token.strip().lower() for value in headers.get(b"connection", ()) for token in value.split(b",")
        }
        self.keep_alive = b"close" not in connection and (minor_version == 1 or b"keep-alive" in connection)
        encodings = headers.get(b"transfer-encoding", ())
        if self._head_only or self.status in {101, 204, 304}:
            self.complete = True
        elif encodings and encodings[-1].rsplit(b",", 1)[-1].strip().lower() == b"chunked":
            self._step = ResponseReader._chunk_size
        elif encodings or b"content-length" not in headers:
            self._step = ResponseReader._until_close
            self.keep_alive = False
        else:
            self._remaining = _content_length(headers[b"content-length"])
            self._step = ResponseReader._sized
            self.complete = self._remaining == 0

    def _sized(self, data: bytes) -> bytes:
        taken = min(self._remaining, len(data))
        self._remaining -= taken
        self.complete = self._remaining == 0
        return data[taken:]

    def _until_close(self, _data: bytes) -> bytes:
        return b""

    def _chunk_size(self, data: bytes) -> bytes:
        end = data.find(b"\r\n")
        if end < 0:
            return self._wait(data, MAX_CHUNK_LINE_BYTES)
        match = _CHUNK_LINE.fullmatch(data[:end])
        if match is None:
            raise Violation("not a chunk size")
        size = int(match[1], 16)
        self._remaining = size + 2  # the line end after the data
        self._step = ResponseReader._chunk_data if size else ResponseReader._trailers
        return data[end + 2 :]

    def _chunk_data(self, data: bytes) -> bytes:
        taken = min(self._remaining, len(data))
        self._remaining -= taken
        if not self._remaining:
            self._step = ResponseReader._chunk_size
        return data[taken:]

    def _trailers(self, data: bytes) -> bytes:
        if data.startswith(b"\r\n"):
            self.complete = True
            return data[2:]
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return self._wait(data, MAX_HEAD_BYTES)
        self.complete = True
        return data[end + 4 :]


def _headers(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    headers: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise Violation("not a header line")
        headers.setdefault(name.lower(), []).append(value.strip())
    return headers


def _content_length(values: list[bytes]) -> int:
    """Return the one length that all the values agree on (RFC 9112 section 6.3, rule 5)."""
    lengths = {part.strip() for value in values for part in value.split(b",")}
    if len(lengths) != 1:
        raise Violation("content lengths that disagree")
    text = lengths.pop()
    if not text.isdigit() or len(text) > 18:
        raise Violation("not a content length")
    return int(text)
