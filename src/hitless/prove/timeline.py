"""What happened when, read from the events of a run: periods, reloads with their phases, hard stops, pauses. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hitless.evidence.haproxy_messages import MessageKind
from hitless.records import Event, EventKind

__all__ = ["ReloadPhases", "Timeline", "read_timeline"]

_MAX_RELOADS = re.compile(r"exceeds max reloads")


@dataclass(slots=True)
class ReloadPhases:
    """One reload; times are CLOCK_MONOTONIC, 0 where that phase was never seen."""

    number: int
    trigger_ns: int
    end_ns: int = 0
    """When the next reload began, or the load stopped."""
    reply_ns: int = 0
    done_ns: int = 0
    started_ns: int = 0
    owned_ns: int = 0
    released_ns: int = 0
    first_accept_ns: int = 0
    old_gone_ns: int = 0
    failed: bool = False
    message: str = ""
    new_pid: int = 0
    old_pids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole run in order."""

    load_start_ns: int
    control_start_ns: int
    control_end_ns: int
    load_stop_ns: int
    reloads: tuple[ReloadPhases, ...]
    hard_stops_ns: tuple[int, ...] = ()
    pauses_ns: tuple[tuple[int, int], ...] = ()
    bind_failures: tuple[tuple[int, str], ...] = ()
    transfer_failures_ns: tuple[int, ...] = ()
    max_reloads_ns: tuple[int, ...] = ()
    started_ns: dict[int, int] = field(default_factory=dict)
    """By pid of a serving process."""
    exited_ns: dict[int, int] = field(default_factory=dict)
    exit_codes: dict[int, int] = field(default_factory=dict)

    def reload_at(self, t_ns: int) -> ReloadPhases | None:
        """Return the reload whose trigger is the last before this moment."""
        earlier = [reload for reload in self.reloads if reload.trigger_ns <= t_ns]
        return earlier[-1] if earlier else None


def read_timeline(events: Iterable[Event]) -> Timeline:
    """Put the events of one run in order and read its periods and reloads from them."""
    ordered = sorted(events, key=lambda event: event.t_ns)
    marks = {event.kind: event.t_ns for event in ordered}
    stop_ns = marks.get(EventKind.LOAD_STOP, ordered[-1].t_ns if ordered else 0)
    control_end_ns = marks.get(EventKind.CONTROL_END, stop_ns)
    return Timeline(
        load_start_ns=marks.get(EventKind.LOAD_START, 0),
        control_start_ns=marks.get(EventKind.CONTROL_START, 0),
        control_end_ns=control_end_ns,
        load_stop_ns=stop_ns,
        reloads=_read_reloads(ordered, stop_ns),
        hard_stops_ns=_times(ordered, MessageKind.HARD_STOP, MessageKind.PROXY_HARD_STOPPED),
        pauses_ns=_pauses(ordered, stop_ns),
        bind_failures=tuple(
            (event.t_ns, event.text)
            for event in _said(ordered, MessageKind.CANNOT_BIND, MessageKind.START_FAILED)
        ),
        transfer_failures_ns=_times(ordered, MessageKind.SOCKETS_NOT_TRANSFERRED),
        max_reloads_ns=tuple(
            event.t_ns
            for event in _said(ordered, MessageKind.FORMER_WORKER_EXITED)
            if _MAX_RELOADS.search(event.text)
        ),
        started_ns=_by_pid(ordered, EventKind.PROCESS_START),
        exited_ns=_by_pid(ordered, EventKind.PROCESS_EXIT),
        exit_codes=_exit_codes(ordered),
    )


def _said(events: Sequence[Event], *kinds: MessageKind) -> list[Event]:
    """Return HAProxy's own messages of these kinds, from its standard error or its log."""
    return [event for event in events if event.kind is EventKind.HAPROXY_MESSAGE and event.reason in kinds]


def _times(events: Sequence[Event], *kinds: MessageKind) -> tuple[int, ...]:
    return tuple(event.t_ns for event in _said(events, *kinds))


def _by_pid(events: Sequence[Event], kind: EventKind) -> dict[int, int]:
    found: dict[int, int] = {}
    for event in events:
        if event.kind is kind:
            found.setdefault(event.pid, event.t_ns)
    return found


def _exit_codes(events: Sequence[Event]) -> dict[int, int]:
    exits = _said(events, MessageKind.FORMER_WORKER_EXITED, MessageKind.CURRENT_WORKER_EXITED)
    return {int(event.local): event.number for event in exits if event.local.isdecimal()}


def _pauses(events: Sequence[Event], stop_ns: int) -> tuple[tuple[int, int], ...]:
    pauses: list[tuple[int, int]] = []
    since_ns = 0
    for event in _said(events, MessageKind.PROXY_PAUSED, MessageKind.PROXY_RESUMED):
        if event.reason == MessageKind.PROXY_PAUSED and not since_ns:
            since_ns = event.t_ns
        elif event.reason == MessageKind.PROXY_RESUMED and since_ns:
            pauses.append((since_ns, event.t_ns))
            since_ns = 0
    if since_ns:
        pauses.append((since_ns, stop_ns))
    return tuple(pauses)


def _read_reloads(events: Sequence[Event], stop_ns: int) -> tuple[ReloadPhases, ...]:
    reloads: dict[int, ReloadPhases] = {}
    for event in events:
        if event.kind is EventKind.RELOAD_TRIGGER:
            reloads[event.reload] = ReloadPhases(event.reload, event.t_ns)
        elif event.reload in reloads:
            _apply(reloads[event.reload], event)
    ordered = tuple(reloads.values())
    for reload, following in zip(ordered, ordered[1:], strict=False):
        reload.end_ns = following.trigger_ns
    if ordered:
        ordered[-1].end_ns = stop_ns
    return ordered


_PHASE_OF = {
    EventKind.RELOAD_REPLY: "reply_ns",
    EventKind.RELOAD_DONE: "done_ns",
    EventKind.LISTENERS_OWNED: "owned_ns",
    EventKind.FIRST_ACCEPT: "first_accept_ns",
}


def _apply(reload: ReloadPhases, event: Event) -> None:
    """Enter an event into its reload; of several (old processes releasing one by one) the last one counts."""
    if (phase := _PHASE_OF.get(event.kind)) is not None:
        setattr(reload, phase, event.t_ns)
        if event.kind is EventKind.LISTENERS_OWNED:
            reload.new_pid = event.pid
    elif event.kind is EventKind.RELOAD_FAILED:
        reload.failed, reload.message = True, event.text
    elif event.kind is EventKind.LISTENERS_RELEASED:
        reload.released_ns = event.t_ns
        reload.old_pids = (*reload.old_pids, event.pid)
    elif event.kind is EventKind.PROCESS_START:
        reload.started_ns = event.t_ns
    elif event.kind is EventKind.PROCESS_EXIT and event.state == "old":
        reload.old_gone_ns = event.t_ns
