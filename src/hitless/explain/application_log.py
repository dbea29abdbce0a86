"""What applications say of broken connections: records of their logs that have a pattern in them. Pure.

A record is a line with a time, and the lines without one that follow it: a traceback. It counts once, however many of
its lines speak of the same (`ConnectionResetError`, and the error that it was the cause of).
"""

import re
from collections.abc import Collection, Iterator, Sequence

from hitless.errors import UsageError
from hitless.explain.application_stamps import read_stamp
from hitless.explain.heads.stamps import StampReader
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.sources.blocks import Block
from hitless.logged import Clock, Moment
from hitless.records import Record

__all__ = ["KNOWN_PATTERNS", "ApplicationLine", "ApplicationReader", "Patterns", "find_ids"]

KNOWN_PATTERNS = {
    "connection reset": r"connection[ _]?reset|econnreset|errno[ =:]{0,2}104\b",
    "broken pipe": r"broken[ _]?pipe|\bepipe\b|errno[ =:]{0,2}32\b",
    "connection refused": r"connection[ _]?refused|econnrefused|errno[ =:]{0,2}111\b",
    "closed without an answer": (
        r"closed connection without response|socket hang up|empty reply from server|server disconnected"
        r"|failed to respond|prematurely closed|closed before message completed|closed idle connection"
        r"|server closed the connection|unexpected eof|eof occurred in violation|end of file reached"
    ),
    "connection aborted": r"connection[ _]?abort(?:ed)?\b|econnaborted|errno[ =:]{0,2}103\b",
    "connect timed out": r"connect(?:ion)?(?: attempt)? timed out|etimedout|errno[ =:]{0,2}110\b",
}
"""By name, a regular expression in which case does not matter: the words of Linux, Python, Java, Node, Go, Rust, Ruby,
.NET, curl and nginx."""
_GATES = (
    *(
        b"reset",
        b"pipe",
        b"errno",
        b"refused",
        b"abort",
        b"timed",
        b"eof",
        b"end of file",
        b"without response",
    ),
    *(b"hang up", b"empty reply", b"disconnected", b"failed to respond", b"prematurely", b"closed before"),
    *(b"idle connection", b"closed the"),
)
"""Each known pattern has one of these; they are found thirty times faster than an expression."""
_LONGEST_TEXT = 2048
_FARTHEST_LINES = 200
"""So many lines back the time of a line without one is looked for."""
_UNTIMED = Moment(t_ns=0, error_ns=0, clock=Clock.NONE)
_TOKEN = re.compile(rb"[0-9A-Za-z_:.@+-]{4,256}")


class ApplicationLine(Record, frozen=True):
    """A record that speaks of a broken connection."""

    at: Moment
    """The record's own time; where it has none, that of the record before it, or `Clock.NONE`."""
    offset: int
    """Where the line with the pattern is. Units: bytes of the source, uncompressed."""
    size_bytes: int
    pattern: str
    """Its name in `KNOWN_PATTERNS`, or the user's expression."""
    text: str
    """The line, cut where it is long. Hostile."""
    head: str = ""
    """The record's first line, where it is another one."""


class Patterns:
    """The known patterns and the user's."""

    def __init__(self, more: Sequence[str] = ()) -> None:
        """Compile. Raises: UsageError for what is no regular expression, or would match an empty line."""
        self._known = [(name, _compile(expression)) for name, expression in KNOWN_PATTERNS.items()]
        self._more = [(expression, _compile(expression)) for expression in more]

    def search(self, data: bytes) -> list[tuple[int, int, str]]:
        """Return the begin and end of each line that has a pattern, and the pattern's name, in order."""
        lowered = data.lower()
        lines = {line for gate in _GATES for line in _lines_with(lowered, gate)}
        for _, each in self._more:
            lines.update(_line_around(data, match.start()) for match in each.finditer(data))
        named = ((start, end, self._name(data[start:end])) for start, end in sorted(lines))
        return [(start, end, name) for start, end, name in named if name]

    def _name(self, line: bytes) -> str:
        """Return the user's pattern that a line has, else the known one that comes first in it."""
        own = next((name for name, each in self._more if each.search(line)), "")
        found = ((match.start(), name) for name, each in self._known if (match := each.search(line)))
        return own or min(found, default=(0, ""), key=lambda pair: pair[0])[1]


def _lines_with(data: bytes, literal: bytes) -> Iterator[tuple[int, int]]:
    at = data.find(literal)
    while at >= 0:
        line = _line_around(data, at)
        yield line
        at = data.find(literal, line[1])


def _compile(expression: str) -> re.Pattern[bytes]:
    try:
        compiled = re.compile(expression.encode(), re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"no regular expression: {expression}: {error}.") from error
    if compiled.search(b""):
        raise UsageError(f"the expression {expression!r} matches every line.")
    return compiled


class ApplicationReader:
    """Reads one log, its blocks in order."""

    def __init__(self, patterns: Patterns, clock: WallClock, *, near_ns: int = 0, end_ns: int = 0) -> None:
        """`near_ns`, `end_ns`: from which the year of stamps without one is told, as `StampReader` does."""
        self._patterns = patterns
        self._stamps = StampReader(clock, near_ns=near_ns, end_ns=end_ns)
        self._record = (-1, _UNTIMED, "")
        """The last record that is known: where it begins, when it was written, its first line."""
        self.first_ns = self.last_ns = 0
        """The first and last time that was read, 0 for none; not every line's time is read."""
        self._told = -1
        """Where the last record begins that was yielded."""

    @property
    def without_zone(self) -> int:
        """How many of the times that were read do not say their zone."""
        return self._stamps.without_zone

    def take(self, block: Block) -> Iterator[ApplicationLine]:
        """Yield the records of a block, in its order."""
        data, seen = block.data, 0
        if not self.first_ns:
            self._find_first(data)
        for start, end, name in self._patterns.search(data):
            self._find_record(block, seen, end)
            seen = end
            begin, moment, head = self._record
            if begin >= 0 and begin == self._told:
                continue
            self._told = begin
            offset = block.offset + start
            yield ApplicationLine(
                at=moment,
                offset=offset,
                size_bytes=end - start,
                pattern=name,
                text=_text(data, start, end),
                head=head if begin != offset else "",
            )
        self._find_record(block, seen, len(data))

    def _find_first(self, data: bytes) -> None:
        start = 0
        for _ in range(_FARTHEST_LINES):
            _, end = _line_around(data, start)
            moment = read_stamp(_text(data, start, end), self._stamps)
            start = end + 1
            if moment is not None:
                self.first_ns = moment.t_ns
            if moment is not None or start >= len(data):
                return

    def _find_record(self, block: Block, seen: int, end: int) -> None:
        """Look for the last line with a time from `seen` to `end`: the record that a line before `end` is of."""
        data, line_end = block.data, end
        for _ in range(_FARTHEST_LINES):
            start = data.rfind(b"\n", seen, max(seen, line_end)) + 1 or seen
            text = _text(data, start, line_end)
            moment = read_stamp(text, self._stamps) if text else None
            if moment is not None:
                self._record = (block.offset + start, moment, text)
                self.last_ns = max(self.last_ns, moment.t_ns)
            if moment is not None or start <= seen:
                return
            line_end = start - 1


def find_ids(data: bytes, wanted: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the ids among those wanted that whole lines have in them, each with its line, cut where it is long."""
    if not wanted:
        return
    for match in _TOKEN.finditer(data):
        token = match[0]
        bare = token.strip(b":.-_@+")
        # "id:ID" is one token.
        found = next((one for one in (token, bare, bare.partition(b":")[2]) if one in wanted), None)
        if found is not None:
            start, end = _line_around(data, match.start())
            yield found, data[start : min(end, start + _LONGEST_TEXT)]


def _line_around(data: bytes, at: int) -> tuple[int, int]:
    end = data.find(b"\n", at)
    return data.rfind(b"\n", 0, at) + 1, len(data) if end < 0 else end


def _text(data: bytes, start: int, end: int) -> str:
    return data[start : min(end, start + _LONGEST_TEXT)].rstrip(b"\r").decode("utf-8", "surrogateescape")
