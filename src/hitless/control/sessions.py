"""What `show sess` says: one `SessionRow` for each session (stream), of 2.2 to 3.4.

The session of whoever asks, and those of other users of the CLI, are left out. Raises NotUnderstood, with the whole
answer, where a line is of a kind that no version writes: also where the answer was cut.

An idle keep-alive connection, and one whose request has not come whole, has no session since the multiplexers (tried on
2.2 to 3.2): HAProxy counts it (CurrConns, Jobs) and lists it nowhere.

Source: HAProxy 2.2, 2.6, 2.8 and 3.4 src/stream.c cli_io_handler_dump_sess(), stats_dump_full_strm_to_buffer();
src/tools.c human_time(); include/haproxy/channel-t.h AN_REQ_*, AN_RES_*; include/haproxy/stconn-t.h enum sc_state.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from hitless.control.errors import NotUnderstood
from hitless.drains import SessionState

__all__ = [
    "SessionDetail",
    "SessionRow",
    "believable_age_s",
    "parse_accept_times",
    "parse_session",
    "parse_sessions",
]

_CLI = "GLOBAL"
"""The proxy behind the runtime API."""
_NOT_FOUND = "Session not found."
_NONE = frozenset({"<NONE>", "<none>"})

_TIME = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_CHANNEL = r"\[f=[0-9a-f]+h,i=\d+,an=([0-9a-f]{1,8})h(?:,rx=([^,\]]*),wx=([^,\]]*))?,ax=([^,\]]*)\]"
_SIDE = r"=\[(\d{1,3}),[0-9a-f]+h,fd=(-?\d{1,10})(?:,r?ex=([^,\]]*))?(?:,wex=([^,\]]*))?\]"
_ROW = re.compile(
    r"(0x[0-9a-f]{1,16}): proto=(\S+)"
    r"(?: src=(\S+) fe=(\S+) be=(\S+) srv=(\S+))?"
    r" ts=[0-9a-f]+(?: epoch=\S+)? age=(\S+) calls=\d+ rate=\d+ cpu=\d+ lat=\d+"
    rf" rq{_CHANNEL} rp{_CHANNEL} (?:s0|scf){_SIDE} (?:s1|scb){_SIDE}"
    r" exp=\S*(?: rc=-?\d+ c_exp=(\S*))?(?: run\(nice=-?\d+\))?(?: uri=.*)?",
    re.ASCII,
)
_DETAIL = re.compile(
    r"(0x[0-9a-f]{1,16}): \[([^\]]{1,64})\] id=\d{1,20} proto=\S+(?: source=(\S+))?", re.ASCII
)
_ACCEPTED = re.compile(rf"^{_DETAIL.pattern}$", re.ASCII | re.MULTILINE)
_FRONTEND = re.compile(r"^  frontend=(\S+) \(id=-?\d+ mode=(\w+)\)", re.ASCII | re.MULTILINE)
_STATUS = re.compile(r"^  txn=.*\bstatus=(-?\d{1,5})\b", re.ASCII | re.MULTILINE)
_TASK_AGE = re.compile(r"^  task=.*\bage=([^ )]+)\)", re.ASCII | re.MULTILINE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d)\.(\d{6})", re.ASCII)

# Analysers that are at work before a request has a server, and those of HTTP behind it. Those of filters (which may
# stay as long as the session) and of TCP inspection do not tell.
_OF_REQUEST = 0x0000_3FBE
_TARPIT = 0x0000_0200
_REQUEST_BODY = 0x0000_8000
_AWAITS_RESPONSE = 0x0040_0000
_OF_RESPONSE = 0x0580_0000
_QUEUED = 2
_ROUNDING_S = 5.0
_ESTABLISHED = 8


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session.

    `age_s` is as HAProxy says it, in two units ("1d3h", so that an hour may be missing); None where it says "?".
    Whoever uses it asks `believable_age_s`.
    """

    id: str
    """What `shutdown session` takes: "0x7f…". An address of memory: another session may have it later."""
    protocol: str
    source: str
    """"ADDRESS:PORT" of the client (as a PROXY line says it), "unix:N", "" for a session of HAProxy's own."""
    frontend: str
    """"" for a session of HAProxy's own: of a peer, an SPOE agent, the HTTP client, Lua."""
    backend: str
    """"" where none has been chosen yet, and for a frontend that answers itself."""
    server: str
    age_s: int | None
    state: SessionState
    client_descriptor: int
    """-1: none. One of HTTP/2 carries many sessions."""
    server_descriptor: int
    expires_s: int | None
    """When its first timeout ends it, if nothing moves until then; None: it has none."""


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """What `show sess ID` says more."""

    id: str
    source: str
    frontend: str
    mode: str
    """"http" or "tcp"."""
    status: int | None
    """Of the response: 101 after an upgrade; None before one, and in mode tcp."""
    age_s: int | None


def parse_sessions(reply: str) -> tuple[SessionRow, ...]:
    """Read `show sess`.

    Raises: NotUnderstood
    """
    rows = []
    for line in reply.splitlines():
        if not line:
            continue
        match = _ROW.fullmatch(line)
        if match is None:
            raise NotUnderstood(f"`show sess` has a row of a kind not known: {line[:300]!r}", raw=reply)
        if match[4] != _CLI:
            rows.append(_row(match))
    return tuple(rows)


def believable_age_s(session: SessionRow | SessionDetail, process_age_s: float) -> int | None:
    """Return the age of a session of a process of that age, None where it cannot be: mode tcp of 2.8.25 says 57 years.

    Clocks of HAProxy's threads, and rounding, differ by some seconds.
    """
    age_s = session.age_s
    return age_s if age_s is not None and age_s <= process_age_s + _ROUNDING_S else None


def _row(match: re.Match[str]) -> SessionRow:
    identity, protocol, source, frontend, backend, server, age, *rest = match.groups()
    request, *request_times, response, r2, r3, r4, client_state, client_fd, c1, c2 = rest[:12]
    server_state, server_fd, s1, s2, connect_time = rest[12:]
    times = (*request_times, r2, r3, r4, c1, c2, s1, s2, connect_time)
    expiries = [0 if text == "?" else _seconds(text) for text in times if text]
    return SessionRow(
        id=identity,
        protocol=protocol,
        source=source or "",
        frontend=frontend or "",
        backend="" if backend is None or backend in _NONE else backend,
        server="" if server is None or server in _NONE else server,
        age_s=_seconds(age),
        state=_state(int(request, 16), int(response, 16), int(client_state), int(server_state)),
        client_descriptor=int(client_fd),
        server_descriptor=int(server_fd),
        expires_s=min((t for t in expiries if t is not None), default=None),
    )


def _state(request: int, response: int, client_state: int, server_state: int) -> SessionState:
    if request & _TARPIT:
        return SessionState.TARPIT
    if max(client_state, server_state) > _ESTABLISHED:
        return SessionState.CLOSING
    if server_state == _ESTABLISHED:
        if response & _AWAITS_RESPONSE:
            return SessionState.RESPONSE
        moving = request & (_OF_REQUEST | _REQUEST_BODY) or response & _OF_RESPONSE
        return SessionState.TRANSFER if moving else SessionState.TUNNEL
    if server_state == _QUEUED:
        return SessionState.QUEUE
    return SessionState.CONNECT if server_state else SessionState.REQUEST


def parse_session(reply: str) -> SessionDetail | None:
    """Read `show sess ID`; None if there is no such session (any more).

    Raises: NotUnderstood
    """
    if reply.startswith(_NOT_FOUND):
        return None
    head = _DETAIL.match(reply)
    frontend = _FRONTEND.search(reply)
    if head is None or frontend is None:
        raise NotUnderstood("`show sess ID` does not describe a session", raw=reply)
    status = _STATUS.search(reply)
    age = _TASK_AGE.search(reply)
    return SessionDetail(
        id=head[1],
        source=head[3] or "",
        frontend=frontend[1],
        mode=frontend[2],
        status=int(status[1]) if status and int(status[1]) > 0 else None,
        age_s=_seconds(age[1]) if age else None,
    )


def parse_accept_times(reply: str) -> dict[str, datetime]:
    """Return when each session of `show sess all` was accepted, in HAProxy's local time, the CLI's included.

    Raises: NotUnderstood if it names none: the one who asks is always there.
    """
    found = {match[1]: at for match in _ACCEPTED.finditer(reply) if (at := _local_time(match[2])) is not None}
    if not found:
        raise NotUnderstood("`show sess all` describes no session", raw=reply[:10_000])
    return found


def _local_time(text: str) -> datetime | None:
    match = _DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second, microsecond = match.groups()
    try:
        return datetime(  # noqa: DTZ001 - HAProxy does not say its time zone
            int(year),
            _MONTHS.index(match[2]) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            int(microsecond),
        )
    except ValueError:
        return None


def _seconds(text: str) -> int | None:
    """Return what human_time() wrote: "3h2m", "59s"; None for "?" and anything else."""
    match = _TIME.fullmatch(text)
    if match is None or not text:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
