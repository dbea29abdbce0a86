"""The counted fields of a block's lines as arrays: of the lines in a format that is read by words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from hitless.explain.formats.dates import parse_accepted
from hitless.explain.heads.stamps import StampReader
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.scan.head_shape import HeadShape
from hitless.explain.scan.plan import WordPlan
from hitless.explain.scan.plan_lines import PlanLines
from hitless.explain.scan.runs import run_ends, run_starts
from hitless.explain.scan.stamp_columns import read_seconds
from hitless.explain.scan.words import LONGEST_TEXT, Interner, Mask, Positions, WordFinder, Words
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["BlockColumns", "ColumnReader", "Columns"]

_MINUTE_LENGTH = len("29/Nov/2026:02:58")
_WITHIN_MINUTE_MS = ((18, 10_000), (19, 1000), (21, 100), (22, 10), (23, 1))
"""The places of the digits behind the minute in "29/Nov/2026:02:58:03.315", and what they stand for."""
_NEVER_MS = -(1 << 62)
_HALF_HOUR_S = 1800


@dataclass(frozen=True, slots=True)
class Columns:
    """Lines of traffic, an array for each field. `origin`, `frontend`, `termination` are numbers of the tables.

    Units: `offset` bytes of the source, `second` seconds and `accepted_ms` milliseconds since 1970.
    """

    offset: Positions
    second: Positions
    accepted_ms: Positions
    origin: Positions
    frontend: Positions
    termination: Positions
    status: Positions


_NOTHING = Columns(*[np.empty(0, dtype=np.int64)] * 7)


@dataclass(slots=True)
class ColumnReader:
    """Reads blocks of one source in order; what a text's number means lasts from block to block."""

    shape: HeadShape
    clock: WallClock
    stamps: StampReader
    origins: Interner = field(default_factory=Interner)
    frontends: Interner = field(default_factory=lambda: Interner(10_000))
    terminations: Interner = field(default_factory=lambda: Interner(4096))
    _finder: WordFinder = field(default_factory=WordFinder)

    def read(self, data: bytes, offset: int) -> "BlockColumns":
        """Take a block of whole lines that begins at an offset of the source; it is good until the next is taken."""
        words = self._finder.find(data)
        return BlockColumns(self, words, words.starts + offset)

    def read_unwrapped(self, data: bytes, offsets: Sequence[int]) -> "BlockColumns":
        """Take lines that were made of others, which begin at these offsets of the source."""
        return BlockColumns(self, self._finder.find(data), np.array(offsets, dtype=np.int64))


class BlockColumns:
    """One block: first the origins of its lines, then its columns by plan, then what is left."""

    def __init__(self, reader: ColumnReader, words: Words, offsets: Positions) -> None:
        self._reader = reader
        self._words = words
        self.offsets = offsets
        self.lines = len(words.starts)
        self.seconds, self._stamp_gap, good = read_seconds(words, reader.shape, reader.stamps)
        self._message_gap = self._stamp_gap + reader.shape.origin_words
        good &= self._message_gap < words.last_gap
        timed = self.seconds[self.seconds >= 0]
        self.shifts = bool(len(timed)) and any(
            reader.clock.shifts_near(int(second) * NANOSECONDS_PER_SECOND) for second in (timed[0], timed[-1])
        )
        """The clock on the wall is put forward or back within hours: one time may be two moments."""
        self.left: Mask = np.ones(self.lines, dtype=bool)
        """Lines that no plan has read."""
        self.origins: Positions = np.full(self.lines, -1, dtype=np.int64)
        """The number of each line's origin, -1 for a line without a head of the shape."""
        self._number_origins(np.flatnonzero(good))

    def columns(self, plan: WordPlan, usable: Mask) -> Columns:
        """Return the lines among the usable ones that are in a plan's format; they are no longer left."""
        enough = self._message_gap + plan.words <= self._words.last_gap
        lines = np.flatnonzero(usable & self.left & enough)
        if not lines.size:
            return _NOTHING
        found = PlanLines(self._words, plan, lines, self._message_gap)
        self.left[found.lines] = False
        lines, reader = found.lines, self._reader
        return Columns(
            self.offsets[lines],
            self.seconds[lines],
            self._accepted(found),
            self.origins[lines],
            self._number(reader.frontends, *found.frontend),
            self._number(reader.terminations, *found.termination),
            found.status,
        )

    def leftover(self, usable: Mask) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of the lines that no plan has read, of those that are usable."""
        words = self._words
        for line in np.flatnonzero(self.left & usable):
            yield int(line), words.text(int(words.starts[line]), int(words.ends[line]))

    def messages(self, usable: Mask) -> Iterator[tuple[int, bytes]]:
        """Yield the same of the messages alone: of lines with a head of the reader's shape."""
        words = self._words
        for line in np.flatnonzero(self.left & usable & (self.origins >= 0)):
            start = int(words.gaps[self._message_gap[line]]) + 1
            yield int(line), words.text(start, int(words.ends[line]))

    def sizes(self, lines: Mask) -> int:
        """Return how many bytes lines have together."""
        return int((self._words.ends[lines] - self._words.starts[lines] + 1).sum())

    def _number_origins(self, lines: Positions) -> None:
        words = self._words
        starts = words.gaps[self._stamp_gap[lines]] + 1
        ends = np.maximum(words.gaps[self._message_gap[lines]], starts)
        fits = ends - starts <= LONGEST_TEXT
        self.origins[lines[fits]] = self._number(self._reader.origins, starts[fits], ends[fits])

    def _number(self, table: Interner, starts: Positions, ends: Positions) -> Positions:
        words = self._words
        return table.number(
            words.hashes(starts, ends), lambda index: words.text(int(starts[index]), int(ends[index]))
        )

    def _accepted(self, found: PlanLines) -> Positions:
        date = found.date
        key = date.keys(_MINUTE_LENGTH)
        if self.shifts:  # the same minute may come twice
            key = key ^ (self.seconds[found.lines] // _HALF_HOUR_S).astype(np.uint64)
        heads = run_starts(key)
        # Lines that took long are among those of other minutes: a minute is a run many times.
        _, first, inverse = np.unique(key[heads], return_index=True, return_inverse=True)
        minutes = np.empty(len(first), dtype=np.int64)
        for number, head in enumerate(heads[first]):
            start = int(found.date_start[head])
            text = self._words.text(start, start + _MINUTE_LENGTH).decode("ascii", "replace")
            near_ns = int(self.seconds[found.lines[head]]) * NANOSECONDS_PER_SECOND
            moment = parse_accepted({"date": f"{text}:00.000"}, self._reader.clock, near_ns=near_ns)
            minutes[number] = moment.t_ns // NANOSECONDS_PER_MILLISECOND if moment is not None else _NEVER_MS
        within = np.zeros(len(key), dtype=np.int64)
        for place, milliseconds in _WITHIN_MINUTE_MS:
            within += date.digit(place) * milliseconds
        base = np.repeat(minutes[inverse], run_ends(heads, len(key)) - heads)
        accepted: Positions = np.maximum(base + within, -1)
        return accepted
