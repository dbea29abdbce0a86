"""The generations of an instance, from what was seen of its processes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.drains import Generation, ListenerConnections, SessionGroup, SessionSeen, SessionState
from hitless.reload.drain.forecast import forecast
from hitless.reload.drain.why import find_reasons
from hitless.subject.endpoints import endpoints, text_of
from hitless.subject.lifetimes import successor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitless.control.sessions import SessionDetail
    from hitless.host.socket_activity import SocketActivity
    from hitless.reload.drain.process_facts import ProcessFacts, Session
    from hitless.subject import Subject

__all__ = ["describe_generations", "group_sessions", "kind_of", "seen"]

_OLDEST = 10
_MOST_LISTENERS = 50
_OWNERS_OF_CLIENTS = ("frontend ", "listen ")


def describe_generations(
    all_facts: Sequence[ProcessFacts],
    subject: Subject,
    *,
    changed_s: float | None,
    why_not_closable: str = "",
) -> tuple[Generation, ...]:
    """Return the processes as generations: the one that serves first, then the older ones, the newest of them first.

    Args:
        all_facts: What was seen of each process that carries traffic.
        subject: The instance, with the configuration that is on disk.
        changed_s: How long ago one of its files was changed last; None where nobody could see.
        why_not_closable: Why no session can be closed, where that is so of the whole instance.
    """
    owners = {text_of(e): e.owner for e in endpoints(subject) if e.owner.startswith(_OWNERS_OF_CLIENTS)}
    described = [
        _describe(facts, all_facts, subject, owners, changed_s, why_not_closable) for facts in all_facts
    ]
    return tuple(
        sorted(described, key=lambda g: (not g.current, -1 if g.number is None else g.number, g.age_s))
    )


def _describe(
    facts: ProcessFacts,
    all_facts: Sequence[ProcessFacts],
    subject: Subject,
    owners: dict[str, str],
    changed_s: float | None,
    why_not_closable: str,
) -> Generation:
    process, info = facts.process, facts.info
    draining_s, exact = _draining(facts, all_facts)
    groups = group_sessions(facts)
    listeners = _listeners(facts, owners)
    future = forecast(facts, subject, draining_s=draining_s, exact=exact, changed_s=changed_s)
    return Generation(
        pid=process.pid,
        number=process.generation,
        current=facts.current,
        version=info.version if info else process.version,
        age_s=process.age_s,
        reloads=facts.reloads,
        stopping=facts.stopping,
        draining_s=draining_s,
        draining_exact=exact,
        process_state=process.state,
        memory_bytes=process.resident_bytes,
        cpu_s=process.cpu_s,
        cpu_share=facts.cpu_share,
        descriptors=process.descriptors,
        descriptor_limit=process.descriptor_limit,
        connections=facts.connections,
        tcp_connections=process.connections,
        sessions=None if facts.sessions is None else len(facts.of_clients),
        groups=groups,
        oldest=tuple(seen(s) for s in sorted(facts.of_clients, key=lambda s: -(s.age_s or 0))[:_OLDEST]),
        listeners=listeners,
        why=() if facts.current else tuple(find_reasons(facts, groups, listeners, future, subject)),
        forecast=future,
        closable=facts.reachable and facts.sessions is not None,
        why_not_closable="" if facts.reachable else why_not_closable or facts.why_not_asked,
    )


def _draining(facts: ProcessFacts, all_facts: Sequence[ProcessFacts]) -> tuple[float | None, bool]:
    """Return since when a process has been replaced, and whether that is sure.

    Up to 3.0 the master tells the old worker to stop when it starts the new one; since 3.1 when the new one is ready,
    which says how long that took (BootTime_ms). Between two that live others may have come and gone: the reloads that
    both have seen tell, if none failed.
    """
    if not facts.process.generation:
        return None, False
    after = successor(facts.process, [f.process for f in all_facts])
    if after is None:
        return 0.0, False
    heir = next(f for f in all_facts if f.pid == after.pid)
    boot_s = 0.0
    if heir.info is not None and (heir.version or (0,)) >= (3, 1):
        boot_s = (heir.info.number("BootTime_ms") or 0) / 1000
    exact = None not in {facts.reloads, heir.reloads} and facts.reloads == (heir.reloads or 0) + 1
    return max(0.0, after.age_s - boot_s), exact


def group_sessions(facts: ProcessFacts) -> tuple[SessionGroup, ...]:
    """Return the sessions of clients by frontend, backend and state; the largest group first."""
    groups: dict[tuple[str, str, SessionState], list[Session]] = {}
    for session in facts.of_clients:
        row = session.row
        groups.setdefault((row.frontend, row.backend, row.state), []).append(session)
    return tuple(
        SessionGroup(
            frontend=frontend,
            backend=backend,
            state=state,
            count=len(members),
            kind=kind_of(facts.samples.get((frontend, backend), ())) if state is SessionState.TUNNEL else "",
            oldest_s=max(_known(s.age_s for s in members), default=None),
            youngest_s=min(_known(s.age_s for s in members), default=None),
            idle_longest_s=max(_known(s.idle_s for s in members), default=None),
            idle_shortest_s=min(_known(s.idle_s for s in members), default=None),
            without_timeout=sum(s.row.expires_s is None for s in members),
        )
        for (frontend, backend, state), members in sorted(
            groups.items(), key=lambda item: (-len(item[1]), item[0])
        )
    )


def kind_of(samples: Iterable[SessionDetail]) -> str:
    """Return what the tunnels are, by a sample of them; "" where it is not known or they differ."""
    kinds = {
        "TCP" if s.mode == "tcp" else "WebSocket" if s.status == 101 else "CONNECT" if s.status else ""
        for s in samples
    }
    return kinds.pop() if len(kinds) == 1 else ""


def seen(session: Session) -> SessionSeen:
    """Return a session as reports say it."""
    row = session.row
    return SessionSeen(
        id=row.id,
        source=row.source,
        frontend=row.frontend,
        backend=row.backend,
        server=row.server,
        state=row.state,
        age_s=session.age_s,
        idle_s=session.idle_s,
        expires_s=row.expires_s,
    )


def _listeners(facts: ProcessFacts, owners: dict[str, str]) -> tuple[ListenerConnections, ...]:
    """Return the connections of clients by listening address: those whose local side the configuration binds."""
    ports = {endpoint.rpartition(":")[2] for endpoint in owners}
    groups: dict[str, list[SocketActivity]] = {}
    for socket in facts.sockets or ():
        if socket.local.rpartition(":")[2] in ports:
            groups.setdefault(socket.local, []).append(socket)
    found = [
        ListenerConnections(
            endpoint=endpoint,
            owner=_owner(endpoint, owners),
            count=len(members),
            without_session=None
            if facts.sessions is None
            else sum(s.inode not in facts.session_sockets for s in members),
            half_closed=sum(s.half_closed for s in members),
            idle_longest_s=max(_known(s.idle_s for s in members), default=None),
            idle_shortest_s=min(_known(s.idle_s for s in members), default=None),
        )
        for endpoint, members in groups.items()
    ]
    return tuple(sorted(found, key=lambda c: (-c.count, c.endpoint))[:_MOST_LISTENERS])


def _owner(endpoint: str, owners: dict[str, str]) -> str:
    port = endpoint.rpartition(":")[2]
    wildcards = (f"0.0.0.0:{port}", f"[::]:{port}")
    return next((owners[e] for e in (endpoint, *wildcards) if e in owners), "")


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
