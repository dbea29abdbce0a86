"""What the kernel says about the bytes of its trace events: `format` files and the page header.

Offsets differ between kernels, so they are read and never assumed.

Source: Linux v6.18 kernel/trace/trace_events.c f_show(), ring_buffer.c ring_buffer_print_page_header().
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hitless.errors import EvidenceError

__all__ = ["TCP_STATES", "EventFormat", "Field", "PageFormat", "parse_event_format", "parse_page_format"]

_FIELD = re.compile(r"field:\s*([^;]+);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?")
_SYMBOLIC = re.compile(r"__print_symbolic\(REC->(\w+),((?:\s*\{[^{}]*\},?)*)\s*\)")
_PAIR = re.compile(r'\{\s*(-?\w+)\s*,\s*"([^"]*)"\s*\}')

TCP_STATES: Mapping[int, str] = {
    1: "TCP_ESTABLISHED",
    2: "TCP_SYN_SENT",
    3: "TCP_SYN_RECV",
    4: "TCP_FIN_WAIT1",
    5: "TCP_FIN_WAIT2",
    6: "TCP_TIME_WAIT",
    7: "TCP_CLOSE",
    8: "TCP_CLOSE_WAIT",
    9: "TCP_LAST_ACK",
    10: "TCP_LISTEN",
    11: "TCP_CLOSING",
    12: "TCP_NEW_SYN_RECV",
}
"""Linux v6.18 include/net/tcp_states.h; stable since 4.4. Some formats give the C names, not numbers."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field lies in an event's record. Units: bytes."""

    offset: int
    size: int
    signed: bool


@dataclass(frozen=True, slots=True)
class EventFormat:
    """One event: its number, its fields, and the names of the values that it prints symbolically."""

    name: str
    number: int
    fields: Mapping[str, Field]
    symbols: Mapping[str, Mapping[int, str]]

    def require(self, name: str, *sizes: int) -> Field:
        """Return a field that has one of these sizes. Raises: EvidenceError."""
        field = self.fields.get(name)
        if field is None or (sizes and field.size not in sizes):
            found = "is missing" if field is None else f"has {field.size} bytes"
            raise EvidenceError(
                f"trace event {self.name}: the field {name} {found}; this kernel is not known"
            )
        return field


@dataclass(frozen=True, slots=True)
class PageFormat:
    """The header of a page of the ring buffer. Units: bytes."""

    commit: Field
    data_offset: int
    page_size: int


def parse_event_format(text: str) -> EventFormat:
    """Return what a `format` file says. Raises: EvidenceError if it is none."""
    name = re.search(r"^name: (\S+)$", text, re.MULTILINE)
    number = re.search(r"^ID: (\d+)$", text, re.MULTILINE)
    fields = _parse_fields(text)
    if name is None or number is None or not fields:
        raise EvidenceError(f"not the format of a trace event: {text[:60]!r}")
    symbols = {field: _parse_symbols(pairs) for field, pairs in _SYMBOLIC.findall(text)}
    return EventFormat(name[1], int(number[1]), fields, symbols)


def parse_page_format(text: str) -> PageFormat:
    """Return what `events/header_page` says. Raises: EvidenceError if it is none."""
    fields = _parse_fields(text)
    try:
        commit, data = fields["commit"], fields["data"]
    except KeyError as error:
        raise EvidenceError(f"not the format of a trace page: {text[:60]!r}") from error
    return PageFormat(commit, data.offset, data.offset + data.size)


def _parse_fields(text: str) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for declaration, offset, size, signed in _FIELD.findall(text):
        name = declaration.split()[-1].lstrip("*").partition("[")[0]
        fields[name] = Field(int(offset), int(size), signed == "1")
    return fields


def _parse_symbols(pairs: str) -> dict[int, str]:
    """Return value to name; a value given by its C name is looked up among the TCP states."""
    states = {name: value for value, name in TCP_STATES.items()}
    symbols: dict[int, str] = {}
    for value, name in _PAIR.findall(pairs):
        if value.lstrip("-").isdecimal():
            symbols[int(value)] = name
        elif value in states:
            symbols[states[value]] = name
    return symbols
