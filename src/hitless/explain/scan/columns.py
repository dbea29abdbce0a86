"""The counted fields of a block's lines as arrays: of the lines in a format that is read by words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from hitless.explain.formats.dates import parse_accepted
from hitless.explain.heads.stamps import StampReader
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.scan.head_shape import HeadShape
from hitless.explain.scan.plan import Field, WordPlan
from hitless.explain.scan.stamp_columns import read_seconds
from hitless.explain.scan.words import LONGEST_TEXT, Interner, Mask, Positions, Words, find_words
from hitless.units import NANOSECONDS_PER_MILLISECOND

__all__ = ["BlockColumns", "ColumnReader", "Columns"]

_DATE_LENGTH = len("29/Nov/2026:02:58:03.315")
_MINUTE_LENGTH = len("29/Nov/2026:02:58")
_NO_STATUS = -1


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


@dataclass(slots=True)
class ColumnReader:
    """Reads blocks of one source in order; what a text's number means lasts from block to block."""

    shape: HeadShape
    clock: WallClock
    stamps: StampReader
    origins: Interner = field(default_factory=Interner)
    frontends: Interner = field(default_factory=lambda: Interner(10_000))
    terminations: Interner = field(default_factory=lambda: Interner(4096))

    def read(self, data: bytes, offset: int) -> "BlockColumns":
        """Take a block of whole lines that begins at an offset of the source."""
        words = find_words(data)
        return BlockColumns(self, words, words.starts + offset)

    def read_unwrapped(self, data: bytes, offsets: Sequence[int]) -> "BlockColumns":
        """Take lines that were made of others, which begin at these offsets of the source."""
        return BlockColumns(self, find_words(data), np.array(offsets, dtype=np.int64))


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
        self.left: Mask = np.ones(self.lines, dtype=bool)
        """Lines that no plan has read."""
        self.origins: Positions = np.full(self.lines, -1, dtype=np.int64)
        """The number of each line's origin, -1 for a line without a head of the shape."""
        self._number_origins(np.flatnonzero(good))

    def columns(self, plan: WordPlan, usable: Mask) -> Columns:
        """Return the lines among the usable ones that are in a plan's format; they are no longer left."""
        words = self._words
        lines = np.flatnonzero(usable & self.left & (self._message_gap + plan.words <= words.last_gap))
        for check in (self._check_date, self._check_termination, self._check_status):
            lines = check(plan, lines)
        frontend_start, frontend_end = self._bounds(plan.frontend, lines)
        fits = (frontend_end > frontend_start) & (frontend_end - frontend_start <= LONGEST_TEXT)
        lines, frontend_start, frontend_end = lines[fits], frontend_start[fits], frontend_end[fits]
        accepted_ms = self._accepted(plan, lines)
        self.left[lines] = False
        termination = self._bounds(plan.termination, lines)
        return Columns(
            self.offsets[lines],
            self.seconds[lines],
            accepted_ms,
            self.origins[lines],
            self._number(self._reader.frontends, frontend_start, frontend_end),
            self._number(self._reader.terminations, *termination),
            self._statuses(plan, lines),
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

    def _bounds(self, place: Field, lines: Positions) -> tuple[Positions, Positions]:
        gaps = self._words.gaps
        at = self._message_gap[lines] + place.word
        return gaps[at] + 1 + len(place.before), gaps[at + 1] - len(place.after)

    def _has(self, text: bytes, at: Positions) -> Mask:
        data = self._words.data
        found = np.ones(len(at), dtype=bool)
        for number, byte in enumerate(text):
            found &= data[np.minimum(at + number, len(data) - 1)] == byte
        return found

    def _check(self, place: Field, lines: Positions) -> tuple[Positions, Positions, Mask]:
        """Return the bounds of a field, and for which lines what stands around it is right."""
        starts, ends = self._bounds(place, lines)
        good = (starts <= ends) & self._has(place.before, starts - len(place.before))
        return starts, ends, good & self._has(place.after, ends)

    def _check_date(self, plan: WordPlan, lines: Positions) -> Positions:
        starts, ends, good = self._check(plan.date, lines)
        good &= ends - starts == _DATE_LENGTH
        for text, at in ((b"/", 2), (b"/", 6), (b":", 11), (b".", 20)):
            good &= self._has(text, starts + at)
        return lines[good]

    def _check_termination(self, plan: WordPlan, lines: Positions) -> Positions:
        starts, ends, good = self._check(plan.termination, lines)
        good &= ends - starts == plan.termination_length
        starts, data = starts[good], self._words.data
        lines = lines[good]
        letters = np.ones(len(lines), dtype=bool)
        for number in range(plan.termination_length):
            byte = data[starts + number]
            letters &= (byte == ord("-")) | ((byte | 32) - ord("a") < 26)
        return lines[letters]

    def _check_status(self, plan: WordPlan, lines: Positions) -> Positions:
        if plan.status is None:
            return lines
        starts, ends, good = self._check(plan.status, lines)
        good &= (ends - starts == 3) | self._has(b"-1", starts)
        lines = lines[good]
        status = self._statuses(plan, lines)
        known: Mask = status >= _NO_STATUS
        return lines[known]

    def _statuses(self, plan: WordPlan, lines: Positions) -> Positions:
        if plan.status is None:
            return np.full(len(lines), _NO_STATUS, dtype=np.int64)
        starts, _ = self._bounds(plan.status, lines)
        digits = [self._words.data[starts + n].astype(np.int64) - ord("0") for n in range(3)]
        status = digits[0] * 100 + digits[1] * 10 + digits[2]
        good = np.logical_and.reduce([(d >= 0) & (d <= 9) for d in digits])
        negative = self._words.data[starts] == ord("-")
        found: Positions = np.where(negative, _NO_STATUS, np.where(good, status, -2))
        return found

    def _accepted(self, plan: WordPlan, lines: Positions) -> Positions:
        words = self._words
        starts, _ = self._bounds(plan.date, lines)
        hashes = words.keys(starts, _MINUTE_LENGTH)
        distinct, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        minutes = np.empty(len(distinct), dtype=np.int64)
        for number, index in enumerate(first):
            start = int(starts[index])
            text = words.text(start, start + _MINUTE_LENGTH).decode("ascii", "replace")
            near_ns = int(self.seconds[lines[index]]) * 1_000_000_000
            moment = parse_accepted({"date": f"{text}:00.000"}, self._reader.clock, near_ns=near_ns)
            minutes[number] = moment.t_ns // NANOSECONDS_PER_MILLISECOND if moment is not None else -(1 << 62)
        digits = [
            words.data[starts + _MINUTE_LENGTH + n].astype(np.int64) - ord("0") for n in (1, 2, 4, 5, 6)
        ]
        within = digits[0] * 10_000 + digits[1] * 1000 + digits[2] * 100 + digits[3] * 10 + digits[4]
        accepted: Positions = np.maximum(minutes[inverse] + within, -1)
        return accepted
