"""Why an old process is alive: each reason with the observation behind it. Pure.

What holds its clients comes first, then what holds the process itself, then what lets it last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.drains import Reason, SessionState, WhyAlive
from hitless.findings import Evidence
from hitless.reload.drain.held import about_requests, about_tunnels, connections_held, idle_connections
from hitless.units import format_age

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.drains import Forecast, ListenerConnections, SessionGroup
    from hitless.reload.drain.process_facts import ProcessFacts
    from hitless.subject import Subject

__all__ = ["find_reasons"]

_OVERDUE_S = 5.0
"""At the hard stop HAProxy closes everything and gives its tasks another second (2.8 src/haproxy.c)."""
_SPINNING = 0.8
_FEW_SESSIONS = 50


def find_reasons(
    facts: ProcessFacts,
    groups: Sequence[SessionGroup],
    listeners: Sequence[ListenerConnections],
    forecast: Forecast | None,
    subject: Subject,
) -> Iterator[Reason]:
    """Yield the reasons why a process that does not serve now is alive.

    `groups` and `listeners` are what `facts` hold of sessions and connections; `forecast` is None where no reload has
    replaced it.
    """
    if facts.process.generation is None:
        yield _initialising(facts)
        return
    if facts.stopping is False:
        yield _not_stopping(facts)
    if facts.sessions is None:
        yield _not_asked(facts)
        yield from connections_held(facts, listeners)
    else:
        for group in groups:
            if group.state is SessionState.TUNNEL:
                yield about_tunnels(facts, group, subject)
        yield from about_requests(facts, groups)
        yield from idle_connections(facts, listeners, subject)
        yield from _half_closed(listeners)
    yield from _own_business(facts)
    yield from _condition(facts)
    if forecast is not None:
        yield from _bound(forecast)


def _initialising(facts: ProcessFacts) -> Reason:
    return Reason(
        why=WhyAlive.INITIALISING,
        text="it loads its configuration and does not serve yet",
        evidence=(
            Evidence(
                text=f"started {format_age(facts.process.age_s)} ago, holds no listening socket",
                source=f"/proc/{facts.pid}/fd, inet_diag",
            ),
        ),
    )


def _not_stopping(facts: ProcessFacts) -> Reason:
    inodes = facts.process.listening_inodes or ()
    return Reason(
        why=WhyAlive.NOT_STOPPING,
        text="it has been replaced, but nobody has told it to stop"
        + (": it still listens and takes connections, with its old configuration" if inodes else ""),
        hint=f"kill -USR1 {facts.pid} lets it finish its sessions and leave",
        evidence=(
            Evidence(text="Stopping: 0", source=f"show info, {facts.asked}"),
            Evidence(text=f"{len(inodes)} listening sockets", source=f"/proc/{facts.pid}/fd, inet_diag"),
        ),
    )


def _not_asked(facts: ProcessFacts) -> Reason:
    return Reason(why=WhyAlive.NOT_ASKED, text=f"its sessions are not known: {facts.why_not_asked}")


def _half_closed(listeners: Sequence[ListenerConnections]) -> Iterator[Reason]:
    for listener in listeners:
        if listener.half_closed:
            yield Reason(
                why=WhyAlive.HALF_CLOSED,
                text=f"{listener.half_closed} clients of {listener.owner} have closed their side, and it has not "
                "(CLOSE_WAIT)",
                hint="`timeout client-fin` bounds this",
                evidence=(
                    Evidence(
                        text=f"{listener.half_closed} sockets in CLOSE_WAIT on {listener.endpoint}",
                        source="inet_diag",
                    ),
                ),
            )


def _own_business(facts: ProcessFacts) -> Iterator[Reason]:
    """Yield what keeps a process that no client holds."""
    info = facts.info
    if info is None or facts.stopping is False:
        return
    source = f"show info, {facts.asked}"
    peers = info.number("ActivePeers") or 0
    if peers:
        yield Reason(
            why=WhyAlive.PEERS,
            text=f"it talks to {peers} peer{'s' if peers > 1 else ''}, to hand over its stick-tables",
            hint="it ends when the peer has learnt all, or does not answer; up to 2.6.2 it tries for ever",
            evidence=(
                Evidence(
                    text=f"ActivePeers: {peers}, ConnectedPeers: {info.number('ConnectedPeers') or 0}",
                    source=source,
                ),
            ),
        )
    own = len(facts.sessions or ()) - len(facts.of_clients)
    if own:
        yield Reason(
            why=WhyAlive.APPLETS,
            text=f"{own} sessions are HAProxy's own (a peer, an SPOE agent, its HTTP client, Lua)",
            hint="an SPOE agent's end with its `timeout idle`",
            evidence=(Evidence(text=f"{own} rows without a frontend", source=f"show sess, {facts.asked}"),),
        )
    jobs = max(0, facts.other_jobs - peers)
    if jobs:
        yield _jobs(facts, jobs, source)
    elif not (facts.connections or facts.sessions or peers):
        yield Reason(
            why=WhyAlive.LEAVING,
            text="nothing holds it any more: it is about to leave",
            evidence=(Evidence(text="no connection, no session, no further job", source=source),),
        )


def _jobs(facts: ProcessFacts, jobs: int, source: str) -> Reason:
    assert facts.info is not None
    counted = {
        name: facts.info.number(name) or 0 for name in ("Jobs", "Unstoppable Jobs", "Listeners", "CurrConns")
    }
    stuck = not (facts.connections or facts.sessions)
    return Reason(
        why=WhyAlive.JOBS,
        text=f"{jobs} job{'s' if jobs > 1 else ''} besides its connections: QUIC connections, a peer that is taught, "
        "another user of its CLI" + (", or a stuck applet" if stuck else ""),
        hint=f"no command ends a stuck one; `kill -TERM {facts.pid}` ends the process at once"
        if stuck
        else "",
        evidence=(
            Evidence(text=", ".join(f"{name}: {number}" for name, number in counted.items()), source=source),
        ),
    )


def _condition(facts: ProcessFacts) -> Iterator[Reason]:
    """Yield what the kernel says of the process."""
    process = facts.process
    source = f"/proc/{process.pid}/status"
    state = (Evidence(text=f"State: {process.state}", source=source),)
    if process.state in {"T", "t"}:
        yield Reason(
            why=WhyAlive.STOPPED,
            text="it is stopped, by a signal or a debugger: it serves nobody and cannot end",
            hint=f"kill -CONT {process.pid}",
            evidence=state,
        )
    elif process.state == "D":
        yield Reason(
            why=WhyAlive.BLOCKED,
            text="it waits in the kernel (a disk, a network file system) and cannot even be killed",
            evidence=state,
        )
    if (facts.cpu_share or 0) > _SPINNING and len(facts.sessions or ()) < _FEW_SESSIONS:
        yield Reason(
            why=WhyAlive.SPINNING,
            text="it burns a processor with hardly a session: a defect of HAProxy",
            hint="keep `show threads` and `show sess all` for a report; the hard stop, or kill -TERM, ends it",
            evidence=(
                Evidence(
                    text=f"{100 * (facts.cpu_share or 0):.0f} % of a processor",
                    source=f"/proc/{process.pid}/stat",
                ),
            ),
        )


def _bound(forecast: Forecast) -> Iterator[Reason]:
    stop = forecast.hard_stop
    if stop is None:
        yield Reason(
            why=WhyAlive.NO_HARD_STOP,
            text=f"nothing bounds its life: {forecast.why_no_hard_stop}",
            hint="`hard-stop-after` in `global` bounds that of the next one; `hitless rule HL201` says more",
        )
    elif stop.due_s < -_OVERDUE_S:
        yield Reason(
            why=WhyAlive.OVERDUE,
            text=f"its hard stop should have ended it {format_age(-stop.due_s)} ago",
            hint="it loaded another value, or is stuck",
            evidence=(Evidence(text=f"hard-stop-after: {stop.basis}", source=stop.where),),
        )
