"""What `show errors` of the runtime API prints: the last invalid request and response of each proxy. Pure.

Source: HAProxy 2.2 to 3.2 src/proxy.c cli_io_handler_show_errors(), src/mux_h1.c h1_show_error_snapshot(),
src/http_ana.c http_show_error_snapshot(); tried on 2.2, 2.6, 2.8, 3.0 and 3.2. Dates are in local time, without a zone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hitless.explain.formats.dates import parse_accepted
from hitless.explain.heads.wall_clock import WallClock
from hitless.explanations import FaultKind
from hitless.logged import Moment

__all__ = ["Malformed", "Snapshot", "Snapshots", "is_show_errors", "parse_show_errors"]

_TITLE = re.compile(r"\s*(?:> ?)?Total events captured on \[")
_RECORD = re.compile(
    r"\[(?P<date>[^\]]{1,64})\] (?P<side>frontend|backend) (?P<proxy>\S{1,256}) \(#-?\d+\) ?: "
    r"invalid (?P<message>request|response)",
    re.ASCII,
)
_OTHER_SIDE = re.compile(
    r"^  (?P<side>frontend|backend) (?P<proxy>\S{1,256}) \(#-?\d+\)", re.ASCII | re.MULTILINE
)
_SERVER = re.compile(r"\bserver (\S{1,256}) \(#-?\d+\)", re.ASCII)
_CLIENT = re.compile(r"\bsrc (\S{1,128})", re.ASCII)
_EVENT = re.compile(r"\bevent #(\d{1,10})", re.ASCII)
_EXTENT = re.compile(r"\blen (\d{1,10}), wraps at \d{1,10}, error at position (\d{1,10})", re.ASCII)
_STATE = re.compile(r"\bmsg state (MSG_\w{1,32})", re.ASCII)
_DUMP = re.compile(r"^  (\d{5,10})[ +] (.*)$", re.ASCII | re.MULTILINE)
_BYTE = re.compile(r"\\x[0-9A-Fa-f]{2}|\\.|.", re.DOTALL)
_NOBODY = "<NONE>"
_MOST_RECORDS = 10_000
_MOST_MALFORMED = 100
_PLACES = {
    "MSG_RQBEFORE": "before the request line",
    "MSG_RQMETH": "in the method",
    "MSG_RQURI": "in the URI",
    "MSG_RQVER": "in the version of the request line",
    "MSG_RQLINE": "at the end of the request line",
    "MSG_RPBEFORE": "before the status line",
    "MSG_RPVER": "in the version of the status line",
    "MSG_RPCODE": "in the status code",
    "MSG_RPREASON": "in the reason of the status line",
    "MSG_RPLINE": "at the end of the status line",
    "MSG_HDR_FIRST": "at the begin of a header",
    "MSG_HDR_NAME": "in a header's name",
    "MSG_HDR_COL": "at the colon of a header",
    "MSG_HDR_": "in a header's value",
    "MSG_LAST_LF": "at the end of the headers",
    "MSG_CHUNK_SIZE": "in the size of a chunk",
    "MSG_CHUNK_CRLF": "at the end of a chunk",
    "MSG_TRAILERS": "in the trailers",
    "MSG_DATA": "in the body",
}
"""By the begin of the state's name, the longer ones first. Source: include/haproxy/h1.h."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One message that HAProxy kept because it was invalid. `position` is the byte of it that was, of `size_bytes`."""

    at: Moment
    kind: FaultKind
    offset: int
    """Where the record begins, in bytes of the text."""
    frontend: str = ""
    backend: str = ""
    server: str = ""
    client: str = ""
    number: int = 0
    """HAProxy counts them from 0 on."""
    position: int = 0
    size_bytes: int = 0
    what: str = ""
    """Where in the message it was invalid, and by which byte."""
    line: str = ""
    """The line of the dump that has this byte, as HAProxy wrote it."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A part of the text that is no record, or a damaged one."""

    offset: int
    why: str


@dataclass(slots=True)
class Snapshots:
    """All that a text holds; the same record printed twice counts once."""

    found: list[Snapshot] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    malformed_count: int = 0

    def refuse(self, offset: int, why: str) -> None:
        """Count a part that is no record."""
        self.malformed_count += 1
        if len(self.malformed) < _MOST_MALFORMED:
            self.malformed.append(Malformed(offset, why))


def is_show_errors(start: bytes) -> bool:
    """Whether a text that begins so was printed by `show errors`."""
    return _TITLE.match(start[:256].decode("utf-8", "backslashreplace")) is not None


def parse_show_errors(data: bytes, clock: WallClock) -> Snapshots:
    """Return the records of a text, and what in it is none."""
    snapshots = Snapshots()
    seen: set[tuple[int, str, str, int]] = set()
    for offset, text in _records(data):
        if not text.startswith("["):
            if text.strip() and _TITLE.match(text) is None and text.strip() != ">":
                snapshots.refuse(offset, "text outside of a record")
            continue
        found = _read(text, offset, clock)
        if isinstance(found, str):
            snapshots.refuse(offset, found)
            continue
        key = (found.at.t_ns, found.frontend, found.backend, found.number)
        if key not in seen and len(seen) < _MOST_RECORDS:
            seen.add(key)
            snapshots.found.append(found)
            if (kept := _kept(text)) < found.size_bytes:
                snapshots.refuse(offset, f"cut: it has {kept} of the message's {found.size_bytes} bytes")
    return snapshots


def _records(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield offset and text of each part: a title, or a record, which begins with its date."""
    begin = 0
    for match in re.finditer(rb"(?m)^(?=\[|\s*(?:> ?)?Total events)", data):
        if match.start() > begin:
            yield begin, data[begin : match.start()].decode("utf-8", "backslashreplace")
        begin = match.start()
    yield begin, data[begin:].decode("utf-8", "backslashreplace")


def _read(text: str, offset: int, clock: WallClock) -> Snapshot | str:
    """Return a record, or what it lacks."""
    head = _RECORD.match(text)
    if head is None:
        return "no record of an invalid request or response"
    at = parse_accepted({"date": head["date"]}, clock)
    if at is None:
        return "its date is none"
    about, _, _ = text.partition("\n  \n")
    extent = _EXTENT.search(about)
    if extent is None:
        return "it does not say where the error is"
    sides = {head["side"]: head["proxy"]}
    other = _OTHER_SIDE.search(about)
    if other is not None:
        sides.setdefault(other["side"], other["proxy"])
    size_bytes, position = int(extent[1]), int(extent[2])
    line, byte = _place(text, position)
    request = head["message"] == "request"
    return Snapshot(
        at=at,
        kind=FaultKind.INVALID_REQUEST if request else FaultKind.INVALID_RESPONSE,
        offset=offset,
        frontend=_named(sides.get("frontend", "")),
        backend=_named(sides.get("backend", "")),
        server=_named(_first(_SERVER, about)),
        client=_first(_CLIENT, about),
        number=int(_first(_EVENT, about) or 0),
        position=position,
        size_bytes=size_bytes,
        what=_what(_first(_STATE, about), byte),
        line=line,
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match is not None else ""


def _named(name: str) -> str:
    return "" if name == _NOBODY else name


def _what(state: str, byte: str) -> str:
    place = next((words for name, words in _PLACES.items() if state.startswith(name)), "")
    return " ".join(part for part in (place, f'by "{byte}"' if byte else "") if part) or "at its end"


def _place(text: str, position: int) -> tuple[str, str]:
    """Return the line of the dump that has a byte of the message, and this byte as it is written there."""
    for match in _DUMP.finditer(text):
        within = position - int(match[1])
        if within < 0:
            break
        written: list[str] = _BYTE.findall(match[2])
        if within < len(written):
            return match[0].strip(), written[within]
    return "", ""


def _kept(text: str) -> int:
    """Return how many bytes of the message the dump has."""
    lines = list(_DUMP.finditer(text))
    return int(lines[-1][1]) + len(_BYTE.findall(lines[-1][2])) if lines else 0
