"""What happened when, read from the events of a run: periods, reloads with their phases, hard stops, pauses. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hitless.evidence.haproxy_messages import MessageKind
from hitless.records import Event, EventKind
from hitless.units import NANOSECONDS_PER_MILLISECOND

__all__ = ["NEAR_NS", "ReloadPhases", "Timeline", "read_timeline"]

NEAR_NS = 250 * NANOSECONDS_PER_MILLISECOND
"""How far a symptom may lie from its cause: the load engine's batch, the follower's period, a busy machine."""

_ENDED_BY_SIGTERM = 128 + 15
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
    failed_ns: int = 0
    started_ns: int = 0
    owned_ns: int = 0
    released_ns: int = 0
    first_accept_ns: int = 0
    old_gone_ns: int = 0
    """When the last of the processes that this reload replaced had gone."""
    message: str = ""
    new_pid: int = 0
    old_pids: tuple[int, ...] = ()
    """The processes that this reload replaced, in the order in which they stopped listening."""

    @property
    def failed(self) -> bool:
        """Whether no new process took over, as far as was seen."""
        return bool(self.failed_ns) or not self.done_ns

    @property
    def settled_ns(self) -> int:
        """When it was over for new connections: owned, released, answered; else when it was given up."""
        return (
            max(self.owned_ns, self.released_ns, self.reply_ns, self.done_ns, self.failed_ns) or self.end_ns
        )


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole run in order."""

    load_start_ns: int
    control_start_ns: int
    control_end_ns: int
    load_stop_ns: int
    reloads: tuple[ReloadPhases, ...]
    hard_stops: tuple[tuple[int, int], ...] = ()
    """When a process said that it stops hard, and its pid (0: unknown)."""
    pauses_ns: tuple[tuple[int, int], ...] = ()
    bind_failures: tuple[tuple[int, str], ...] = ()
    transfer_failures: tuple[tuple[int, str], ...] = ()
    max_reloads: tuple[tuple[int, int], ...] = ()
    """When a worker was ended because it had outlived too many reloads, and its pid."""
    terminated: tuple[tuple[int, int], ...] = ()
    """When a former worker was reported to have ended by SIGTERM, and its pid."""
    started_ns: dict[int, int] = field(default_factory=dict)
    """By pid of a serving process."""
    exited_ns: dict[int, int] = field(default_factory=dict)
    exit_codes: dict[int, int] = field(default_factory=dict)

    def reload_at(self, t_ns: int) -> ReloadPhases | None:
        """Return the reload whose trigger is the last before this moment."""
        earlier = [reload for reload in self.reloads if reload.trigger_ns <= t_ns]
        return earlier[-1] if earlier else None

    def reload_between(self, start_ns: int, end_ns: int) -> ReloadPhases | None:
        """Return the reload that something met which waited from `start_ns` to `end_ns`, perhaps over several.

        The one that was under way when it began, else the first that was triggered while it waited.
        """
        last = self.reload_at(start_ns)
        if last is not None and start_ns <= last.settled_ns + NEAR_NS:
            return last
        return next((r for r in self.reloads if start_ns < r.trigger_ns <= end_ns), last)

    def reloads_outlived(self, pid: int, t_ns: int) -> int:
        """Return how many reloads a process had seen at this moment since it was the newest; 0 if it still was."""
        replaced_by, last = self.released_by(pid), self.reload_at(t_ns)
        return 0 if replaced_by is None or last is None else last.number - replaced_by.number + 1

    def released_by(self, pid: int) -> ReloadPhases | None:
        """Return the reload in which this process stopped listening."""
        return next((reload for reload in self.reloads if pid in reload.old_pids), None)


def read_timeline(events: Iterable[Event]) -> Timeline:
    """Put the events of one run in order and read its periods and reloads from them."""
    ordered = sorted(events, key=lambda event: event.t_ns)
    marks = {event.kind: event.t_ns for event in ordered}
    stop_ns = marks.get(EventKind.LOAD_STOP, ordered[-1].t_ns if ordered else 0)
    exited_ns = _by_pid(ordered, EventKind.PROCESS_EXIT)
    return Timeline(
        load_start_ns=marks.get(EventKind.LOAD_START, 0),
        control_start_ns=marks.get(EventKind.CONTROL_START, 0),
        control_end_ns=marks.get(EventKind.CONTROL_END, stop_ns),
        load_stop_ns=stop_ns,
        reloads=_read_reloads(ordered, stop_ns, exited_ns),
        hard_stops=tuple(
            (event.t_ns, event.pid)
            for event in _said(ordered, MessageKind.HARD_STOP, MessageKind.PROXY_HARD_STOPPED)
        ),
        pauses_ns=_pauses(ordered, stop_ns),
        bind_failures=_texts(ordered, MessageKind.CANNOT_BIND, MessageKind.START_FAILED),
        transfer_failures=_texts(ordered, MessageKind.SOCKETS_NOT_TRANSFERRED),
        max_reloads=tuple(
            (event.t_ns, int(event.local))
            for event in _said(ordered, MessageKind.FORMER_WORKER_EXITED)
            if _MAX_RELOADS.search(event.text) and event.local.isdecimal()
        ),
        terminated=tuple(
            (event.t_ns, int(event.local))
            for event in _said(ordered, MessageKind.FORMER_WORKER_EXITED)
            if event.number == _ENDED_BY_SIGTERM and event.local.isdecimal()
        ),
        started_ns=_by_pid(ordered, EventKind.PROCESS_START),
        exited_ns=exited_ns,
        exit_codes=_exit_codes(ordered),
    )


def _said(events: Sequence[Event], *kinds: MessageKind) -> list[Event]:
    """Return HAProxy's own messages of these kinds, from its standard error or its log."""
    return [event for event in events if event.kind is EventKind.HAPROXY_MESSAGE and event.reason in kinds]


def _texts(events: Sequence[Event], *kinds: MessageKind) -> tuple[tuple[int, str], ...]:
    return tuple((event.t_ns, event.text) for event in _said(events, *kinds))


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
    """Return when some proxy was paused: from the first one's pause to the last one's resumption."""
    pauses: list[tuple[int, int]] = []
    paused: dict[tuple[int, str], int] = {}
    since_ns = 0
    for event in _said(events, MessageKind.PROXY_PAUSED, MessageKind.PROXY_RESUMED):
        proxy = (event.pid, event.local)
        if event.reason == MessageKind.PROXY_PAUSED:
            since_ns = event.t_ns if not paused else since_ns
            paused[proxy] = event.t_ns
        elif paused.pop(proxy, 0) and not paused:
            pauses.append((since_ns, event.t_ns))
    if paused:
        pauses.append((since_ns, stop_ns))
    return tuple(pauses)


def _read_reloads(
    events: Sequence[Event], stop_ns: int, exited_ns: dict[int, int]
) -> tuple[ReloadPhases, ...]:
    reloads: dict[int, ReloadPhases] = {}
    released: set[int] = set()
    for event in events:
        if event.kind is EventKind.RELOAD_TRIGGER:
            reloads[event.reload] = ReloadPhases(event.reload, event.t_ns)
        elif event.kind is EventKind.LISTENERS_RELEASED and event.reload in reloads:
            if event.pid not in released and event.pid != reloads[event.reload].new_pid:
                released.add(event.pid)
                _release(reloads[event.reload], event)
        elif event.reload in reloads:
            _apply(reloads[event.reload], event)
    ordered = tuple(reloads.values())
    for reload, following in pairwise(ordered):
        reload.end_ns = following.trigger_ns
    if ordered:
        ordered[-1].end_ns = stop_ns
    for reload in ordered:
        gone = [exited_ns.get(pid, 0) for pid in reload.old_pids]
        reload.old_gone_ns = max(gone) if gone and all(gone) else 0
    return ordered


_PHASE_OF = {
    EventKind.RELOAD_REPLY: "reply_ns",
    EventKind.RELOAD_DONE: "done_ns",
    EventKind.PROCESS_START: "started_ns",
    EventKind.LISTENERS_OWNED: "owned_ns",
    EventKind.FIRST_ACCEPT: "first_accept_ns",
    EventKind.RELOAD_FAILED: "failed_ns",
}


def _apply(reload: ReloadPhases, event: Event) -> None:
    """Enter an event into its reload; of several new processes the last one counts."""
    if (phase := _PHASE_OF.get(event.kind)) is not None:
        setattr(reload, phase, event.t_ns)
    if event.kind is EventKind.LISTENERS_OWNED:
        reload.new_pid = event.pid
    elif event.kind is EventKind.RELOAD_FAILED:
        reload.message = event.text


def _release(reload: ReloadPhases, event: Event) -> None:
    """Enter that an old process stopped listening, which counts once: for the reload that replaced it."""
    reload.released_ns = event.t_ns
    reload.old_pids = (*reload.old_pids, event.pid)
