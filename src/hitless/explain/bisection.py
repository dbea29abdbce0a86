"""Where in a plain file a time is: a few lines are looked at, not the file."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from hitless.explain.sources.blocks import LONGEST_LINE_BYTES
from hitless.explain.sources.files import LogFile
from hitless.explain.sources.log_set import LogSet
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Range", "Sight", "find_range", "look"]

_SLACK_NS = 5 * NANOSECONDS_PER_SECOND
"""Lines may be out of order by so much: threads, buffers and queues of syslog."""
_SLACK_OF_SHIFT_NS = 2 * 3600 * NANOSECONDS_PER_SECOND
"""Where the clock is put forward or back nearby: there a stamp without a zone, looked at alone, may be an hour off."""
_PROBE_BYTES = LONGEST_LINE_BYTES * 2
_LINES_OF_PROBE = 64
_SMALL_BYTES = 1024 * 1024
"""Below this a file is read from its start."""
_CHECKS = 32
_LONGEST_HOLE_PROBES = 8


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of a file in which all lines of a window begin; `near_ns` is a time near the first, 0 if not known."""

    start: int
    end: int
    near_ns: int = 0
    bisected: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """A line with a time."""

    t_ns: int
    offset: int


def find_range(logs: LogSet, file: LogFile, since_ns: int | None, until_ns: int | None) -> Range:
    """Return where the lines of a window are; the whole file if it is compressed, small, or not in order of time."""
    whole = Range(0, file.size_bytes)
    if not file.is_plain or file.size_bytes < _SMALL_BYTES or (since_ns is None and until_ns is None):
        return whole

    def at(offset: int) -> Sight | None:
        return look(logs, file, offset)

    if not _is_in_order(at, file.size_bytes):
        return whole
    start, end = 0, file.size_bytes
    if since_ns is not None:
        slack_ns = _slack_ns(logs, since_ns)
        start = _bisect(at, file.size_bytes, lambda t_ns: t_ns >= since_ns - slack_ns)
    if until_ns is not None:
        slack_ns = _slack_ns(logs, until_ns)
        end = _bisect(at, file.size_bytes, lambda t_ns: t_ns >= until_ns + slack_ns)
        end = min(file.size_bytes, end + _PROBE_BYTES)
    first = at(start)
    return Range(start, max(start, end), first.t_ns if first else 0, bisected=True)


def _slack_ns(logs: LogSet, t_ns: int) -> int:
    return _SLACK_OF_SHIFT_NS if logs.options.clock.shifts_near(t_ns) else _SLACK_NS


def _bisect(look: Callable[[int], Sight | None], size_bytes: int, is_late: Callable[[int], bool]) -> int:
    """Return a place before which no line is late, and soon after which all are."""
    low, high = 0, size_bytes
    while high - low > _PROBE_BYTES:
        middle = (low + high) // 2
        sight = look(middle)
        if sight is None or sight.offset >= high or is_late(sight.t_ns):
            high = middle
        else:
            low = sight.offset
    return low


def _is_in_order(look: Callable[[int], Sight | None], size_bytes: int) -> bool:
    sights = [look(size_bytes * n // _CHECKS) for n in range(_CHECKS)]
    times = [sight.t_ns for sight in sights if sight is not None]
    return len(times) > 1 and all(b >= a - _SLACK_OF_SHIFT_NS for a, b in pairwise(times))


def look(logs: LogSet, file: LogFile, offset: int) -> Sight | None:
    """Return the first line with a time that begins at or after a place, as far as one looks for one."""
    reader = logs.reader(file)
    at = file.line_start(offset)
    for _ in range(_LONGEST_HOLE_PROBES):
        at = file.data_at(at)
        data = file.read_at(at, _PROBE_BYTES)
        for raw in data.split(b"\n", _LINES_OF_PROBE)[:_LINES_OF_PROBE]:
            moment = reader.time_of(raw.strip(b"\0\r"))
            if moment is not None:
                return Sight(moment.t_ns, at)
            at += len(raw) + 1
        if at >= file.size_bytes:
            return None
        at = file.line_start(at)
    return None
