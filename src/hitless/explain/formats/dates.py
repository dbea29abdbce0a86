"""HAProxy's dates in a line, as moments.

Source: HAProxy 3.4 src/tools.c date2str_log(), gmt2str_log(), localdate2str_log(), gettimezone().
"""

import re
from collections.abc import Mapping
from datetime import UTC

from hitless.explain.heads.wall_clock import MONTHS, WallClock
from hitless.logged import Clock, Moment
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["parse_accepted"]

_DATE = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.(\d{3})| ([+-])(\d\d)(\d\d))", re.ASCII
)
_SECOND = NANOSECONDS_PER_SECOND
_MILLISECOND = NANOSECONDS_PER_MILLISECOND
_MOST_SECONDS = 1 << 33
_UTC = WallClock(UTC)


def parse_accepted(values: Mapping[str, str], clock: WallClock, *, near_ns: int = 0) -> Moment | None:
    """Return the date among the values of a line ("date", "unix_time", "milliseconds"), None without a good one.

    Units: exact to a millisecond with "%t" or "%ms", else to a second. `near_ns` tells the two readings of an hour that
    summer time gives back apart.
    """
    t_ns, error_ns = _from_date(values.get("date", ""), clock, near_ns)
    if t_ns is None:
        t_ns, error_ns = _from_unix_time(values.get("unix_time", "")), _SECOND
    if t_ns is None:
        return None
    milliseconds = values.get("milliseconds", "")
    if error_ns == _SECOND and milliseconds.isdecimal() and int(milliseconds) < 1000:
        t_ns, error_ns = t_ns + int(milliseconds) * _MILLISECOND, _MILLISECOND
    return Moment(t_ns=t_ns, error_ns=error_ns, clock=Clock.HAPROXY)


def _from_date(text: str, clock: WallClock, near_ns: int) -> tuple[int | None, int]:
    match = _DATE.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        return None, 0
    parts = (int(match[3]), MONTHS[match[2]], *(int(match[n]) for n in (1, 4, 5, 6)))
    if match[7]:
        t_ns = clock.to_ns(*parts, near_ns=near_ns)
        return None if t_ns is None else t_ns + int(match[7]) * _MILLISECOND, _MILLISECOND
    t_ns = _UTC.to_ns(*parts)
    if t_ns is None:
        return None, 0
    east_s = int(match[9]) * 3600 + int(match[10]) * 60
    return t_ns - (east_s if match[8] == "+" else -east_s) * _SECOND, _SECOND


def _from_unix_time(text: str) -> int | None:
    if not text.isdecimal():
        return None
    seconds = int(text[:14])
    return seconds * _SECOND if seconds < _MOST_SECONDS else None
