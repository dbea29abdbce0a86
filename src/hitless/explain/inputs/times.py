"""A time as a person writes it: of the clock, of a day, or so long ago; in the zone of the logs. Pure."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from hitless.units import NANOSECONDS_PER_SECOND, parse_duration_s

__all__ = ["parse_time"]

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?", re.ASCII)
_AGO = re.compile(r"\d{1,9}[smhd]", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_time(text: str, now: datetime, zone: tzinfo | None, *, end: bool = False) -> int:
    """Return what "03:00" (the last one that was), "2026-11-29 03:00", "2026-11-29", "2h" (ago) or RFC 3339 mean, in
    nanoseconds since 1970. `end`: of a day, by its end.

    Raises: ValueError if it is none of them.
    """  # noqa: D205 - one sentence
    if _AGO.fullmatch(text):
        return _ns(now - timedelta(seconds=parse_duration_s(text)))
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        today = now.astimezone(zone)
        micros = round(float(clock[4] or 0) * 1_000_000)
        found = today.replace(
            hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=micros
        )
        return _ns(found if found <= today else found - timedelta(days=1))
    moment = datetime.fromisoformat(text)
    if _DAY.fullmatch(text) and end:
        moment += timedelta(days=1)
    return _ns(moment if moment.tzinfo is not None else _in_zone(moment, zone))


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()


def _ns(moment: datetime) -> int:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since // timedelta(microseconds=1)) * (NANOSECONDS_PER_SECOND // 1_000_000)
