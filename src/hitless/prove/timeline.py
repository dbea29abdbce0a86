"""What happened when, read from the events of a run: periods, reloads with their phases, hard stops, pauses. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hitless.records import Event, EventKind

__all__ = ["ReloadPhases", "Timeline", "read_timeline"]

# Source: HAProxy 2.2 to 3.4 src/proxy.c, src/haproxy.c, src/sock.c; wordings collected in docs/evidence.md.
_HARD_STOP = re.compile(r"soft-stop running for too long|hard-stopped \(")
_PAUSE = re.compile(r"\b(?:Paused|Pausing) frontend")
_RESUME = re.compile(r"\b(?:Resumed|Enabling) frontend")
_TRANSFER_FAILED = re.compile(r"Failed to get the (?:number of )?sockets|expected number of sockets")
_BIND_FAILED = re.compile(r"cannot bind (?:UNIX )?socket|Some protocols failed to start their listeners")
_MAX_RELOADS = re.compile(r"exceeds max reloads")
_EXITED = re.compile(r"(?:Former|Current) worker (?:#\d+ )?\((\d+)\) (?:exited|left) with (?:exit )?code (\d+)")


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
    said = [event for event in ordered if event.kind in {EventKind.HAPROXY_MESSAGE, EventKind.LOG_LINE}]
    return Timeline(
        load_start_ns=marks.get(EventKind.LOAD_START, 0),
        control_start_ns=marks.get(EventKind.CONTROL_START, 0),
        control_end_ns=control_end_ns,
        load_stop_ns=stop_ns,
        reloads=_read_reloads(ordered, stop_ns),
        hard_stops_ns=_times(said, _HARD_STOP),
        pauses_ns=_pauses(said, stop_ns),
        bind_failures=tuple((event.t_ns, event.text) for event in said if _BIND_FAILED.search(event.text)),
        transfer_failures_ns=_times(said, _TRANSFER_FAILED),
        max_reloads_ns=_times(said, _MAX_RELOADS),
        started_ns=_by_pid(ordered, EventKind.PROCESS_START),
        exited_ns=_by_pid(ordered, EventKind.PROCESS_EXIT),
        exit_codes=_exit_codes(said),
    )


def _times(events: Sequence[Event], pattern: re.Pattern[str]) -> tuple[int, ...]:
    return tuple(event.t_ns for event in events if pattern.search(event.text))


def _by_pid(events: Sequence[Event], kind: EventKind) -> dict[int, int]:
    found: dict[int, int] = {}
    for event in events:
        if event.kind is kind:
            found.setdefault(event.pid, event.t_ns)
    return found


def _exit_codes(events: Sequence[Event]) -> dict[int, int]:
    matches = (_EXITED.search(event.text) for event in events)
    return {int(match[1]): int(match[2]) for match in matches if match}


def _pauses(events: Sequence[Event], stop_ns: int) -> tuple[tuple[int, int], ...]:
    pauses: list[tuple[int, int]] = []
    since_ns = 0
    for event in events:
        if _PAUSE.search(event.text) and not since_ns:
            since_ns = event.t_ns
        elif _RESUME.search(event.text) and since_ns:
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
