"""Lines that a program wrapped in JSON: journald's (`journalctl -o json`), container runtimes', log shippers'.

Source: systemd.journal-fields(7) and the Journal JSON Format of systemd 252; Docker's json-file driver (moby 24
daemon/logger/jsonfilelog); the Elastic Common Schema 8 (Filebeat, Logstash: `message`, `@timestamp`), Vector's syslog
source (`message`, `timestamp`, `appname`, `procid`), Fluent Bit's and Fluentd's (`message`, `ident`, `pid`).
"""

import re
from dataclasses import dataclass

import msgspec

from hitless.explain.heads.stamps import STAMP, parse_iso
from hitless.explain.heads.wall_clock import WallClock
from hitless.logged import Clock, Moment
from hitless.units import NANOSECONDS_PER_MICROSECOND

__all__ = ["Wrapped", "unwrap"]

_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


class _Journal(msgspec.Struct):
    message: str | list[int | str] | None = msgspec.field(name="MESSAGE")
    received: str = msgspec.field(name="__REALTIME_TIMESTAMP")
    source_time: str | list[str] = msgspec.field(name="_SOURCE_REALTIME_TIMESTAMP", default="")
    host: str | list[str] = msgspec.field(name="_HOSTNAME", default="")
    identifier: str | list[str] = msgspec.field(name="SYSLOG_IDENTIFIER", default="")
    command: str | list[str] = msgspec.field(name="_COMM", default="")
    syslog_pid: str | list[str] = msgspec.field(name="SYSLOG_PID", default="")
    pid: str | list[str] = msgspec.field(name="_PID", default="")
    priority: str | list[str] = msgspec.field(name="PRIORITY", default="")


class _Docker(msgspec.Struct):
    log: str
    time: str
    stream: str = ""


class _Shipped(msgspec.Struct):
    message: str
    at: str = msgspec.field(name="@timestamp", default="")
    timestamp: str = ""
    time: str = ""
    host: str | dict[str, object] = ""
    hostname: str = ""
    appname: str = ""
    ident: str = ""
    program: str = ""
    procid: str | int = ""
    pid: str | int = ""
    status: object = None
    """It is no wrapping then, but traffic in JSON that has a message too."""


_JOURNAL = msgspec.json.Decoder(_Journal)
_DOCKER = msgspec.json.Decoder(_Docker)
_SHIPPED = msgspec.json.Decoder(_Shipped)
_STAMPED = re.compile(r"(?:<\d{1,3}>)?(?:1 )?" + STAMP)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What was in the wrapping: a line of text (with or without a head of its own), and what the wrapping knew."""

    text: str
    moment: Moment | None
    host: str = ""
    program: str = ""
    pid: int = 0
    level: str = ""
    stamped: bool = False
    """The text is a line with a stamp of its own, which is nearer to what happened: `moment` is None."""


def unwrap(raw: bytes, clock: WallClock) -> Wrapped | None:
    """Return what a line of JSON holds, None for a line that is no such wrapping."""
    if raw[:1] != b"{":
        return None
    if b'"__REALTIME_TIMESTAMP"' in raw:
        return _from_journal(raw)
    if b'"log"' in raw and b'"time"' in raw:
        return _from_docker(raw, clock)
    if b'"message"' in raw:
        return _from_shipper(raw, clock)
    return None


def _from_journal(raw: bytes) -> Wrapped | None:
    try:
        found = _JOURNAL.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # The time at which it was sent, where journald was told; else at which it was received.
    stamp = _first(found.source_time) or found.received
    micros = int(stamp) if stamp.isdecimal() and len(stamp) < 18 else -1
    moment = Moment(
        t_ns=micros * NANOSECONDS_PER_MICROSECOND,
        error_ns=NANOSECONDS_PER_MICROSECOND,
        clock=Clock.JOURNAL,
    )
    pid = _first(found.syslog_pid) or _first(found.pid)
    level = _first(found.priority)
    return Wrapped(
        _text(found.message),
        moment if micros >= 0 else None,
        _first(found.host),
        _first(found.identifier) or _first(found.command),
        int(pid[:10]) if pid.isdecimal() else 0,
        _LEVELS[int(level) & 7] if level.isdecimal() and len(level) < 4 else "",
    )


def _from_docker(raw: bytes, clock: WallClock) -> Wrapped | None:
    try:
        found = _DOCKER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    moment = parse_iso(found.time, clock)
    if moment is not None:
        moment = msgspec.structs.replace(moment, clock=Clock.CONTAINER)
    return Wrapped(found.log.rstrip("\r\n"), moment)


def _from_shipper(raw: bytes, clock: WallClock) -> Wrapped | None:
    try:
        found = _SHIPPED.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if found.status is not None:
        return None
    text = found.message.rstrip("\r\n")
    if _STAMPED.match(text):
        return Wrapped(text, None, stamped=True)
    moment = parse_iso(found.at or found.timestamp or found.time, clock)
    if moment is None:
        return None
    pid = str(found.procid or found.pid)
    return Wrapped(
        text,
        msgspec.structs.replace(moment, clock=Clock.CONTAINER),
        found.host if isinstance(found.host, str) else found.hostname,
        found.appname or found.ident or found.program,
        int(pid[:10]) if pid.isdecimal() else 0,
    )


def _text(message: str | list[int | str] | None) -> str:
    """Return the message; journald writes one that is no UTF-8 as a list of its bytes, a field set twice as a list."""
    if isinstance(message, str):
        return message
    if not message:
        return ""
    if isinstance(message[0], str):
        return str(message[0])
    return bytes(b & 0xFF for b in message if isinstance(b, int)).decode("utf-8", "backslashreplace")


def _first(value: str | list[str]) -> str:
    return value if isinstance(value, str) else next(iter(value), "")
