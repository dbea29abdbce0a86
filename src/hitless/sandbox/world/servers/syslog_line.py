"""Syslog lines without I/O: who wrote one, and how a stream is cut into them."""

from __future__ import annotations

import re

__all__ = ["LINE_SIZE_BYTES", "LineCutter", "pid_of", "text_of"]

LINE_SIZE_BYTES = 4096
"""Of a line so much is kept."""
_RFC5424_PID = re.compile(rb"<\d{1,3}>\d (?:-|\S+) \S+ \S+ (\d{1,7}) ")
"""PRI VERSION TIMESTAMP HOSTNAME APP-NAME PROCID (RFC 5424 section 6)."""
_TAG_PID = re.compile(rb"(?:^|[\s>])[\w./-]{1,64}\[(\d{1,7})\]:")
"""The tag of RFC 3164 section 5.3, also at the start of HAProxy's "short" and "timed" formats."""
_SEARCHED_BYTES = 256
_COUNT = re.compile(rb"(\d{1,5}) ")
_MOST_BUFFERED_BYTES = 64 * 1024


def pid_of(line: bytes) -> int:
    """Return the process id that a syslog line names; 0 where it names none."""
    match = _RFC5424_PID.match(line) or _TAG_PID.search(line, 0, _SEARCHED_BYTES)
    return int(match[1]) if match else 0


def text_of(line: bytes) -> str:
    r"""Return a line as text: at most 4 KiB, bytes that are no UTF-8 as \xNN."""
    return line[:LINE_SIZE_BYTES].rstrip(b"\r\n\0").decode("utf-8", "backslashreplace")


class LineCutter:
    """Cuts a stream into lines, framed by octet counting or by line feeds (RFC 6587 section 3.4)."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete."""
        self._buffer += data
        lines: list[bytes] = []
        while self._buffer:
            counted = _COUNT.match(self._buffer)
            if counted:
                end = counted.end() + int(counted[1])
                line = self._buffer[counted.end() : end]
            else:
                end = self._buffer.find(b"\n") + 1 or len(self._buffer) + 1
                line = self._buffer[: end - 1]
            if end > len(self._buffer) and len(self._buffer) < _MOST_BUFFERED_BYTES:
                break
            lines.append(line)
            self._buffer = self._buffer[end:]
        return [line for line in lines if line]
