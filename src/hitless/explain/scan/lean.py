"""The counted fields of one message, for formats that are not read by columns: without a value for the rest of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from hitless.explain.entries import ReadOptions
from hitless.explain.formats.compile import LineFormat
from hitless.explain.formats.dates import parse_accepted
from hitless.explain.formats.fields import read_fields
from hitless.explain.formats.json_lines import read_object
from hitless.explain.formats.known import known_formats, meanings_of
from hitless.explain.heads.stamps import parse_iso
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.scan.plan import plan_words
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["Dates", "LeanLine", "LeanReader", "lean_readers"]

_WANTED = ("date", "unix_time", "frontend", "frontend_tls", "status", "termination", "pid")
_HALF_HOUR_NS = 1800 * NANOSECONDS_PER_SECOND
_ODD = frozenset({"Q", "E", "X", "json"})
_SECONDS = len("29/Nov/2026:02:58:03")
_WITH_MILLISECONDS = len("29/Nov/2026:02:58:03.315")


@dataclass(frozen=True, slots=True)
class LeanLine:
    """What is counted of a line. Units: milliseconds since 1970; -1 for what it does not have, pid 0."""

    accepted_ms: int
    frontend: str
    status: int
    termination: str
    pid: int


LeanReader = Callable[[bytes], LeanLine | None]


def lean_readers(options: ReadOptions, dates: "Dates | None" = None) -> list[LeanReader]:
    """Return the readers of formats that columns cannot read, those of the configuration first."""
    dates = dates or Dates(options.clock)
    found: list[LeanReader] = []
    for line_format in (*options.formats, *known_formats()):
        if plan_words(line_format) is None:
            reader = _reader_of(line_format, dates)
            found += [reader] if reader is not None else []
    return [*found, _AnyJson(dates).read]


class Dates:
    """HAProxy's dates as milliseconds; lines of one second follow each other."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._near_ns = 0
        self._second = lru_cache(maxsize=4096)(self._parse)

    def near(self, near_ns: int) -> None:
        """Take a moment that is near the dates to come: it tells the readings of an hour that comes twice apart."""
        if near_ns // _HALF_HOUR_NS != self._near_ns // _HALF_HOUR_NS:
            self._second.cache_clear()
        self._near_ns = near_ns

    def milliseconds(self, text: str) -> int:
        """Return a date, -1 for none."""
        if len(text) == _WITH_MILLISECONDS and text[_SECONDS] == "." and text[_SECONDS + 1 :].isdecimal():
            second = self._second(f"{text[:_SECONDS]}.000")
            return second + int(text[_SECONDS + 1 :]) if second >= 0 else -1
        return self._second(text) if text else -1

    def _parse(self, text: str) -> int:
        key = "unix_time" if text.isdecimal() else "date"
        near_ns = self._near_ns
        moment = parse_accepted({key: text}, self._clock, near_ns=near_ns)
        moment = moment or parse_iso(text, self._clock, near_ns=near_ns)
        return moment.t_ns // NANOSECONDS_PER_MILLISECOND if moment is not None else -1


def _reader_of(line_format: LineFormat, dates: Dates) -> LeanReader | None:
    """Return the reader of a format; None for one that names neither frontend nor termination nor date."""
    slots = {
        slot.meaning.field: n for n, slot in enumerate(line_format.slots) if slot.meaning.field in _WANTED
    }
    if not slots.keys() & {"date", "unix_time", "frontend", "frontend_tls", "termination"}:
        return None
    odd = any(line_format.slots[n].item.flags & _ODD for n in slots.values())
    if line_format.encoding or odd:
        return partial(_read_whole, line_format, dates)
    pattern = re.compile(line_format.beginning_with(slots.values()).encode(), re.DOTALL)
    groups = [slots.get(name, -1) + 1 for name in _WANTED]
    return partial(_read_beginning, pattern, groups, dates)


def _read_beginning(
    pattern: re.Pattern[bytes], groups: list[int], dates: Dates, message: bytes
) -> LeanLine | None:
    match = pattern.match(message)
    if match is None:
        return None
    date, unix_time, frontend, frontend_tls, status, termination, pid = (
        (match[n] or b"").decode("ascii", "replace") if n else "" for n in groups
    )
    return LeanLine(
        dates.milliseconds(date or unix_time),
        frontend or frontend_tls.removesuffix("~"),
        _number(status),
        termination,
        max(0, _number(pid)),
    )


def _read_whole(line_format: LineFormat, dates: Dates, message: bytes) -> LeanLine | None:
    fields = read_fields(line_format, message.decode("utf-8", "backslashreplace"))
    return _of_text(fields.text, dates) if fields is not None else None


def _of_text(text: Mapping[str, str], dates: Dates) -> LeanLine:
    return LeanLine(
        dates.milliseconds(text.get("date") or text.get("unix_time", "")),
        text.get("frontend", "").removesuffix("~"),
        _number(text.get("status", "")),
        text.get("termination", ""),
        max(0, _number(text.get("pid", ""))),
    )


class _AnyJson:
    """JSON objects of formats that are not known; what their keys mean is found once for each set of keys."""

    def __init__(self, dates: Dates) -> None:
        self._dates = dates
        self._meanings: dict[tuple[str, ...], dict[str, str] | None] = {}

    def read(self, message: bytes) -> LeanLine | None:
        if not message.startswith(b"{"):
            return None
        found = read_object(message.decode("utf-8", "backslashreplace"))
        if found is None:
            return None
        keys = tuple(found)
        if keys not in self._meanings and len(self._meanings) < 1000:
            self._meanings[keys] = self._wanted(found)
        wanted = self._meanings.get(keys)
        if wanted is None:
            return None
        return _of_text({name: str(found[key]) for name, key in wanted.items()}, self._dates)

    @staticmethod
    def _wanted(found: Mapping[str, Any]) -> dict[str, str] | None:
        """Return the key of each counted field; None for one that is not about traffic, or has objects in it."""
        meanings = meanings_of(found)
        if meanings is None or any(isinstance(value, dict) for value in found.values()):
            return None
        names = {"frontend_tls": "frontend"}
        return {names.get(m.field, m.field): key for key, m in meanings.items() if m.field in _WANTED}


def _number(text: str) -> int:
    if text.isdecimal() and len(text) < 19:
        return int(text)
    return -1
