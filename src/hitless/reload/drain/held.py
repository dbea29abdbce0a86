"""What the clients of an old process hold it by: tunnels, requests, idle connections; and what ends each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.drains import Reason, WhyAlive
from hitless.findings import Evidence
from hitless.subject.lifetimes import global_time, idle_between_requests, spell, timeout_of
from hitless.units import format_age, format_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.config.model import Proxy, Timeout
    from hitless.drains import ListenerConnections, SessionGroup
    from hitless.reload.drain.process_facts import ProcessFacts
    from hitless.subject import Subject

__all__ = ["about_requests", "about_tunnels", "connections_held", "idle_connections"]

_IDLE_CLOSE = "idle-close-on-response"
_CLOSES_IDLE = (2, 4, 0)
"""Since then a soft stop closes idle keep-alive connections (measured on 2.2 to 3.4)."""
_MOST = 4


def about_tunnels(facts: ProcessFacts, group: SessionGroup, subject: Subject) -> Reason:
    """Return what one group of tunnels means: bytes pass, so that nothing of HTTP ends it."""
    end, hint = _end_of_tunnel(group, subject)
    count = format_count(group.count)
    name = f"{group.kind or 'tunnel'}{' session' if group.kind in {'TCP', 'WebSocket'} else ''}"
    plural = "s" if group.count != 1 else ""
    samples = facts.samples.get((group.frontend, group.backend), ())
    evidence = [
        Evidence(
            text=f"{count} session{plural} without a request or response under way{_ages(group)}",
            source=f"show sess, {facts.asked}",
        )
    ]
    if samples:
        said = sorted({f"mode {s.mode}" + (f", status {s.status}" if s.status else "") for s in samples})
        evidence.append(
            Evidence(text=f"{len(samples)} of them: {'; '.join(said)}", source=f"show sess ID, {facts.asked}")
        )
    if group.idle_longest_s is not None and group.idle_shortest_s is not None:
        evidence.append(
            Evidence(
                text=f"silent for {format_age(group.idle_shortest_s)} to {format_age(group.idle_longest_s)}",
                source="inet_diag (tcp_info)",
            )
        )
    return Reason(
        why=WhyAlive.TUNNELS,
        text=f"{count} {name}{plural} of {_where(group)}: {end}",
        hint=hint,
        evidence=tuple(evidence),
    )


def _end_of_tunnel(group: SessionGroup, subject: Subject) -> tuple[str, str]:
    backend = subject.model.proxy(group.backend) if group.backend else None
    tunnel = timeout_of(backend, "tunnel") if backend else None
    if tunnel is not None:
        silence = f"{spell(tunnel.seconds)} of silence (`timeout tunnel`, {tunnel.where})"
        return f"each lasts until an end leaves, or for {silence}", ""
    hint = "`timeout tunnel` bounds the silent ones, `hard-stop-after` all"
    if group.without_timeout == group.count:
        return "no timeout ends them, each lasts until an end leaves", hint
    sides = [t for t in _sides(group, backend, subject) if t is not None]
    shortest = min(sides, key=lambda t: t.seconds, default=None)
    bound = f" of {spell(shortest.seconds)}" if shortest else ""
    return (
        f"no `timeout tunnel`, each lasts until an end leaves or is silent for its client or server timeout{bound}",
        hint,
    )


def _sides(group: SessionGroup, backend: Proxy | None, subject: Subject) -> Iterator[Timeout | None]:
    frontend = next((p for p in subject.frontends if p.name == group.frontend), None)
    if frontend is not None:
        yield timeout_of(frontend, "client")
    if backend is not None:
        yield timeout_of(backend, "server")


def about_requests(facts: ProcessFacts, groups: Sequence[SessionGroup]) -> Iterator[Reason]:
    """Yield what its requests in flight mean, all together: they end by themselves."""
    requests = [g for g in groups if g.state.is_request]
    total = sum(g.count for g in requests)
    if not total:
        return
    states: dict[str, int] = {}
    for group in requests:
        states[group.state] = states.get(group.state, 0) + group.count
    listed = ", ".join(
        f"{format_count(n)} {state}" for state, n in sorted(states.items(), key=lambda i: -i[1])
    )
    of = sorted({g.frontend for g in requests})
    names = ", ".join(of[:_MOST]) + (f" and {len(of) - _MOST} more" if len(of) > _MOST else "")
    oldest_s = max((g.oldest_s for g in requests if g.oldest_s is not None), default=None)
    yield Reason(
        why=WhyAlive.REQUESTS,
        text=f"{format_count(total)} request{'s' if total != 1 else ''} in flight of {names} ({listed}): "
        "they end when they are answered",
        evidence=(
            Evidence(
                text="the oldest since " + format_age(oldest_s) if oldest_s is not None else listed,
                source=f"show sess, {facts.asked}",
            ),
        ),
    )


def idle_connections(
    facts: ProcessFacts, listeners: Sequence[ListenerConnections], subject: Subject
) -> Iterator[Reason]:
    """Yield why connections of clients without a request are still open."""
    count = facts.without_session
    if not count:
        return
    many = f"{format_count(count)} connection{'s' if count != 1 else ''} of clients without a request"
    text, end = _why_idle(facts, subject)
    evidence = [
        Evidence(
            text=f"CurrConns: {facts.connections}, and sessions on {(facts.connections or 0) - count} of them",
            source=f"show info, show sess, {facts.asked}",
        )
    ]
    for listener in [c for c in listeners if c.without_session][:_MOST]:
        idle = (
            ""
            if listener.idle_longest_s is None
            else f", silent for up to {format_age(listener.idle_longest_s)}"
        )
        evidence.append(
            Evidence(
                text=f"{listener.without_session} on {listener.endpoint} ({listener.owner}){idle}",
                source="inet_diag",
            )
        )
    yield Reason(
        why=WhyAlive.IDLE_CONNECTIONS,
        text=f"{many}: {text}",
        hint=f"no command of HAProxy closes them; {end}",
        evidence=tuple(evidence),
    )


def _why_idle(facts: ProcessFacts, subject: Subject) -> tuple[str, str]:
    """Return why they are kept, and what ends them."""
    keeping = [p for p in subject.frontends if _IDLE_CLOSE in p.options]
    end = "they go with their next request, or when their client leaves"
    timeouts = [t for t in (idle_between_requests(p) for p in keeping or subject.frontends) if t is not None]
    if timeouts:
        longest = max(timeouts, key=lambda t: t.seconds)
        end += f", or after {spell(longest.seconds)} of silence ({longest.where})"
    if keeping:
        option = keeping[0].options[_IDLE_CLOSE]
        return f"`option {_IDLE_CLOSE}` ({option.where}) keeps them until their next request", end
    spread = global_time(subject, "close-spread-time")
    if spread is not None:
        return f"`close-spread-time {spread.text}` ({spread.where}) closes them little by little", end
    version = facts.version or subject.version
    if version is not None and version < _CLOSES_IDLE:
        return "HAProxy before 2.4 leaves idle connections open when it stops", end
    return "they have not sent a whole request yet, or are just being closed", end


def connections_held(facts: ProcessFacts, listeners: Sequence[ListenerConnections]) -> Iterator[Reason]:
    """Yield what the kernel says of the connections, where HAProxy cannot be asked for sessions."""
    for listener in listeners[:_MOST]:
        idle = ""
        if listener.idle_longest_s is not None and listener.idle_shortest_s is not None:
            idle = f", silent for {format_age(listener.idle_shortest_s)} to {format_age(listener.idle_longest_s)}"
        yield Reason(
            why=WhyAlive.CONNECTIONS,
            text=f"{format_count(listener.count)} connection{'s' if listener.count != 1 else ''} of clients on "
            f"{listener.endpoint}"
            f"{f' ({listener.owner})' if listener.owner else ''}{idle}",
            evidence=(
                Evidence(
                    text=f"{listener.count} established sockets of process {facts.pid}", source="inet_diag"
                ),
            ),
        )
    if not listeners and facts.process.connections:
        yield Reason(
            why=WhyAlive.CONNECTIONS,
            text=f"{format_count(facts.process.connections)} TCP connections, none of them on an address that the "
            "configuration on disk binds",
            evidence=(
                Evidence(text=f"established sockets of process {facts.pid}", source="inet_diag, /proc"),
            ),
        )


def _ages(group: SessionGroup) -> str:
    if group.oldest_s is None or group.youngest_s is None:
        return ""
    return f", {format_age(group.youngest_s)} to {format_age(group.oldest_s)} old"


def _where(group: SessionGroup) -> str:
    backend = f" (backend {group.backend})" if group.backend and group.backend != group.frontend else ""
    return f"frontend {group.frontend}{backend}"
