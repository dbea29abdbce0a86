"""Whether the lines of a log are in order of time: a window is found by that order. Pure."""

from collections.abc import Iterable

from hitless.logged import Clock, Entry
from hitless.units import NANOSECONDS_PER_SECOND, format_duration

__all__ = ["describe_disorder"]

_USUAL_NS = 2 * NANOSECONDS_PER_SECOND
"""Threads and daemons write lines so much late."""
_NO_STAMP = frozenset({Clock.NONE, Clock.BETWEEN})


def describe_disorder(name: str, entries: Iterable[Entry]) -> str:
    """Return what a reader has to know of a log by some of its lines; "" where they are in order."""
    newest_ns, back_ns, late = 0, 0, 0
    for entry in entries:
        if entry.at.clock in _NO_STAMP:
            continue
        behind_ns = newest_ns - entry.at.latest_ns
        if behind_ns > _USUAL_NS:
            back_ns, late = max(back_ns, behind_ns), late + 1
        newest_ns = max(newest_ns, entry.at.t_ns)
    if not late:
        return ""
    return (
        f"{name}: lines are not in order of time ({late} of those looked at came late, by up to "
        f"{format_duration(back_ns / NANOSECONDS_PER_SECOND)}): a window of it may lack some"
    )
