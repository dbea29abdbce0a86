"""The text of a line's slots as the fields of `Traffic`. Pure; nothing here raises on any text."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hitless.evidence.haproxy_log import client_endpoint
from hitless.explain.formats.aliases import Kind, without_json
from hitless.explain.formats.compile import Found, LineFormat, Slot
from hitless.explain.formats.json_lines import plain_values, read_object
from hitless.explain.formats.patterns import WITH_HEXADECIMAL

__all__ = ["LineFields", "field_arguments", "fill", "read_fields"]

_LONGEST_OTHER = 4096
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"\+?(-?\d{1,18})", re.ASCII)
_ENCODED = re.compile(r"#([0-9A-F]{2})")
_FLAGS_THAT_CHANGE = frozenset({"json", "E", "X", "Q"})
_GROW = frozenset({"sent_bytes", "timer.Ta", "timer.Tt", "timer.Tu"})
"""Numbers with a "+" where the line was logged before the end."""


@dataclass(slots=True)
class LineFields:
    """What one line says, by field: text as logged but for quotes and escapes, numbers as such."""

    text: dict[str, str] = field(default_factory=dict)
    timers_ms: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    other: dict[str, str] = field(default_factory=dict)
    early: bool = False
    redispatched: bool = False
    cut: bool = False

    def number(self, name: str) -> int:
        """Return a field as a number, -1 where it is none."""
        return _number(self.text.get(name, ""))

    @property
    def client(self) -> str:
        """The endpoint, as `Event.remote` is written; the address alone where the format has no port."""
        address, port = self.text.get("client_address", ""), self.text.get("client_port", "")
        if address in {"", "-"}:
            return ""
        if not port or port == "-":
            return address
        return client_endpoint(f"{address}:{port}") or f"{address}:{port}"

    @property
    def request(self) -> str:
        """The request line, put together where the format has its parts."""
        if "request" in self.text:
            return self.text["request"]
        uri = self.text.get("uri") or self.text.get("path", "") + self.text.get("query", "")
        return " ".join(part for part in (self.text.get("method"), uri, self.text.get("version")) if part)

    def captures(self, name: str) -> tuple[str, ...]:
        """Return captured headers, decoded; () where there are none."""
        logged = self.text.get(name, "")
        if not logged:
            return ()
        if logged.startswith("{"):
            parts = logged[1:].removesuffix("}").split("|")
        elif logged.startswith('"'):
            parts = logged[1:].removesuffix('"').split('" "')
        else:
            parts = logged.split(" ")
        return tuple(
            _ENCODED.sub(lambda m: chr(int(m[1], 16)), part) if "#" in part else part for part in parts
        )


def read_fields(line_format: LineFormat, message: str) -> LineFields | None:
    """Return what a message in this format says, None if it has another."""
    if line_format.encoding == "json":
        return _read_json(line_format, message)
    found = line_format.match(message)
    # syslog-ng may escape quotes (HAProxy 2.8 doc section 8.6).
    if (found is None or found.cut) and '\\"' in message:
        found = line_format.match(message.replace('\\"', '"')) or found
    if found is None:
        return None
    return _read(_plan(line_format), found)


@dataclass(slots=True)
class _Plan:
    """Where the plain fields of a format are, so that a line costs a few steps and not a few for each field."""

    texts: list[tuple[int, str]] = field(default_factory=list)
    timers: list[tuple[int, str]] = field(default_factory=list)
    counters: list[tuple[int, str]] = field(default_factory=list)
    growing: list[int] = field(default_factory=list)
    retries: list[int] = field(default_factory=list)
    rest: list[tuple[int, Slot]] = field(default_factory=list)
    """Those that need a look: with flags, optional ones, those for `other`."""


@cache
def _plan(line_format: LineFormat) -> _Plan:
    plan = _Plan()
    for number, slot in enumerate(line_format.slots):
        name, kind = slot.meaning.field, slot.meaning.kind
        group, _, member = name.partition(".")
        if not name or _is_changed(slot) or kind in {Kind.CAPTURES, Kind.CAPTURE_LIST}:
            plan.rest.append((number, slot))
            continue
        if name in _GROW:
            plan.growing.append(number)
        if name == "retries":
            plan.retries.append(number)
        if group == "timer":
            plan.timers.append((number, member))
        elif group == "counter":
            plan.counters.append((number, member))
        else:
            plan.texts.append((number, "frontend" if name == "frontend_tls" else name))
    return plan


def _read(plan: _Plan, found: Found) -> LineFields:
    values = _padded(found.values, plan) if found.cut else found.values
    fields = LineFields(
        {name: value for n, name in plan.texts if (value := values[n]) is not None},
        _numbers(plan.timers, values),
        _numbers(plan.counters, values),
        {},
        any((values[n] or "").startswith("+") for n in plan.growing),
        any((values[n] or "").startswith("+") for n in plan.retries),
        found.cut,
    )
    for n, slot in plan.rest:
        value = values[n]
        if value is not None and (value != "-" or slot.meaning.field):
            fill(fields, slot, _plain(slot, value))
    return fields


def _numbers(places: list[tuple[int, str]], values: Sequence[str | None]) -> dict[str, int]:
    try:
        return {name: int(values[n]) for n, name in places}  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return {name: _number(values[n] or "") for n, name in places}


def _padded(values: Sequence[str | None], plan: _Plan) -> tuple[str | None, ...]:
    """Return the values of a line that was cut, None for what is missing.

    What looks like cut captures may be the start of what follows them: it is left out.
    """
    last = len(values) - 1
    in_captures = any(n == last and s.meaning.kind is Kind.CAPTURES for n, s in plan.rest)
    most = 1 + max(
        (n for part in (plan.texts, plan.timers, plan.counters, plan.rest) for n, _ in part), default=0
    )
    kept = values[:last] if in_captures else values
    return (*kept, *[None] * (most - len(kept)))


def _read_json(line_format: LineFormat, message: str) -> LineFields | None:
    read = read_object(message)
    if read is None:
        return None
    slots = {slot.item.name: slot for slot in line_format.slots if slot.item.name}
    if not slots.keys() <= read.keys():
        return None
    fields = LineFields()
    for name, value in plain_values(read).items():
        if name in slots:
            fill(fields, slots[name], value)
        else:
            fields.other[name] = value[:_LONGEST_OTHER]
    return fields


def _plain(slot: Slot, value: str) -> str:
    flags = slot.item.flags
    if not _is_changed(slot):
        return value
    if slot.item.expression != without_json(slot.item.expression):
        read = read_object(f'{{"v":"{value}"}}')
        return plain_values(read)["v"] if read else value
    if "json" in flags:
        read = read_object(f'{{"v":{value or "null"}}}')
        return plain_values(read)["v"] if read else value
    if "E" in flags and "\\" in value:
        value = _ESCAPE.sub(r"\1", value)
    if "X" in flags:
        return _from_hexadecimal(slot, value)
    return "" if value == '""' else value


def _is_changed(slot: Slot) -> bool:
    """Return whether the text in a line is not the value itself."""
    expression = slot.item.expression
    return bool(slot.item.flags & _FLAGS_THAT_CHANGE) or expression != without_json(expression)


def _from_hexadecimal(slot: Slot, value: str) -> str:
    """Return what `%{+X}` writes as it is written without: addresses too."""
    kind = slot.meaning.kind
    try:
        if kind is Kind.ADDRESS and len(value) in {8, 32}:
            return str(ipaddress.ip_address(bytes.fromhex(value)))
        if kind in {Kind.PORT, Kind.UNIX_TIME} or slot.item.alias in WITH_HEXADECIMAL:
            return str(int(value, 16))
        if kind is Kind.MILLISECONDS:
            return f"{int(value, 16):03d}"
    except ValueError:
        pass  # "-", "unix": they stay as they are
    return value


def fill(fields: LineFields, slot: Slot, value: str) -> None:
    """Put the text of a slot where it belongs."""
    name = slot.meaning.field
    if not name:
        if value != "-":
            fields.other.setdefault(slot.label, value[:_LONGEST_OTHER])
        return
    group, _, member = name.partition(".")
    if value[:1] == "+":
        fields.early = fields.early or name in _GROW
        fields.redispatched = fields.redispatched or name == "retries"
    if group == "timer":
        fields.timers_ms[member] = _number(value)
    elif group == "counter":
        fields.counters[member] = _number(value)
    elif name == "frontend_tls":
        fields.text["frontend"] = value
    else:
        fields.text.setdefault(name, value)


def _number(value: str) -> int:
    if value.isdecimal() and len(value) < 19:
        return int(value)
    match = _NUMBER.fullmatch(value) if value else None
    return int(match[1]) if match else -1


def field_arguments(fields: LineFields) -> dict[str, Any]:
    """Return the fields as arguments of `Traffic`, but for its times and what stands before the message."""
    text = fields.text
    frontend = _named(text.get("frontend", ""))
    return {
        "client": fields.client,
        "frontend": frontend.removesuffix("~"),
        "tls": frontend.endswith("~"),
        "backend": _named(text.get("backend", "")),
        "server": _named(text.get("server", "")),
        "timers_ms": fields.timers_ms,
        "status": fields.number("status"),
        "sent_bytes": fields.number("sent_bytes"),
        "received_bytes": fields.number("received_bytes"),
        "early": fields.early,
        "termination": text.get("termination", ""),
        "counters": fields.counters,
        "retries": fields.number("retries"),
        "redispatched": fields.redispatched,
        "request": fields.request,
        "request_captures": fields.captures("request_captures"),
        "response_captures": fields.captures("response_captures"),
        "request_id": _named(text.get("request_id", "")),
        "error": text.get("error", ""),
        "other": fields.other,
        "cut": fields.cut,
    }


def _named(value: str) -> str:
    return "" if value == "-" else value
