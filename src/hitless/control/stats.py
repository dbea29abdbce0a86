"""What a process has counted for each frontend and backend: `show stat`, as values.

Source: HAProxy doc/management.txt section 9.1 and src/stats.c (2.2), src/stats-proxy.c (3.2); each column tried on 2.2,
2.6, 2.8, 3.0 and 3.2, which agree in those that are read here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from hitless.control.errors import NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.control.runtime_api import MasterCli, RuntimeApi

__all__ = ["SHOW_STAT", "ProxyCounters", "ask_stats", "ask_worker_stats", "parse_stats"]

SHOW_STAT = "show stat -1 3 -1"
"""All proxies, of each the frontend (1) and the backend (2), no servers: these are most of the lines."""

_FRONTEND, _BACKEND = "0", "1"
_COLUMNS = {
    "scur": "current_sessions",
    "stot": "sessions",
    "bin": "bytes_in",
    "bout": "bytes_out",
    "req_tot": "requests",
    "hrsp_1xx": "responses_1xx",
    "hrsp_2xx": "responses_2xx",
    "hrsp_3xx": "responses_3xx",
    "hrsp_4xx": "responses_4xx",
    "hrsp_5xx": "responses_5xx",
    "hrsp_other": "responses_other",
    "ereq": "request_errors",
    "dreq": "denied_requests",
    "econ": "connection_errors",
    "eresp": "response_errors",
    "conn_tot": "connections",
    "dcon": "denied_connections",
    "dses": "denied_sessions",
    "ttime": "average_time_ms",
    "ssl_failed_handshake": "failed_handshakes",
}
_NOT_EVERYWHERE = frozenset({"ssl_failed_handshake"})
"""From 2.4 on, where TLS is built in."""
_NAMES = ("# pxname", "svname", "type", "mode")
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCounters:
    """One line: a proxy's frontend, or its backend. Counts since the process started, or `clear counters`.

    A count that its side does not have (a frontend connects to no server) is 0.
    """

    proxy: str
    side: str
    """"frontend" or "backend"."""
    mode: str
    """"http", "tcp", …"""
    current_sessions: int = 0
    sessions: int = 0
    """Frontend: connections that got through TLS and `tcp-request connection`. Backend: requests or sessions sent to
    it, also those that no server could be found for."""
    bytes_in: int = 0
    bytes_out: int = 0
    requests: int = 0
    """HTTP. Frontend: begun. Backend: ended."""
    responses_1xx: int = 0
    responses_2xx: int = 0
    responses_3xx: int = 0
    responses_4xx: int = 0
    responses_5xx: int = 0
    responses_other: int = 0
    """Each is counted at the end of its response, HAProxy's own (503, 403, redirects) among them."""
    request_errors: int = 0
    denied_requests: int = 0
    """`http-request deny`, `tcp-request content reject`."""
    connection_errors: int = 0
    """Backend: requests or sessions, not tries, for which no connection to a server could be had."""
    response_errors: int = 0
    connections: int = 0
    """Frontend: all that were accepted, those that were denied or failed in TLS among them."""
    denied_connections: int = 0
    """`tcp-request connection reject`."""
    denied_sessions: int = 0
    average_time_ms: int = 0
    """Backend: over its last 1024 requests, from the first byte of the request to the end of the response."""
    failed_handshakes: int | None = None
    """TLS; None where this HAProxy does not say (2.2)."""

    @property
    def responses(self) -> int:
        """All responses that ended."""
        return (
            self.responses_1xx
            + self.responses_2xx
            + self.responses_3xx
            + self.responses_4xx
            + self.responses_5xx
            + self.responses_other
        )


def parse_stats(reply: str) -> tuple[ProxyCounters, ...]:
    """Read the CSV of `show stat`; lines of servers and listeners are passed over.

    A reply that was cut between two lines cannot be told from a whole one.
    Raises: NotUnderstood if a column is missing, a line is cut, a count is none, or a proxy comes twice.
    """
    try:
        header, *lines = csv.reader(reply.split("\n"), strict=True)
    except (csv.Error, ValueError) as error:
        raise NotUnderstood(f"`show stat` is not CSV: {error}", raw=reply) from error
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    missing = [name for name in (*_NAMES, *_COLUMNS) if name not in places and name not in _NOT_EVERYWHERE]
    if missing:
        raise NotUnderstood(f"`show stat` lacks {', '.join(missing)}", raw=reply)
    fields = {places[column]: name for column, name in _COLUMNS.items() if column in places}
    pick, kind = itemgetter(*fields), places["type"]
    rows: dict[tuple[str, str], ProxyCounters] = {}
    for line in lines:
        if len(line) != len(header):
            raise NotUnderstood(
                f"`show stat` has a line of {len(line)} columns, not {len(header)}", raw=reply
            )
        if line[kind] in {_FRONTEND, _BACKEND}:
            counts = dict(zip(fields.values(), map(_count, pick(line)), strict=True))
            row = ProxyCounters(
                proxy=line[places["# pxname"]],
                side="frontend" if line[kind] == _FRONTEND else "backend",
                mode=line[places["mode"]],
                **_known(counts, reply),
            )
            if rows.setdefault((row.proxy, row.side), row) is not row:
                raise NotUnderstood(f"`show stat` has the {row.side} of {row.proxy!r} twice", raw=reply)
    return tuple(rows.values())


def ask_stats(api: RuntimeApi, *, timeout_s: float = 5.0) -> tuple[ProxyCounters, ...]:
    """Return the counters of the process behind a stats socket.

    Raises: CouldNotAsk, WasRefused, NotUnderstood.
    """
    return parse_stats(api.ask(SHOW_STAT, timeout_s=timeout_s))


def ask_worker_stats(master: MasterCli, pid: int, *, timeout_s: float = 5.0) -> tuple[ProxyCounters, ...]:
    """Return the counters of one worker of a master, also of an old one.

    Raises: CouldNotAsk, WasRefused (no such process), NotUnderstood.
    """
    return parse_stats(master.ask_worker(pid, SHOW_STAT, timeout_s=timeout_s))


def _count(text: str) -> int | None:
    """Return a count; None if it is none."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _known(counts: Mapping[str, int | None], reply: str) -> dict[str, int]:
    known = {name: count for name, count in counts.items() if count is not None}
    if len(known) != len(counts):
        names = ", ".join(sorted(counts.keys() - known.keys()))
        raise NotUnderstood(f"`show stat` says what is no count for {names}", raw=reply)
    return known
