"""The time in a line of an application's log, wherever in its start it stands. Pure.

Applications write what their libraries do: ISO dates at the start, behind a level or in JSON (Python, Java, Rust,
Ruby); with slashes (nginx, Go); Apache's "Sun Nov 22 14:32:01.123456 2026" and "22/Nov/2026:14:32:01 +0100"; syslog's;
seconds or milliseconds since 1970 in JSON (Go's zap, Node's pino).
"""

import re

from hitless.explain.heads.stamps import STAMP, StampReader
from hitless.explain.heads.wall_clock import MONTHS
from hitless.logged import Moment

__all__ = ["read_stamp"]

_SEARCHED_CHARACTERS = 300
_ISO = re.compile(
    r"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[+-]\d\d:?\d\d)(?![\w:]))?"
)
_APACHE = re.compile(r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? (\d{4})\]")
_ACCESS = re.compile(r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\]")
_EPOCH = re.compile(r'"(?:ts|time|timestamp|@timestamp)": ?(\d{9,10})(?:\.(\d{1,9})|(\d{3}))?\b')
_STAMP = re.compile(STAMP)


def read_stamp(line: str, reader: StampReader) -> Moment | None:
    """Return when a line was written, None where its start does not say."""
    start = line[:_SEARCHED_CHARACTERS]
    match = _STAMP.match(_plain(start) or start)
    return reader.read(match) if match else None


def _plain(start: str) -> str:
    """Return the time as `STAMP` knows it, "" where there is none but perhaps syslog's."""
    iso = _ISO.search(start)
    if iso is not None:
        year, month, day, clock, fraction, zone = iso.groups()
        return _iso(year, month, day, clock, fraction, "Z" if zone == "UTC" else zone)
    apache = _APACHE.search(start)
    if apache is not None:
        name, day, clock, fraction, year = apache.groups()
        return _iso(year, _month(name), day, clock, fraction, "")
    access = _ACCESS.search(start)
    if access is not None:
        day, name, year, clock, zone = access.groups()
        return _iso(year, _month(name), day, clock, "", zone)
    epoch = _EPOCH.search(start)
    return f"{epoch[1]}.{epoch[2] or epoch[3] or '0'}" if epoch else ""


def _month(name: str) -> str:
    return f"{MONTHS.get(name, 0):02d}"


def _iso(year: str, month: str, day: str, clock: str, fraction: str | None, zone: str | None) -> str:
    return f"{year}-{month}-{day}T{clock}{'.' + fraction if fraction else ''}{zone or ''}"
