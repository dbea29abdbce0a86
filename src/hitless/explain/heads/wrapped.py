"""Lines that a program wrapped in JSON: journald's (`journalctl -o json`), and those of container runtimes.

Source: systemd.journal-fields(7) and the Journal JSON Format of systemd 252; Docker's json-file driver (moby 24
daemon/logger/jsonfilelog).
"""

from dataclasses import dataclass

import msgspec

from hitless.explain.heads.stamps import parse_iso
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


_JOURNAL = msgspec.json.Decoder(_Journal)
_DOCKER = msgspec.json.Decoder(_Docker)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What was in the wrapping: a line of text (with or without a head of its own), and what the wrapping knew."""

    text: str
    moment: Moment | None
    host: str = ""
    program: str = ""
    pid: int = 0
    level: str = ""


def unwrap(raw: bytes, clock: WallClock) -> Wrapped | None:
    """Return what a line of JSON holds, None for a line that is no such wrapping."""
    if raw[:1] != b"{":
        return None
    if b'"__REALTIME_TIMESTAMP"' in raw:
        return _from_journal(raw)
    if b'"log"' in raw and b'"time"' in raw:
        return _from_docker(raw, clock)
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
