"""From the digits of a clock on the wall to nanoseconds of CLOCK_REALTIME: zones, summer time, years that are missing.

Source: RFC 3164 section 4.1.2 (a stamp has neither year nor zone).
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

from hitless.units import LAST_SECOND, NANOSECONDS_PER_SECOND

__all__ = ["DAY_NS", "MONTHS", "WallClock"]

MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
DAY_NS = 86_400 * NANOSECONDS_PER_SECOND
_STEP_MINUTES = 15
"""Zones change their offset at a multiple of this."""
_LONGEST_S = 20 * 366 * 86_400
"""Logs that seem to be longer have a wrong stamp in them."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class WallClock:
    """A time zone; None is that of this machine.

    A local time may be two moments (the hour that summer time gives back) and a date without a year many: they are
    told apart by a reference, a moment that is known to be near.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self.zone = zone
        self._starts = lru_cache(maxsize=4096)(self._starts_of_quarter)

    def __reduce__(self) -> tuple[type["WallClock"], tuple[tzinfo | None]]:
        return WallClock, (self.zone,)

    @property
    def name(self) -> str:
        """What the zone is called."""
        return str(self.zone) if self.zone is not None else datetime.now().astimezone().tzname() or "local"

    def to_ns(
        self, year: int, month: int, day: int, hour: int, minute: int, second: int, *, near_ns: int = 0
    ) -> int | None:
        """Return the moment that a local time is, the one closest to the reference; None for no time at all.

        `second` may be 60. `near_ns` 0: the earlier one.
        """
        starts = self._starts(year, month, day, hour, minute // _STEP_MINUTES)
        if not starts or minute > 59 or second > 60:
            return None
        within_ns = (minute % _STEP_MINUTES * 60 + second) * NANOSECONDS_PER_SECOND
        if len(starts) == 1:
            return starts[0] + within_ns
        return min((start + within_ns for start in starts), key=lambda t: abs(t - near_ns) if near_ns else t)

    def to_ns_of_year(self, month: int, day: int, clock: tuple[int, int, int], *, near_ns: int) -> int | None:
        """Return the moment of a date without a year that is closest to the reference."""
        year = datetime.fromtimestamp(max(0, near_ns) // NANOSECONDS_PER_SECOND, UTC).year
        found = [
            t
            for candidate in (year - 1, year, year + 1)
            if (t := self.to_ns(candidate, month, day, *clock, near_ns=near_ns)) is not None
        ]
        return min(found, key=lambda t: abs(t - near_ns), default=None)

    def to_ns_before(self, month: int, day: int, clock: tuple[int, int, int], *, end_ns: int) -> int | None:
        """Return the last moment of a date without a year that is not after a bound.

        In a log that spans less than a year, `end_ns` being its end, this is right for each of its lines.
        """
        year = datetime.fromtimestamp(max(0, end_ns) // NANOSECONDS_PER_SECOND, UTC).year
        found = [
            t
            for candidate in range(year + 1, year - 9, -1)  # 29 February comes every eighth year at the least
            if (t := self.to_ns(candidate, month, day, *clock, near_ns=end_ns)) is not None and t <= end_ns
        ]
        return max(found, default=None)

    def offset_s(self, t_ns: int) -> int:
        """Return how far the clock was ahead of UTC."""
        return self._offset_at(t_ns // NANOSECONDS_PER_SECOND)

    def _offset_at(self, t_s: int) -> int:
        offset = datetime.fromtimestamp(min(t_s, LAST_SECOND), UTC).astimezone(self.zone).utcoffset()
        return round(offset.total_seconds()) if offset is not None else 0

    def changes(self, first_ns: int, last_ns: int) -> Iterator[tuple[int, int]]:
        """Yield the moments at which the clock was put forward or back, with how far it is ahead of UTC since."""
        first_s, last_s = first_ns // NANOSECONDS_PER_SECOND, last_ns // NANOSECONDS_PER_SECOND
        last_s = min(last_s, first_s + _LONGEST_S)
        days = (*range(first_s, last_s, DAY_NS // NANOSECONDS_PER_SECOND), last_s)
        for (start, before), (end, after) in pairwise((day, self._offset_at(day)) for day in days):
            if before != after:
                into = bisect_left(range(start, end), x=True, key=lambda t_s: self._offset_at(t_s) != before)
                yield (start + into) * NANOSECONDS_PER_SECOND, after

    def shifts_near(self, t_ns: int) -> bool:
        """Whether the clock is put forward or back within a few hours."""
        moments = (t_ns // NANOSECONDS_PER_SECOND + hours * 3600 for hours in (-4, 4))
        try:
            offsets = set(map(self._offset_at, moments))
        except (ValueError, OverflowError, OSError):
            return False
        return len(offsets) > 1

    def _starts_of_quarter(self, year: int, month: int, day: int, hour: int, quarter: int) -> tuple[int, ...]:
        """Return the moments at which this quarter of an hour begins: one, two where clocks were put back."""
        try:
            local = datetime(year, month, day, hour, quarter * _STEP_MINUTES, tzinfo=self.zone)
            return tuple(dict.fromkeys(self._moments(local)))
        except (ValueError, OverflowError, OSError):
            return ()

    @staticmethod
    def _moments(local: datetime) -> Iterator[int]:
        for fold in (0, 1):
            moment = local.replace(fold=fold).astimezone(UTC)
            yield (moment - _EPOCH) // _SECOND * NANOSECONDS_PER_SECOND
