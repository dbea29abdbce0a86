"""What a succession was: reload, restart, crash or start; and how sure that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hitless.explain.detect.lives import Life
from hitless.explain.detect.moments import earlier, first_of, sharpest
from hitless.explain.detect.succession import Succession
from hitless.logged import Certainty, Change, ChangeKind, LinePlace, Moment, ServiceKind, ServiceMessage
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Said", "judge_succession"]

_SECOND = NANOSECONDS_PER_SECOND
_RESTART_GAP_NS = 120 * _SECOND
"""A start that comes later than this after the end was another decision than the stop."""
_TERMINATED = 143
_MOST_PLACES = 12
_K = ServiceKind


@dataclass(frozen=True, slots=True)
class Said:
    """What is known about a service besides its processes' lives."""

    services: Sequence[ServiceMessage] = ()
    exiting: Sequence[tuple[int, Moment]] = ()
    """Masters that said that they exit, and when."""
    stops_are_logged: bool = False
    """Some process logged that it was told to stop: one that did not was killed."""

    def near(
        self,
        moment: Moment,
        *kinds: ServiceKind,
        after: Moment | None = None,
        before_ns: int = _RESTART_GAP_NS,
    ) -> ServiceMessage | None:
        """Return the last message of these kinds that is not after a moment (but for errors), and near it."""
        since_ns = moment.t_ns - before_ns
        if after is not None:
            since_ns = max(since_ns, after.t_ns)
        found = [
            m
            for m in self.services
            if m.kind in kinds and m.at.t_ns <= moment.latest_ns and m.at.latest_ns >= since_ns
        ]
        return found[-1] if found else None


def judge_succession(succession: Succession, said: Said) -> Change | None:
    """Return what the succession was; None for the first processes of a log, if nothing says that they started then."""
    if not succession.old:
        return _start(succession, said)
    verdict = _crash(succession, said) or _stated_reload(succession, said) or _restart(succession, said)
    return verdict or _inferred(succession, said)


def _start(succession: Succession, said: Said) -> Change | None:
    attempt = succession.attempt
    begin = succession.begin
    started = said.near(begin, _K.STARTING, _K.STARTED)
    if attempt is None and started is None:
        if not succession.beside:
            return None
        return _change(ChangeKind.START, begin, Certainty.SHOWN, succession)
    if attempt is not None and attempt.reload:
        # The processes that it replaced logged nothing.
        at = sharpest(attempt.asked, begin) or begin
        return _change(ChangeKind.RELOAD, at, _certainty(stated=attempt.stated), succession)
    at = earlier(attempt.asked if attempt else None, started.at if started else None) or begin
    return _change(ChangeKind.START, at, Certainty.STATED, succession)


def _crash(succession: Succession, said: Said) -> Change | None:
    crashed = [x for x in succession.old if is_crash(x)]
    if not crashed:
        return _crash_of_master(succession, said)
    at = sharpest(crashed[0].exited, _between(succession)) or succession.begin
    return _change(
        ChangeKind.CRASH, at, Certainty.STATED, succession, exit_code=crashed[0].exit_code, gap=True
    )


def _crash_of_master(succession: Succession, said: Said) -> Change | None:
    """Return the crash that systemd saw: the main process was killed, or failed, and nobody had asked it to stop."""
    since = _since(succession)
    moment = succession.serves or succession.begin
    exited = said.near(moment, _K.MAIN_EXITED, after=since)
    if exited is None or said.near(exited.at, _K.STOPPING, _K.RELOADING, after=since) is not None:
        return None
    killed = exited.state in {"killed", "dumped"}
    if not killed and exited.number in {0, _TERMINATED}:
        return None
    return _change(
        ChangeKind.CRASH,
        exited.at,
        Certainty.STATED,
        succession,
        exit_code=128 + exited.number if killed else exited.number,
        gap=True,
        also=(exited.place,),
    )


def is_crash(life: Life) -> bool:
    """Whether the master says that its current worker ended by itself, and not by SIGTERM."""
    return (
        life.exited is not None
        and life.current_at_exit
        and life.exit_code not in {0, _TERMINATED}
        and life.stop_asked is None
    )


def _stated_reload(succession: Succession, said: Said) -> Change | None:
    attempt = succession.attempt
    if attempt is not None and attempt.reload and attempt.stated:
        note = "The new process could not fetch the listening sockets of the old one."
        at = sharpest(attempt.asked, earliest_stop(succession.old)) or succession.begin
        notes = (note,) if attempt.untransferred else ()
        return _change(ChangeKind.RELOAD, at, Certainty.STATED, succession, notes=notes)
    if attempt is not None:
        return None
    moment = succession.serves or succession.begin
    since = _since(succession)
    asked = said.near(moment, _K.RELOADING, after=since)
    stopping = said.near(moment, _K.STOPPING, _K.STARTING, after=since)
    if asked is None or (stopping is not None and stopping.at.t_ns >= asked.at.t_ns):
        return None
    return _change(ChangeKind.RELOAD, asked.at, Certainty.STATED, succession, also=(asked.place,))


def _restart(succession: Succession, said: Said) -> Change | None:
    """Return a restart that something states: the master's farewell, its worker's SIGTERM, systemd, another master."""
    moment = succession.serves or succession.begin
    masters = {life.master for life in succession.old if life.master}
    exits = [at for master, at in said.exiting if master in masters and at.t_ns <= moment.latest_ns]
    killed = [
        x.exited for x in succession.old if x.exited and x.current_at_exit and x.exit_code == _TERMINATED
    ]
    stopping = said.near(moment, _K.STOPPING, after=_since(succession))
    stated = [*exits[-1:], *killed[-1:], *([stopping.at] if stopping else [])]
    other_master = succession.attempt is not None and not succession.attempt.reload
    if not stated and not other_master:
        return None
    at = sharpest(min(stated, key=lambda m: m.t_ns, default=None), _between(succession)) or succession.begin
    also = (stopping.place,) if stopping else ()
    certainty = Certainty.STATED if stated else Certainty.SHOWN
    last = _end_of(succession)
    if last is not None and succession.begin.t_ns - last.latest_ns > _RESTART_GAP_NS:
        return _change(ChangeKind.START, succession.begin, certainty, succession, gap=True, also=also)
    return _change(ChangeKind.RESTART, at, certainty, succession, gap=True, also=also)


def _inferred(succession: Succession, said: Said) -> Change:
    """Return what the processes' own lines leave as the reading."""
    asked = earliest_stop(succession.old)
    if asked is not None:
        if succession.begin.t_ns - asked.latest_ns > _RESTART_GAP_NS:
            return _change(ChangeKind.START, succession.begin, Certainty.SHOWN, succession, gap=True)
        return _change(ChangeKind.RELOAD, asked, Certainty.SHOWN, succession)
    if succession.attempt is not None and succession.attempt.reload:
        at = sharpest(succession.attempt.asked) or succession.begin
        return _change(ChangeKind.RELOAD, at, Certainty.SHOWN, succession)
    at = _between(succession)
    if _drained(succession):
        note = "Its stop was not logged; that old processes finished what they had shows that it was soft."
        return _change(ChangeKind.RELOAD, at, Certainty.SHOWN, succession, notes=(note,))
    if said.stops_are_logged:
        note = "The old process ended without a word: killed for a restart, or crashed."
        return _change(ChangeKind.RESTART, at, Certainty.LIKELY, succession, gap=True, notes=(note,))
    return _change(ChangeKind.REPLACED, at, Certainty.SHOWN, succession, gap=True)


def earliest_stop(lives: Iterable[Life]) -> Moment | None:
    """Return when the first of them was told to stop."""
    found: Moment | None = None
    for life in lives:
        found = first_of(found, life.stop_asked)
    return found


def _drained(succession: Succession) -> bool:
    """Whether an old process still finished something when a new one had already taken its first."""
    serves = succession.serves
    if serves is None:
        return False
    ends = [life.last_line for life in succession.old if life.last_line is not None]
    return any(end.t_ns > serves.latest_ns for end in ends)


def _between(succession: Succession) -> Moment:
    """Return the bounds of a change that nothing states: from the last of the old to the first of the new."""
    last, first = succession.last_before, succession.serves or succession.begin
    if last is None or last.t_ns > first.t_ns:
        return first
    return Moment(t_ns=last.t_ns, error_ns=first.latest_ns - last.t_ns, clock=first.clock)


def _since(succession: Succession) -> Moment | None:
    """Return when the last of the old ones began: what was said before is about something else."""
    return max((x.begin for x in succession.old if x.begin), key=lambda m: m.t_ns, default=None)


def _end_of(succession: Succession) -> Moment | None:
    return max((x.end for x in succession.old if x.end), key=lambda m: m.t_ns, default=None)


def _certainty(*, stated: bool) -> Certainty:
    return Certainty.STATED if stated else Certainty.SHOWN


def _change(
    kind: ChangeKind,
    at: Moment,
    certainty: Certainty,
    succession: Succession,
    *,
    gap: bool = False,
    exit_code: int = 0,
    notes: tuple[str, ...] = (),
    also: tuple[LinePlace, ...] = (),
) -> Change:
    new, old, attempt = succession.new, succession.old, succession.attempt
    places = [*also, *(attempt.places if attempt else ()), *(p for x in (*old, *new) for p in x.places[:4])]
    if succession.beside:
        pids = ", ".join(str(life.pid) for life in succession.beside)
        notes = (*notes, f"Beside them {pids} went on serving: another instance, or never told to stop.")
    return Change(
        kind=kind,
        at=at,
        certainty=certainty,
        host=new[0].host,
        program=new[0].program,
        master=(attempt.master if attempt else 0) or new[0].master,
        old_pids=tuple(life.pid for life in old),
        new_pids=tuple(life.pid for life in new),
        until=(attempt.ended if attempt else None) or succession.serves,
        unserved_ns=_unserved(succession) if gap else 0,
        exit_code=exit_code,
        notes=notes,
        shown_by=tuple(dict.fromkeys(places))[:_MOST_PLACES],
    )


def _unserved(succession: Succession) -> int:
    last, first = succession.last_before, succession.serves
    if last is None or first is None:
        return 0
    return max(0, first.t_ns - last.latest_ns)
