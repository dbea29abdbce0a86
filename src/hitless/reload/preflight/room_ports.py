"""Source ports towards servers for one more generation.

Every connection to one server endpoint from one local address has a source port of its own, in TIME_WAIT too. While
old processes still have theirs, the next one opens as many anew as there are requests: up to as many as are established
now. Without a free port HAProxy answers 503 (termination state RC). A `source` line with ports of its own is not
judged.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from hitless.reload.preflight.room_finding import Fit, RoomFinding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hitless.subject import Subject

__all__ = ["judge_ports", "port_range_size", "server_ports"]

_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)
_WORTH_SAYING = 0.1
"""Destinations with less than this part of the range in use are not listed."""
_LISTED = 5
_SOURCE = "inet_diag, net.ipv4.ip_local_port_range"


def server_ports(subject: Subject) -> frozenset[int]:
    """Return the ports that servers are connected to over TCP."""
    return frozenset(
        server.address.port
        for proxy in subject.model.proxies
        if not proxy.disabled
        for server in proxy.servers
        if server.address.kind in {"ip", "name"} and server.address.port
    )


def port_range_size(local_range: str, reserved: str) -> int | None:
    """Return how many source ports there are: net.ipv4.ip_local_port_range without ip_local_reserved_ports.

    None where the kernel says something else.
    """
    words = local_range.split()
    if len(words) != 2 or not all(word.isascii() and word.isdigit() for word in words):
        return None
    low, high = map(int, words)
    taken: set[int] = set()
    for match in _RANGE.finditer(reserved):
        first = int(match[1])
        taken.update(range(max(first, low), min(int(match[2] or first), high) + 1))
    return max(0, high - low + 1 - len(taken))


def judge_ports(used: Mapping[tuple[str, str, bool], int], available: int | None) -> list[RoomFinding]:
    """Judge the fullest destinations. `used` counts sockets by local address, server endpoint, whether in TIME_WAIT."""
    if available is None:
        return [RoomFinding("source ports: the kernel does not say how many there are", Fit.FITS, _SOURCE)]
    waiting: Counter[tuple[str, str]] = Counter()
    connected: Counter[tuple[str, str]] = Counter()
    for (local, remote, in_time_wait), number in used.items():
        (waiting if in_time_wait else connected)[local, remote] += number
    totals = connected + waiting
    listed = [key for key, number in totals.most_common(_LISTED) if number > _WORTH_SAYING * available]
    found = [_judge(key, connected[key], waiting[key], available) for key in listed]
    return found or [_quiet(totals.values(), available)]


def _judge(key: tuple[str, str], connected: int, waiting: int, available: int) -> RoomFinding:
    local, remote = key
    text = f"source ports from {local} to {remote}: {connected} connected and {waiting} in TIME_WAIT of {available}"
    if connected + waiting >= available:
        return RoomFinding(f"{text}: none is left", Fit.DOES_NOT_FIT, _SOURCE)
    if 2 * connected + waiting > available:
        return RoomFinding(f"{text}: a second generation with as many does not fit", Fit.TIGHT, _SOURCE)
    return RoomFinding(text, Fit.FITS, _SOURCE)


def _quiet(numbers: Iterable[int], available: int) -> RoomFinding:
    return RoomFinding(
        f"source ports: at most {max(numbers, default=0)} of {available} towards one server",
        Fit.FITS,
        _SOURCE,
    )
