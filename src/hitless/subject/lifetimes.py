"""How long an old process may live: its hard stop, the timeouts in force, and what uses tunnels.

A duration of 0 is no limit: HAProxy takes it as unset (2.8 src/haproxy.c and src/proxy.c, tick_isset()).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from hitless.facts import Role
from hitless.findings import Evidence
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hitless.config.model import Directive, Proxy, Timeout
    from hitless.facts import Process
    from hitless.subject import Subject

__all__ = [
    "DAY_S",
    "HOUR_S",
    "Limit",
    "backends_of",
    "failed_reload",
    "global_time",
    "hard_stop",
    "idle_between_requests",
    "old_processes",
    "spell",
    "successor",
    "suggested_hard_stop_s",
    "timeout_of",
    "tunnel_users",
]

HOUR_S = 3600.0
DAY_S = 86400.0
_LONGEST_S = 20 * DAY_S
"""A little less than HAProxy takes: 2147483647 ms, about 24.8 days (tried on 2.6.12 to 3.2.26)."""
_USUAL_HARD_STOP_S = 1800.0
_SUFFIXES = (("d", DAY_S), ("h", HOUR_S), ("m", 60.0), ("s", 1.0))


class Limit(NamedTuple):
    """A time that `global` sets, and its line. `seconds` is infinite for the word `infinite`."""

    seconds: float
    where: str
    text: str
    """The argument as written."""


def global_time(subject: Subject, keyword: str) -> Limit | None:
    """Return the time that the last line of `global` with this keyword sets; None without one that can be read."""
    lines = [d for d in subject.in_global(keyword) if len(d.words) > 1]
    if not lines:
        return None
    text = lines[-1].words[1]
    try:
        seconds = math.inf if text == "infinite" else parse_duration_s(text)
    except ValueError:
        return None
    return Limit(seconds, lines[-1].where, text)


def hard_stop(subject: Subject) -> Limit | None:
    """Return `hard-stop-after`; None where nothing ends an old process (HAProxy refuses `infinite` here)."""
    found = global_time(subject, "hard-stop-after")
    return found if found and 0 < found.seconds < math.inf else None


def timeout_of(proxy: Proxy, name: str) -> Timeout | None:
    """Return a timeout in force, None where it is missing or 0."""
    found = proxy.timeouts.get(name)
    return found if found and found.seconds else None


def idle_between_requests(frontend: Proxy) -> Timeout | None:
    """Return what bounds an idle keep-alive connection.

    Source: HAProxy 2.8 configuration.txt, `timeout http-keep-alive`: without it `timeout http-request` counts, without
    both `timeout client`.
    """
    names = ("http-keep-alive", "http-request", "client")
    return next((t for t in (timeout_of(frontend, n) for n in names) if t), None)


def backends_of(subject: Subject, frontend: Proxy) -> tuple[Proxy, ...]:
    """Return the proxies with servers that a frontend names, itself included if it is a `listen`."""
    lines = (*frontend.all("default_backend"), *frontend.all("use_backend"))
    names = dict.fromkeys(d.words[1] for d in lines if len(d.words) > 1)
    named = [subject.model.proxy(name) for name in names]
    return tuple(p for p in (frontend, *named) if p is not None and p.servers)


def tunnel_users(subject: Subject) -> Iterator[tuple[Proxy, Directive | None]]:
    """Yield the proxies that are made for WebSocket or other tunnels, with the line that says so.

    A `use_backend` whose condition tests for WebSocket or CONNECT says so, and `ws` on a server (then no line).
    An ACL alone does not: it may serve to refuse.
    """
    for proxy in subject.model.proxies:
        acls = {d.words[1] for d in proxy.all("acl") if len(d.words) > 2 and _tests_for_tunnel(d.words[2:])}
        for line in proxy.all("use_backend"):
            condition = line.words[2:]
            if _tests_for_tunnel(condition) or acls.intersection(condition):
                target = subject.model.proxy(line.words[1])
                yield target or proxy, line
        if proxy.mode == "http" and any(s.has("ws") for s in proxy.servers):
            yield proxy, None


def old_processes(subject: Subject) -> tuple[tuple[Process, float], ...]:
    """Return workers and classic processes of earlier generations, each with for how long (s) it has been replaced."""
    serving = [p for p in subject.processes if p.role in {Role.WORKER, Role.CLASSIC}]
    found = []
    for process in serving:
        if process.generation:
            after = successor(process, serving)
            found.append((process, after.age_s if after else 0.0))
    return tuple(found)


def successor(process: Process, processes: Iterable[Process]) -> Process | None:
    """Return who took over from a process, of those that are alive: the oldest of the later generations."""
    generation = process.generation
    if generation is None:
        return None
    later = [p for p in processes if p.generation is not None and p.generation < generation]
    return max((p for p in later if p.age_s <= process.age_s), key=lambda p: p.age_s, default=None)


def failed_reload(subject: Subject) -> Evidence | None:
    """Return what shows on the master's CLI that the last reload failed.

    Up to 2.4 it does not count; but the worker that serves on is then listed as an old one, and none as current
    (seen on 2.2.9).
    """
    master = subject.instance.master
    if master is None or master.may_be_cut:
        return None
    source = f"show proc on {master.socket}"
    if master.failed_reloads:
        return Evidence(text=f"{master.failed_reloads} failed reloads since the last good one", source=source)
    workers = [p for p in master.processes if p.kind == "worker"]
    if workers and all(p.old for p in workers):
        return Evidence(
            text=f"the serving worker {workers[-1].pid} stands under '# old workers'", source=source
        )
    return None


def suggested_hard_stop_s(subject: Subject) -> float:
    """Return a hard stop that cuts no request that the timeouts allow: 30 minutes, or the longest of them."""
    times = [
        t.seconds
        for p in subject.model.proxies
        if p.mode == "http"
        for t in (timeout_of(p, "server"), timeout_of(p, "queue"), timeout_of(p, "client"))
        if t and not math.isnan(t.seconds)
    ]
    return min(max([_USUAL_HARD_STOP_S, *times]), _LONGEST_S)


def spell(seconds: float) -> str:
    """Return a duration as it is written in a configuration, exact: "30m", "90s", "1500ms"."""
    if math.isinf(seconds):
        return "infinite"
    for suffix, unit in _SUFFIXES:
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f}{suffix}"
    return f"{seconds * 1000:.0f}ms"


def _tests_for_tunnel(words: tuple[str, ...]) -> bool:
    lower = [word.lower() for word in words]
    tests_upgrade = any("upgrade" in word and "hdr" in word for word in lower)
    values = {"websocket", "{websocket}"}
    asks_method = any(word in {"method", "meth_connect"} for word in lower)
    return (tests_upgrade and not values.isdisjoint(lower)) or (asks_method and "connect" in lower)
