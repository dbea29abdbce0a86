"""Sums up columns and single lines of one source, or of a part of it; parts are merged into one."""

from dataclasses import dataclass, field

import numpy as np

from hitless.explain.scan.columns import Columns
from hitless.explain.scan.lean import LeanLine
from hitless.explain.scan.rows import Rows
from hitless.explain.scan.runs import run_ends, run_starts
from hitless.explain.scan.trouble import Trouble
from hitless.explain.scan.words import Interner, Positions
from hitless.logged import Entry, OwnMessage, ServiceMessage, Skipped, Traffic, UnknownText
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["Extent", "ProcessKey", "Tally"]

ProcessKey = tuple[str, str, int]
"""Host, program, pid."""

_MOST_MESSAGES = 200_000
_MOST_UNKNOWN = 200
_BATCH = 4096
_NORMAL = (b"--", b"LR")
"""The first two characters of termination states in which nothing went wrong: HAProxy 2.8 doc section 8.5."""
_NEVER = np.iinfo(np.int64).max


@dataclass(slots=True)
class Extent:
    """The first and last signs of one process. Units: seconds of lines, milliseconds of accept dates; -1: none."""

    lines: int = 0
    first_s: int = -1
    last_s: int = -1
    first_accept_ms: int = -1
    last_accept_ms: int = -1
    first_offset: int = -1
    last_offset: int = -1
    source: int = 0

    def join(self, other: "Extent") -> None:
        """Take what another part of the logs saw of the process."""
        self.lines += other.lines
        if other.first_s >= 0 and not 0 <= self.first_s <= other.first_s:
            self.first_s, self.first_offset, self.source = other.first_s, other.first_offset, other.source
        if other.last_s >= self.last_s:
            self.last_s, self.last_offset = other.last_s, other.last_offset
        if other.first_accept_ms >= 0 and not 0 <= self.first_accept_ms <= other.first_accept_ms:
            self.first_accept_ms = other.first_accept_ms
        self.last_accept_ms = max(self.last_accept_ms, other.last_accept_ms)


@dataclass(slots=True)
class Tally:
    """Counts. Rows hold numbers of the three tables, whose texts are kept with them."""

    source: int
    processes: dict[ProcessKey, int] = field(default_factory=dict)
    extents: list[Extent] = field(default_factory=list)
    frontends: Interner = field(default_factory=lambda: Interner(10_000))
    terminations: Interner = field(default_factory=lambda: Interner(4096))
    ended: Rows = field(default_factory=lambda: Rows(5))
    accepted: Rows = field(default_factory=lambda: Rows(3))
    trouble: Trouble = field(default_factory=Trouble)
    messages: list[OwnMessage] = field(default_factory=list)
    services: list[ServiceMessage] = field(default_factory=list)
    unknown: list[UnknownText] = field(default_factory=list)
    lines: int = 0
    size_bytes: int = 0
    skipped: tuple[Skipped, ...] = ()
    dropped_messages: int = 0
    _singles: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)

    def process(self, key: ProcessKey) -> int:
        """Return the number of a process."""
        number = self.processes.get(key)
        if number is None:
            number = self.processes[key] = len(self.processes)
            self.extents.append(Extent(source=self.source))
        return number

    def add(self, columns: Columns, process: Positions) -> None:
        """Count lines; `process` has the number of each line's process."""
        if not len(process):
            return
        self.ended.add(columns.second, process, columns.frontend, columns.status, columns.termination)
        began = columns.accepted_ms >= 0
        self.accepted.add(columns.accepted_ms[began] // 1000, process[began], columns.frontend[began])
        self._extend(columns, process)
        self._look_for_trouble(columns)

    def take(self, entry: Entry) -> None:
        """Count a line that was read by itself."""
        match entry:
            case Traffic():
                self._take_traffic(entry)
            case OwnMessage():
                if self._has_room():
                    self.messages.append(entry)
            case ServiceMessage():
                if self._has_room():
                    self.services.append(entry)
            case UnknownText():
                if len(self.unknown) < _MOST_UNKNOWN:
                    self.unknown.append(entry)

    def finish(self) -> None:
        """Count what waits to be counted together."""
        if not self._singles:
            return
        table = np.array(self._singles, dtype=np.int64)
        self._singles.clear()
        offset, second, accepted, process, frontend, termination, status = table.T
        self.add(Columns(offset, second, accepted, process, frontend, termination, status), process)

    def take_lean(self, line: LeanLine, key: ProcessKey, *, offset: int, second: int) -> None:
        """Count a line of which only the counted fields were read; `key` is of what stands before its message."""
        process = self.process((key[0], key[1], line.pid or key[2]))
        self._single(offset, second, process, line)

    def _take_traffic(self, line: Traffic) -> None:
        began = line.accepted.t_ns // NANOSECONDS_PER_MILLISECOND if line.accepted is not None else -1
        lean = LeanLine(began, line.frontend, line.status, line.termination, line.pid)
        process = self.process((line.host, line.program, line.pid))
        self._single(line.place.offset, line.at.t_ns // NANOSECONDS_PER_SECOND, process, lean)

    def _single(self, offset: int, second: int, process: int, line: LeanLine) -> None:
        frontend = self.frontends.number_of(line.frontend.encode("utf-8", "replace"))
        termination = self.terminations.number_of(line.termination.encode("utf-8", "replace"))
        self._singles.append((offset, second, line.accepted_ms, process, frontend, termination, line.status))
        if len(self._singles) >= _BATCH:
            self.finish()

    def _has_room(self) -> bool:
        has_room = len(self.messages) + len(self.services) < _MOST_MESSAGES
        self.dropped_messages += not has_room
        return has_room

    def _extend(self, columns: Columns, process: Positions) -> None:
        """Take the first and last signs of the processes in these lines."""
        # Numbers of 16 bits are sorted in one pass, not by comparing.
        few = len(self.extents) <= 1 << 16
        order = np.argsort(process.astype(np.uint16) if few else process, kind="stable")
        numbers = process[order]
        heads = run_starts(numbers)
        seconds, offsets, accepted = (
            column[order] for column in (columns.second, columns.offset, columns.accepted_ms)
        )
        began = np.where(accepted < 0, _NEVER, accepted)
        firsts, lasts = np.minimum.reduceat(seconds, heads), np.maximum.reduceat(seconds, heads)
        first_began, last_began = np.minimum.reduceat(began, heads), np.maximum.reduceat(accepted, heads)
        ends = run_ends(heads, len(numbers))
        for n, head in enumerate(heads):
            seen = Extent(
                int(ends[n] - head),
                int(firsts[n]),
                int(lasts[n]),
                int(first_began[n]) if first_began[n] != _NEVER else -1,
                int(last_began[n]),
                int(offsets[head]),
                int(offsets[ends[n] - 1]),
                self.source,
            )
            self.extents[int(numbers[head])].join(seen)

    def _look_for_trouble(self, columns: Columns) -> None:
        normal = np.array([text[:2] in _NORMAL for text in self.terminations.texts] or [False], dtype=bool)
        odd = (columns.status >= 500) | ~normal[np.maximum(columns.termination, 0)]
        self.trouble.add(columns.second[odd], self.source, columns.offset[odd])
