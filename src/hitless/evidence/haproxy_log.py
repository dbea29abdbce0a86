"""HAProxy's lines: what it logs about connections and requests, and what it says about itself.

Clients write into these lines what they like. Nothing here raises on any bytes; what is not understood is
kept as it is. The formats are those of `option httplog`, `httpslog`, `tcplog`, no option at all, and
connection errors, with or without a syslog header.

Source: HAProxy 2.8 doc/configuration.txt sections 8.2 (formats) and 8.5 (session state at disconnection);
RFC 3164 section 4.1, RFC 5424 section 6.
"""

import ipaddress
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from hitless.evidence.haproxy_messages import MessageKind, classify_message
from hitless.records import Event, EventKind

__all__ = ["ConnectionLine", "ProcessMessage", "UnknownLine", "client_endpoint", "parse_line", "to_event"]

_MAX_LINE_SIZE_BYTES = 16 * 1024
_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

_PRIORITY = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(r"1 \S+ \S+ \S+ (\d+|-) \S+ (?:-|\[[^\]]*\]) ?\ufeff?")
_RFC3164 = re.compile(
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?:\S+ )?[^\s\[]+\[(\d+)\]: "
)
_STDERR = re.compile(r"\[(ALERT|WARNING|NOTICE|DIAG)\]\s+(?:\d{3}/\d{6} )?\((\d{1,10})\) : (.*)", re.DOTALL)

_CLIENT = r"(?P<client>\S+:\d{1,5}) \[(?P<accepted>[^\]]{1,40})\] (?P<frontend>[^\s/~]+)"
_WHERE = r"(?P<tls>~?) (?P<backend>[^\s/]+)/(?P<server>\S+) "
_COUNTS = r"(?P<connections>\d+/\d+/\d+/\d+/\+?\d+) \d+/\d+"
_HTTP = re.compile(
    _CLIENT
    + _WHERE
    + r"(?P<timers>-?\d+/-?\d+/-?\d+/-?\d+/\+?-?\d+) (?P<status>-?\d{1,3}) \+?(?P<bytes>\d+) "
    r"\S+ \S+ (?P<termination>\S{4}) " + _COUNTS + r"(?P<rest>.*)",
    re.DOTALL,
)
_TCP = re.compile(
    _CLIENT + _WHERE + r"(?P<timers>-?\d+/-?\d+/\+?-?\d+) \+?(?P<bytes>\d+) (?P<termination>\S\S) " + _COUNTS
)
_ERROR = re.compile(_CLIENT + r"(?P<tls>~?)/(?P<bind>\S+): (?P<rest>.*)", re.DOTALL)
_CONNECT = re.compile(r"Connect from (?P<client>\S+:\d{1,5}) to \S+ \((?P<frontend>[^\s/()]+)/\S+\)")


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """A line about one connection or request. What its format does not have is empty or -1.

    Units: `timers_ms` are milliseconds, -1 for a phase that was not reached: Tw/Tc/Tt of tcp,
    TR/Tw/Tc/Tr/Ta of http.
    """

    text: str
    pid: int
    client: str
    """The client's endpoint, as `Event.remote` is written."""
    frontend: str
    accepted: str = ""
    """The date as logged, in HAProxy's time zone: "22/Nov/2026:13:50:08.123"."""
    tls: bool = False
    backend: str = ""
    server: str = ""
    timers_ms: tuple[int, ...] = ()
    status: int = -1
    sent_bytes: int = -1
    termination: str = ""
    """Who ended the session and in which phase: "SC--", "KH--", "--"."""
    request: str = ""
    """The request line as logged, of an HTTP format."""
    error: str = ""
    """What went wrong before there was a session, e.g. "SSL handshake failure"."""


@dataclass(frozen=True, slots=True)
class ProcessMessage:
    """A line in which a process speaks of itself."""

    text: str
    pid: int
    level: str
    """"alert", "warning", "notice", …; "" where the line does not say."""
    kind: MessageKind
    subject: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class UnknownLine:
    """A line in a format that is not known here (a `log-format` of the user's, or garbage)."""

    text: str
    pid: int = 0


def parse_line(raw: bytes) -> ConnectionLine | ProcessMessage | UnknownLine:
    """Return what a line says. Never raises."""
    text = raw[:_MAX_LINE_SIZE_BYTES].decode("utf-8", "backslashreplace").rstrip("\r\n\0")
    stderr = _STDERR.match(text)
    if stderr is not None:
        kind, subject, number = classify_message(stderr[3])
        return ProcessMessage(stderr[3], int(stderr[2]), stderr[1].lower(), kind, subject, number)
    level, pid, message = _split_header(text)
    connection = _parse_connection(message)
    if connection is not None:
        return replace(connection, text=message, pid=pid)
    kind, subject, number = classify_message(message)
    if kind is MessageKind.OTHER:
        return UnknownLine(message, pid)
    return ProcessMessage(message, pid, level, kind, subject, number)


def to_event(t_ns: int, raw: bytes) -> Event:
    """Return a line that came at `t_ns` as an event.

    LOG_LINE: `remote` the client, `state` the termination state, `reason` the frontend, `number` the status.
    HAPROXY_MESSAGE: `state` the level, `reason` its kind, `local` whom it names, `number` its number.
    """
    line = parse_line(raw)
    match line:
        case ConnectionLine():
            return Event(
                t_ns=t_ns,
                kind=EventKind.LOG_LINE,
                pid=line.pid,
                remote=line.client,
                state=line.termination,
                reason=line.frontend,
                number=max(0, line.status),
                text=line.text,
            )
        case ProcessMessage():
            return Event(
                t_ns=t_ns,
                kind=EventKind.HAPROXY_MESSAGE,
                pid=line.pid,
                state=line.level,
                reason=line.kind.value,
                local=line.subject,
                number=line.number,
                text=line.text,
            )
        case UnknownLine():
            return Event(t_ns=t_ns, kind=EventKind.LOG_LINE, pid=line.pid, text=line.text)


def _split_header(text: str) -> tuple[str, int, str]:
    """Return level, pid and message of a line with or without a syslog header."""
    level = ""
    priority = _PRIORITY.match(text)
    if priority is not None:
        level = _LEVELS[int(priority[1]) & 7]
        text = text[priority.end() :]
    header = _RFC5424.match(text) or _RFC3164.match(text)
    if header is None:
        return level, 0, text
    pid = int(header[1][:10]) if header[1] != "-" else 0
    return level, pid, text[header.end() :]


def _parse_connection(message: str) -> ConnectionLine | None:
    matches = (pattern.match(message) for pattern in (_HTTP, _TCP, _ERROR, _CONNECT))
    match = next(filter(None, matches), None)
    if match is None:
        return None
    groups = match.groupdict()
    client = client_endpoint(match["client"])
    if not client:
        return None
    rest = groups.get("rest") or ""
    return ConnectionLine(
        text="",
        pid=0,
        client=client,
        frontend=match["frontend"],
        accepted=groups.get("accepted") or "",
        tls=groups.get("tls") == "~",
        backend=groups.get("backend") or "",
        server=groups.get("server") or "",
        timers_ms=tuple(_number(word) for word in (groups.get("timers") or "").split("/") if word),
        status=_number(groups.get("status") or "-1"),
        sent_bytes=_number(groups.get("bytes") or "-1"),
        termination=groups.get("termination") or "",
        request="" if "bind" in groups else _request(rest),
        error=rest if "bind" in groups else "",
    )


def _request(rest: str) -> str:
    """Return what stands in quotes; a request that is too long is cut by HAProxy, with its closing quote."""
    first, last = rest.find('"'), rest.rfind('"')
    return rest[first + 1 : last if last > first else None] if first >= 0 else ""


def _number(word: str) -> int:
    return int(word.lstrip("+")[:18])


def client_endpoint(logged: str) -> str:
    """Return "[2001:db8::1]:80" for "2001:db8::1:80", "192.0.2.1:80" for "::ffff:192.0.2.1:80"; "" for neither."""
    address, _, port = logged.rpartition(":")
    if address == "unix":
        return logged
    host = _host(address)
    return f"{host}:{port}" if host else ""


@lru_cache(maxsize=65536)
def _host(address: str) -> str:
    """Return an IP address as an endpoint has it, "" for what is none. Clients come again: it is kept."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped) if ip.ipv4_mapped is not None else f"[{ip}]"
    return str(ip)
