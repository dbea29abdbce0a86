"""Reloads that failed: refused by the check before them, by the configuration, by an address; and what they paused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.detect.attempts import Attempt
from hitless.explain.detect.moments import first_of, sharpest
from hitless.logged import (
    Certainty,
    Change,
    ChangeKind,
    LinePlace,
    Moment,
    OwnMessage,
    ServiceKind,
    ServiceMessage,
)
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["failed_reloads", "refused_by_check"]

_K = MessageKind
_SECOND = NANOSECONDS_PER_SECOND
_LONGEST_PAUSE_NS = 60 * _SECOND
_LONGEST_CHECK_NS = 600 * _SECOND
_MOST_PLACES = 12


@dataclass(slots=True)
class _Pause:
    """Listening sockets of a process, paused so that another may bind, and resumed when it could not."""

    pid: int
    program: str
    host: str
    paused: Moment
    resumed: Moment | None = None
    refused: bool = False
    """The process could not pause, and stopped for good."""
    places: list[LinePlace] = field(default_factory=list)


def failed_reloads(
    attempts: Sequence[Attempt], messages: Sequence[OwnMessage], pids: set[int]
) -> list[Change]:
    """Return the reloads of one service that failed; messages in order of time, `pids` those of its processes."""
    pauses = list(_pauses(m for m in messages if m.pid in pids))
    failed = [attempt for attempt in attempts if attempt.failed and attempt.reload]
    changes = [_of_attempt(attempt, messages) for attempt in failed]
    for pause in pauses:
        # Where times are coarse it may be of several attempts: of one that could not bind, and the nearest.
        near = [n for n, attempt in enumerate(failed) if _covers(changes[n], pause)]
        owner = min(
            near,
            key=lambda n: (not failed[n].unbound, abs(changes[n].at.t_ns - pause.paused.t_ns)),
            default=None,
        )
        if owner is None:
            changes.append(_of_pause(pause))
        else:
            changes[owner] = _with_pause(changes[owner], pause)
    return changes


def refused_by_check(services: Sequence[ServiceMessage], taken: Iterable[Change]) -> Iterator[Change]:
    """Yield the reloads that systemd gave up before HAProxy was told: ExecReload's check refused the configuration."""
    failures = [change.at for change in taken if change.kind is ChangeKind.FAILED_RELOAD]
    asked: ServiceMessage | None = None
    control: ServiceMessage | None = None
    for message in services:
        if message.kind is ServiceKind.RELOADING:
            asked, control = message, None
        elif message.kind is ServiceKind.CONTROL_EXITED:
            control = message
        elif message.kind is ServiceKind.RELOAD_FAILED:
            at = asked.at if asked and message.at.t_ns - asked.at.t_ns < _LONGEST_CHECK_NS else message.at
            told = any(at.t_ns <= f.latest_ns and f.t_ns <= message.at.latest_ns for f in failures)
            if not told:
                yield _refused(at, message, control)
            asked = control = None


def _refused(at: Moment, message: ServiceMessage, control: ServiceMessage | None) -> Change:
    return Change(
        kind=ChangeKind.FAILED_RELOAD,
        at=at,
        certainty=Certainty.STATED,
        host=message.host,
        program="haproxy",
        until=message.at,
        reason=control.text if control is not None else message.text,
        notes=("A command of ExecReload= refused it; HAProxy was not told to reload.",) if control else (),
        shown_by=tuple(m.place for m in (control, message) if m is not None),
    )


def _of_attempt(attempt: Attempt, messages: Sequence[OwnMessage]) -> Change:
    speaker = next((m for m in messages if m.pid == attempt.master), None)
    return Change(
        kind=ChangeKind.FAILED_RELOAD,
        at=attempt.asked,
        certainty=Certainty.STATED,
        host=speaker.host if speaker else "",
        program=speaker.program if speaker else "",
        master=attempt.master,
        new_pids=tuple(attempt.new_pids),
        until=attempt.ended,
        reason=attempt.reasons[0] if attempt.reasons else "",
        shown_by=tuple(attempt.places),
    )


def _pauses(messages: Iterable[OwnMessage]) -> Iterator[_Pause]:
    open_ones: dict[int, _Pause] = {}
    for message in messages:
        current = open_ones.get(message.pid)
        if message.kind is _K.PROXY_PAUSED:
            if current is None or current.resumed is not None:
                current = _Pause(message.pid, message.program, message.host, message.at)
                open_ones[message.pid] = current
                yield current  # it is completed by the lines that follow
            current.paused = first_of(current.paused, message.at) or message.at
            current.places.append(message.place)
        elif current is not None and message.kind is _K.PROXY_RESUMED:
            current.resumed = first_of(current.resumed, message.at)
            current.places.append(message.place)
        elif current is not None and message.kind is _K.PAUSE_REFUSED:
            current.refused = True
            current.places.append(message.place)


def _covers(change: Change, pause: _Pause) -> bool:
    end = change.until or change.at
    return change.at.t_ns - _SECOND <= pause.paused.latest_ns and pause.paused.t_ns <= end.latest_ns + _SECOND


def _refused_ns(pause: _Pause) -> int:
    if pause.resumed is None:
        return 0
    length = pause.resumed.t_ns - pause.paused.t_ns
    return length if 0 <= length <= _LONGEST_PAUSE_NS else 0


def _with_pause(change: Change, pause: _Pause) -> Change:
    notes = change.notes
    if pause.refused:
        notes = (
            *notes,
            "The old process could not pause its listening sockets and stopped for good: an outage.",
        )
    return replace(
        change,
        at=sharpest(change.at, pause.paused) or change.at,
        until=sharpest(change.until, pause.resumed),
        old_pids=tuple(dict.fromkeys((*change.old_pids, pause.pid))),
        refused_ns=max(change.refused_ns, _refused_ns(pause)),
        notes=notes,
        shown_by=(*change.shown_by, *pause.places)[:_MOST_PLACES],
    )


def _of_pause(pause: _Pause) -> Change:
    why = "Its listening sockets were paused and resumed: a new process could not bind an address."
    change = Change(
        kind=ChangeKind.FAILED_RELOAD,
        at=pause.paused,
        certainty=Certainty.SHOWN,
        host=pause.host,
        program=pause.program,
        until=pause.resumed,
        notes=(why,) if pause.resumed is not None else (),
    )
    return _with_pause(change, pause)
