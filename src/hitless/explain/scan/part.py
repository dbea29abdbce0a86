"""One part of one log, scanned: columns where the lines allow it, line by line where they do not.

Columns look at the counted fields and what stands before them: a line that is damaged behind them is counted too.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np

from hitless.explain.entries import EntryReader, ReadOptions
from hitless.explain.formats.known import known_formats
from hitless.explain.scan.columns import BlockColumns, ColumnReader
from hitless.explain.scan.head_shape import learn_shape, read_origin
from hitless.explain.scan.lean import Dates, lean_readers
from hitless.explain.scan.plan import WordPlan, plan_words
from hitless.explain.scan.tally import ProcessKey, Tally
from hitless.explain.scan.unwrap import is_wrapped, unwrap_block
from hitless.explain.service_lines import SERVICES
from hitless.explain.sources.blocks import Block, SkipCount
from hitless.explain.window import ALWAYS, Window
from hitless.logged import SkipReason
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["scan_part"]

_SAMPLE_LINES = 200
_OURS, _STRANGER, _SERVICE, _NONE = range(4)


def scan_part(
    blocks: Iterable[Block],
    reader: EntryReader,
    options: ReadOptions,
    tally: Tally,
    *,
    skips: SkipCount,
    window: Window = ALWAYS,
    seen: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Count the lines of blocks in order; `seen` is told how many bytes each had."""
    scanner = _Scanner(reader, options, tally, skips, window)
    for block in blocks:
        scanner.take(block)
        seen(len(block.data))
    tally.finish()
    tally.skipped = skips.skipped
    return tally


class _Scanner:
    def __init__(
        self, reader: EntryReader, options: ReadOptions, tally: Tally, skips: SkipCount, window: Window
    ) -> None:
        self._reader = reader
        self._tally = tally
        self._skips = skips
        self._window = window
        self._options = options
        self._plans = _plans(options)
        self._dates = Dates(options.clock)
        self._lean = lean_readers(options, self._dates)
        self._wrapped = False
        self._columns: ColumnReader | None = None
        self._learned = False
        self._kinds: list[int] = []
        self._processes: list[int] = []
        self._keys: list[ProcessKey] = []
        self._ours: dict[str, list[int]] = {}
        """The origins of a program that may be HAProxy, by its name."""

    def take(self, block: Block) -> None:
        self._tally.size_bytes += len(block.data)
        if not self._learned:
            self._learn(block)
        if self._columns is None:
            self._line_by_line(_lines_of(block))
        elif self._wrapped:
            unwrapped = unwrap_block(block, self._options.clock)
            found = self._columns.read_unwrapped(unwrapped.data, unwrapped.offsets)
            self._take_columns(found, unwrapped.lines)
        else:
            self._take_columns(self._columns.read(block.data, block.offset), None)

    def _learn(self, block: Block) -> None:
        """Find out what most lines look like, and about when they were written."""
        sample = list(islice((raw for _, raw in _lines_of(block) if raw.strip()), _SAMPLE_LINES))
        if not sample:
            return
        self._learned = True
        for raw in sample:
            if self._reader.time_of(raw) is not None:
                break
        clock = self._options.clock
        self._wrapped = is_wrapped(sample[0], clock)
        if self._wrapped:
            sample = unwrap_block(Block(b"\n".join(sample), 0), clock).data.splitlines()
        shape = learn_shape(sample)
        if shape is not None:
            self._columns = ColumnReader(
                shape,
                self._options.clock,
                self._reader.stamps,
                frontends=self._tally.frontends,
                terminations=self._tally.terminations,
            )

    def _take_columns(self, block: BlockColumns, originals: list[bytes] | None) -> None:
        """Count the lines of a block; `originals` are those that its lines were made of."""
        self._tally.lines += block.lines
        self._know_origins()
        kinds = np.array([*self._kinds, _NONE])[block.origins]
        inside = self._inside(block)
        usable = (kinds == _OURS) & inside
        for plan in self._plans:
            columns = block.columns(plan, usable)
            self._tally.add(columns, np.array([*self._processes, -1])[columns.origin])
        self._take_lean(block, usable)
        stranger = kinds == _STRANGER
        if stranger.any():
            first = int(block.offsets[stranger][0])
            lines = int(stranger.sum())
            self._skips.add(SkipReason.OTHER_PROGRAM, block.sizes(stranger), first, lines=lines)
        left = block.leftover(~stranger & inside)
        self._line_by_line(
            (
                (int(block.offsets[n]), raw if originals is None else originals[n])
                for n, raw in self._at_their_times(block, left)
            ),
            counted=True,
        )

    def _at_their_times(
        self, block: BlockColumns, lines: Iterable[tuple[int, bytes]]
    ) -> Iterator[tuple[int, bytes]]:
        """Yield lines of a block whose stamps were read before, each with the reader where that line is in time."""
        stamps, timed = self._reader.stamps, np.flatnonzero(block.seconds >= 0)
        for number, raw in lines:
            if block.shifts and block.seconds[number] >= 0:
                stamps.learn(int(block.seconds[number]) * NANOSECONDS_PER_SECOND)
            yield number, raw
        if block.shifts and len(timed):
            stamps.learn(int(block.seconds[timed[-1]]) * NANOSECONDS_PER_SECOND)

    def _take_lean(self, block: BlockColumns, usable: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        """Count lines of formats that are not read by columns, the format of the last line first."""
        for number, message in block.messages(usable):
            if block.shifts:
                self._dates.near(int(block.seconds[number]) * NANOSECONDS_PER_SECOND)
            for position, read in enumerate(self._lean):
                found = read(message)
                if found is not None:
                    if position:
                        self._lean.insert(0, self._lean.pop(position))
                    origin = int(block.origins[number])
                    self._tally.take_lean(
                        found,
                        self._keys[origin],
                        offset=int(block.offsets[number]),
                        second=int(block.seconds[number]),
                    )
                    block.left[number] = False
                    break

    def _inside(self, block: BlockColumns) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        inside = np.ones(block.lines, dtype=bool)
        if self._window.since_ns is not None:
            inside &= (block.seconds < 0) | ((block.seconds + 1) * 1_000_000_000 >= self._window.since_ns)
        if self._window.until_ns is not None:
            inside &= (block.seconds < 0) | (block.seconds * 1_000_000_000 < self._window.until_ns)
        return inside

    def _know_origins(self) -> None:
        """Find out about origins that were seen for the first time: HAProxy's, another program's, none."""
        assert self._columns is not None, "the caller looked"
        for text in self._columns.origins.texts[len(self._kinds) :]:
            head = read_origin(self._columns.shape, text)
            program = head.program if head is not None else ""
            kind = _OURS if head is not None else _NONE
            if program.lower().partition("_")[0] in SERVICES:
                kind = _SERVICE
            if kind == _OURS:
                self._ours.setdefault(program, []).append(len(self._kinds))
            self._kinds.append(kind)
            key = (head.host, program, head.pid) if head is not None else ("", "", 0)
            self._keys.append(key)
            self._processes.append(self._tally.process(key) if kind == _OURS else -1)
        for program in [name for name in self._ours if self._reader.is_other_program(name)]:
            for number in self._ours.pop(program):
                self._kinds[number] = _STRANGER

    def _line_by_line(self, lines: Iterable[tuple[int, bytes]], *, counted: bool = False) -> None:
        for offset, raw in lines:
            if not raw.strip():
                continue
            self._tally.lines += not counted
            found = self._reader.read(raw, offset)
            if isinstance(found, SkipReason):
                self._skips.add(found, len(raw) + 1, offset)
            elif found is not None and self._window.has(found.at):
                self._tally.take(found)


def _plans(options: ReadOptions) -> list[WordPlan]:
    plans = [plan for line_format in options.formats if (plan := plan_words(line_format)) is not None]
    plans += [plan for line_format in known_formats() if (plan := plan_words(line_format)) is not None]
    seen: dict[object, WordPlan] = {}
    for plan in plans:  # several frontends may have the same format
        seen.setdefault(
            (plan.date, plan.frontend, plan.termination, plan.termination_length, plan.status), plan
        )
    return list(seen.values())


def _lines_of(block: Block) -> Iterator[tuple[int, bytes]]:
    data, start = block.data, 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if end > start:
            yield block.offset + start, data[start:end].rstrip(b"\r")
        start = end + 1
