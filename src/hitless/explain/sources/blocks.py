"""A stream of bytes as blocks of whole lines, bounded, without NUL bytes; what was left out is counted. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hitless.logged import Skipped, SkipReason

__all__ = ["LONGEST_LINE_BYTES", "Block", "Hole", "SkipCount", "cut_blocks"]

LONGEST_LINE_BYTES = 64 * 1024
"""HAProxy's own bound of a line (`len` of a `log` line) is 65535."""
_NULS = re.compile(rb"\x00+")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, each with its line feed, but for the last one of a source.

    `offset` is where its first byte is in the (uncompressed) source. Bytes keep their place: a run of NUL bytes is
    replaced by as many line feeds, the rest of a line that is too long too.
    """

    data: bytes
    offset: int
    torn: bool = False
    """The last line has no end."""


@dataclass(frozen=True, slots=True)
class Hole:
    """NUL bytes of a file that are not stored: it was truncated while it was written."""

    size_bytes: int


@dataclass(slots=True)
class SkipCount:
    """Counts what is left out of one source."""

    source: int
    _counts: dict[SkipReason, list[int]] = field(default_factory=dict)
    _details: dict[SkipReason, str] = field(default_factory=dict)

    def add(
        self, reason: SkipReason, size_bytes: int, offset: int, *, lines: int = 1, detail: str = ""
    ) -> None:
        """Count one place."""
        count = self._counts.setdefault(reason, [0, 0, offset])
        count[0] += lines
        count[1] += size_bytes
        if detail:
            self._details.setdefault(reason, detail)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was counted."""
        return tuple(
            Skipped(
                source=self.source,
                reason=reason,
                lines=lines,
                size_bytes=size_bytes,
                first_offset=first,
                detail=self._details.get(reason, ""),
            )
            for reason, (lines, size_bytes, first) in self._counts.items()
        )


def cut_blocks(chunks: Iterable[bytes | Hole], skips: SkipCount, *, offset: int = 0) -> Iterator[Block]:
    """Yield blocks of whole lines of a stream that begins at `offset`, at the start of a line."""
    rest = b""
    too_long = False  # inside a line of which the start has been given already
    for chunk in chunks:
        if isinstance(chunk, Hole):
            if rest:
                yield Block(_clean(rest, offset, skips), offset, torn=True)
            offset, rest, too_long = offset + len(rest), b"", False
            skips.add(SkipReason.NUL_BYTES, chunk.size_bytes, offset, lines=0)
            offset += chunk.size_bytes
            continue
        data = rest + chunk if rest else chunk
        if too_long:
            over = data.find(b"\n") + 1 or len(data)
            skips.add(SkipReason.TOO_LONG, over, offset, lines=0)
            too_long = data[over - 1 : over] != b"\n"
            offset, data = offset + over, data[over:]
        end = data.rfind(b"\n") + 1
        if end:
            yield Block(_clean(data[:end], offset, skips), offset)
            offset, data = offset + end, data[end:]
        if len(data) > LONGEST_LINE_BYTES:
            yield Block(_clean(data[:LONGEST_LINE_BYTES], offset, skips) + b"\n", offset, torn=True)
            skips.add(SkipReason.TOO_LONG, len(data) - LONGEST_LINE_BYTES, offset + LONGEST_LINE_BYTES)
            offset, data, too_long = offset + len(data), b"", True
        rest = data
    if rest:
        yield Block(_clean(rest, offset, skips), offset, torn=True)


def _clean(data: bytes, offset: int, skips: SkipCount) -> bytes:
    if b"\0" in data:
        for run in _NULS.finditer(data):
            skips.add(SkipReason.NUL_BYTES, run.end() - run.start(), offset + run.start(), lines=0)
        data = data.replace(b"\0", b"\n")
    return data
