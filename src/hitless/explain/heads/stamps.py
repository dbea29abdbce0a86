"""The stamps at the start of lines, as moments.

Source: RFC 3164 section 4.1.2; RFC 5424 section 6.2.3; journalctl(1) of systemd 252, --output=.
"""

import re
from datetime import UTC

from hitless.explain.heads.wall_clock import DAY_NS, MONTHS, WallClock
from hitless.logged import Clock, Moment
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["STAMP", "StampReader", "parse_iso"]

STAMP = (
    r"(?:(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
    r"|(?P<bsd>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)"
    r"|(?P<unix>\d{9,11}\.\d{1,9})"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<full>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)"
    r"(?P<full_zone> [A-Z][A-Z0-9+-]{1,5}))"
)
"""An expression with one group for each kind of stamp."""

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:(Z)|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_BSD = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)
_UNIX = re.compile(r"(\d{9,11})\.(\d{1,9})", re.ASCII)
_BSD_SECONDS = len("Nov 22 13:49:27")
_SECOND = NANOSECONDS_PER_SECOND
_UTC = WallClock(UTC)
_AHEAD_NS = DAY_NS
"""So much may a stamp without a year lie after the end that is known: clocks and zones differ."""


class StampReader:
    """Reads the stamps of one source in order.

    `near_ns` is a moment near its lines, from which the year is taken where stamps have none; each stamp is the
    reference for the next. `end_ns` is a bound, as the time a file was last written: then years are right from the
    first line on.
    """

    def __init__(self, clock: WallClock, *, near_ns: int = 0, end_ns: int = 0) -> None:
        self._clock = clock
        self._near_ns = near_ns
        self._end_ns = end_ns
        self._last_second = ("", 0)
        self.without_zone = 0
        """How many stamps did not state their zone."""

    @property
    def has_reference(self) -> bool:
        """Whether a moment near the next stamp is known."""
        return bool(self._near_ns)

    def read(self, match: re.Match[str]) -> Moment | None:
        """Return the moment of a match of `STAMP`, None for digits that are no time."""
        groups = match.groupdict()
        if groups["iso"] or groups["full"]:
            moment = self._iso(groups["iso"] or f"{groups['full']}{_zone_of(groups['full_zone'])}")
        elif groups["bsd"]:
            moment = self._bsd(groups["bsd"])
        else:
            moment = _unix(groups["unix"] or "")
        if moment is not None:
            self._near_ns = moment.t_ns
        return moment

    def learn(self, near_ns: int) -> None:
        """Take a moment that is known otherwise for the reference, e.g. HAProxy's own date in the line."""
        self._last_second = ("", 0)
        self._near_ns = near_ns

    def _iso(self, text: str) -> Moment | None:
        moment, stated = _parse_iso(text, self._clock, self._near_ns)
        self.without_zone += moment is not None and not stated
        return moment

    def _bsd(self, text: str) -> Moment | None:
        if text[:_BSD_SECONDS] == self._last_second[0]:  # lines of one second follow each other
            return _with_fraction(self._last_second[1], text[_BSD_SECONDS + 1 :])
        match = _BSD.fullmatch(text)
        if match is None or match[1] not in MONTHS:
            return None
        month, day = MONTHS[match[1]], int(match[2])
        clock = (int(match[3]), int(match[4]), int(match[5]))
        if self._near_ns:
            t_ns = self._clock.to_ns_of_year(month, day, clock, near_ns=self._near_ns)
        else:
            t_ns = self._clock.to_ns_before(month, day, clock, end_ns=self._end_ns + _AHEAD_NS)
        self.without_zone += 1
        if t_ns is None:
            return None
        self._last_second = (text[:_BSD_SECONDS], t_ns)
        return _with_fraction(t_ns, match[6] or "")


def parse_iso(text: str, clock: WallClock, *, near_ns: int = 0) -> Moment | None:
    """Return the moment of an ISO date; one without a zone is of the clock's."""
    return _parse_iso(text, clock, near_ns)[0]


def _parse_iso(text: str, clock: WallClock, near_ns: int) -> tuple[Moment | None, bool]:
    match = _ISO.fullmatch(text)
    if match is None:
        return None, False
    year, month, day, hour, minute, second = (int(match[n]) for n in range(1, 7))
    stated = bool(match[8] or match[9])
    t_ns = (_UTC if stated else clock).to_ns(year, month, day, hour, minute, second, near_ns=near_ns)
    if t_ns is None:
        return None, stated
    if match[9]:
        east_s = int(match[10]) * 3600 + int(match[11]) * 60
        t_ns -= (east_s if match[9] == "+" else -east_s) * _SECOND
    return _with_fraction(t_ns, match[7] or ""), stated


def _unix(text: str) -> Moment | None:
    match = _UNIX.fullmatch(text)
    return _with_fraction(int(match[1]) * _SECOND, match[2]) if match else None


def _with_fraction(t_ns: int, digits: str) -> Moment:
    return Moment(
        t_ns=t_ns + int(digits.ljust(9, "0")) if digits else t_ns,
        error_ns=10 ** (9 - len(digits)),
        clock=Clock.SYSLOG,
    )


def _zone_of(name: str | None) -> str:
    """Return " UTC" as "Z"; other names of zones are not unique, and left to the clock."""
    return "Z" if (name or "").strip() in {"UTC", "GMT"} else ""
