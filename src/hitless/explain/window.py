"""A window of time in logs: found by bisection in plain files, read in order, merged by time over several."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from msgspec.structs import replace

from hitless.explain.bisection import find_range
from hitless.explain.entries import EntryReader
from hitless.explain.sources.blocks import Block
from hitless.explain.sources.files import LogFile
from hitless.explain.sources.log_set import LogSet
from hitless.logged import Clock, Entry, Moment, SkipReason
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["ALWAYS", "Window", "read_entries", "read_file", "read_lines", "sample_file"]

_LATE_NS = 2 * NANOSECONDS_PER_SECOND
_MOST_HELD = 4096
"""Lines that are out of order by less than both are put right."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `since_ns` to before `until_ns`; None is without bound. CLOCK_REALTIME."""

    since_ns: int | None = None
    until_ns: int | None = None

    def has(self, moment: Moment) -> bool:
        """Whether a moment may lie in it. One without a time lies in the window without bounds only."""
        if moment.clock is Clock.NONE:
            return self == ALWAYS
        return (self.since_ns is None or moment.latest_ns >= self.since_ns) and (
            self.until_ns is None or moment.t_ns < self.until_ns
        )


ALWAYS = Window()


def read_entries(logs: LogSet, window: Window = ALWAYS) -> Iterator[Entry]:
    """Yield what the lines of all logs say that lie in a window, in order of time.

    Each log is read once, in its order. Lines a little out of it are put right; others stand where they stood.
    """
    streams = [_in_order(read_file(logs, file, window)) for file in logs.files]
    yield from heapq.merge(*streams, key=lambda entry: entry.at.t_ns)


def read_file(logs: LogSet, file: LogFile, window: Window = ALWAYS) -> Iterator[Entry]:
    """Yield what the lines of one log say that lie in a window, in the order of the log."""
    found = find_range(logs, file, window.since_ns, window.until_ns)
    reader = logs.reader(file, near_ns=found.near_ns)
    entries = read_lines(logs, file, reader, logs.blocks(file, start=found.start, end=found.end))
    yield from (entry for entry in _between_neighbours(entries) if window.has(entry.at))


def sample_file(logs: LogSet, file: LogFile, window: Window, most: int) -> Iterator[Entry]:
    """Yield what so many lines of one log say, at most, from about where a window begins."""
    found = find_range(logs, file, window.since_ns, window.until_ns)
    reader = logs.reader(file, near_ns=found.near_ns)
    yield from islice(
        read_lines(logs, file, reader, logs.blocks(file, start=found.start, end=found.end)), most
    )


def read_lines(logs: LogSet, file: LogFile, reader: EntryReader, blocks: Iterable[Block]) -> Iterator[Entry]:
    """Yield what the lines of blocks say; what says nothing is counted."""
    skips = logs.skip_count(file)
    for block in blocks:
        offset = block.offset
        lines = block.data.split(b"\n")
        last = len(lines) - 1
        for number, raw in enumerate(lines):
            found = reader.read(raw.rstrip(b"\r"), offset) if raw else None
            if isinstance(found, SkipReason):
                torn = block.torn and number == last
                skips.add(SkipReason.TORN if torn else found, len(raw) + 1, offset)
            elif found is not None:
                yield found
            offset += len(raw) + 1


def _between_neighbours(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Give lines without a time the bounds that the lines before and after them have."""
    waiting: list[Entry] = []
    for entry in entries:
        if entry.at.clock is Clock.BETWEEN and len(waiting) < _MOST_HELD:
            waiting.append(entry)
            continue
        for held in waiting:
            error_ns = max(0, entry.at.latest_ns - held.at.t_ns)
            yield replace(held, at=replace(held.at, error_ns=error_ns))
        waiting.clear()
        yield entry
    yield from waiting


def _in_order(entries: Iterable[Entry]) -> Iterator[Entry]:
    held: list[tuple[int, int, Entry]] = []
    newest_ns = 0
    for number, entry in enumerate(entries):
        heapq.heappush(held, (entry.at.t_ns, number, entry))
        newest_ns = max(newest_ns, entry.at.t_ns)
        while held and (held[0][0] <= newest_ns - _LATE_NS or len(held) > _MOST_HELD):
            yield heapq.heappop(held)[2]
    while held:
        yield heapq.heappop(held)[2]
