"""Read a capture from a stream, in pieces, as far as it can be read."""

from __future__ import annotations

import zlib
from lzma import LZMAError
from typing import TYPE_CHECKING, Protocol

from hitless.captured import CaptureTotals, Skipped
from hitless.errors import EvidenceError
from hitless.explain.captures.pcap import HEADER_BYTES, PcapWalker, is_pcap
from hitless.explain.captures.pcapng import PcapngWalker, is_pcapng

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.explain.captures.frames import Frames, Walker

__all__ = ["CaptureFile", "Readable"]

_PIECE_BYTES = 8 << 20
_UNREADABLE = (OSError, EOFError, zlib.error, LZMAError)
"""What reading raises where a file, also a compressed one, is damaged."""


class Readable(Protocol):
    """What a capture is read from: a file, also through a decompressor, a pipe."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


class CaptureFile:
    """One file: iterate over its packets; `skipped` says then what could not be read."""

    def __init__(self, stream: Readable, name: str, tally: CaptureTotals) -> None:
        self.skipped: Skipped | None = None
        self._stream = stream
        self._name = name
        self._tally = tally
        self._size_bytes = 0

    def __iter__(self) -> Iterator[Frames]:
        """Yield the packets, some at a time.

        Raises: EvidenceError if it is no capture, or cannot be read from its begin.
        """
        rest, walker = self._begin()
        while True:
            walk = walker.walk(rest)
            if walk.frames is not None:
                yield walk.frames
            rest = rest[walk.consumed :]
            piece = b"" if walk.problem else self._read()
            if not piece:
                break
            rest += piece
        self._end(rest, walk.problem)

    def _begin(self) -> tuple[bytes, Walker]:
        """Return what stands behind the file's header, and who can walk it."""
        rest = b""
        while len(rest) < HEADER_BYTES and (piece := self._read()):
            rest += piece
        self._tally.files += 1
        if is_pcapng(rest):
            return rest, PcapngWalker(self._tally)
        if is_pcap(rest):
            return rest[HEADER_BYTES:], PcapWalker(rest[:HEADER_BYTES])
        why = self.skipped.why if self.skipped else "it begins with neither pcap's nor pcapng's magic number"
        raise EvidenceError(f"{self._name} is no capture that can be read: {why}.")

    def _read(self) -> bytes:
        try:
            piece = self._stream.read(_PIECE_BYTES)
        except _UNREADABLE as error:
            self._skip(self._size_bytes, 0, f"reading failed: {error}")
            return b""
        self._size_bytes += len(piece)
        self._tally.size_bytes += len(piece)
        return piece

    def _end(self, rest: bytes, problem: str) -> None:
        """Take note of the bytes that no packet was made of."""
        left = len(rest)
        while problem and (piece := self._read()):
            left += len(piece)
        if left:
            why = problem or (self.skipped.why if self.skipped else "the file ends within a packet")
            self._skip(self._size_bytes - left, left, why)

    def _skip(self, offset_bytes: int, size_bytes: int, why: str) -> None:
        self.skipped = Skipped(file=self._name, offset_bytes=offset_bytes, size_bytes=size_bytes, why=why)
