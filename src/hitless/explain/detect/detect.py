"""Everything that happened to the services of a set of logs, in order of time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.detect.activity import ProcessActivity
from hitless.explain.detect.attempts import Attempt, read_attempts
from hitless.explain.detect.failures import failed_reloads, refused_by_check
from hitless.explain.detect.families import split_families
from hitless.explain.detect.lives import Life, read_lives
from hitless.explain.detect.succession import read_successions
from hitless.explain.detect.twins import merge_twins
from hitless.explain.detect.verdicts import Said, earliest_stop, is_crash, judge_succession
from hitless.logged import (
    Blind,
    Certainty,
    Change,
    ChangeKind,
    Detection,
    Moment,
    OwnMessage,
    ServiceKind,
    ServiceMessage,
)
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["detect_changes"]

_K = MessageKind
_BY_MASTER = frozenset(
    {_K.RELOADING, _K.NEW_WORKER, _K.LOADED, _K.LOAD_FAILED, _K.FORMER_WORKER_EXITED, _K.MASTER_EXITING}
)


def detect_changes(
    activities: Iterable[ProcessActivity], own: Iterable[OwnMessage], services: Iterable[ServiceMessage]
) -> Detection:
    """Return the changes and generations that logs show.

    What belongs to several hosts is kept apart; a log that names no host belongs to the only one that is named.
    """
    activities, own, services = list(activities), list(own), list(services)
    only = _only_host(activities, own, services)
    changes: list[Change] = []
    lives: list[Life] = []
    for of_host in _by_host(activities, own, services, only):
        found, alive = _detect_on_host(*of_host)
        changes += found
        lives += alive
    return Detection(
        changes=tuple(sorted(changes, key=lambda c: (c.at.t_ns, c.at.error_ns))),
        generations=tuple(life.generation() for life in sorted(lives, key=_begin_ns)),
        blind=tuple(_blind(activities, own, services)),
    )


def _only_host(*groups: Sequence[ProcessActivity] | Sequence[OwnMessage] | Sequence[ServiceMessage]) -> str:
    hosts = {item.host for group in groups for item in group if item.host}
    return hosts.pop() if len(hosts) == 1 else ""


_OfHost = tuple[list[ProcessActivity], list[OwnMessage], list[ServiceMessage]]


def _by_host(
    activities: Sequence[ProcessActivity],
    own: Sequence[OwnMessage],
    services: Sequence[ServiceMessage],
    only: str,
) -> Iterator[_OfHost]:
    table: dict[str, _OfHost] = defaultdict(lambda: ([], [], []))
    for activity in activities:
        table[activity.host or only][0].append(activity)
    for message in own:
        table[message.host or only][1].append(message)
    for service in services:
        table[service.host or only][2].append(service)
    yield from table.values()


def _detect_on_host(
    activities: list[ProcessActivity], own: list[OwnMessage], services: list[ServiceMessage]
) -> tuple[list[Change], list[Life]]:
    signs = [a.last_line for a in activities] + [m.at for m in own] + [m.at for m in services]
    messages = merge_twins(own, until_ns=max((s.latest_ns for s in signs if s is not None), default=0))
    services.sort(key=lambda m: m.at.t_ns)
    attempts = read_attempts(messages)
    failed = {pid for attempt in attempts if attempt.failed for pid in attempt.new_pids}
    with_pid = [activity for activity in activities if activity.pid]
    lives = [life for life in read_lives(with_pid, messages) if _served(life, failed, messages)]
    changes: list[Change] = []
    for number, family in enumerate(split_families(lives, attempts)):
        # What systemd says names no process: it is taken for the service with most lines.
        changes += _detect_in_family(family, attempts, messages, services if number == 0 else [])
    if not lives:
        changes += failed_reloads(attempts, messages, {m.pid for m in messages})
    changes += refused_by_check(services, changes)
    return changes, lives


def _served(life: Life, failed: set[int], messages: Sequence[OwnMessage]) -> bool:
    """Whether a life is one of a process that serves: not of a master, nor of a worker that could not start."""
    if life.lines:
        return True
    if life.pid in failed:
        return False
    return not any(m.pid == life.pid and m.kind in _BY_MASTER for m in messages)


def _detect_in_family(
    lives: list[Life],
    attempts: Sequence[Attempt],
    messages: Sequence[OwnMessage],
    services: Sequence[ServiceMessage],
) -> Iterator[Change]:
    pids = {life.pid for life in lives}
    masters = {life.master for life in lives if life.master}
    masters |= {a.master for a in attempts if pids & set(a.new_pids)}
    frontends = {name for life in lives for name in life.frontends}
    own_attempts = [
        a for a in attempts if a.master in masters or pids & set(a.new_pids) or frontends & a.proxies
    ]
    exiting = [(m.pid, m.at) for m in messages if m.kind is _K.MASTER_EXITING and m.pid in masters]
    said = Said(services, exiting, any(life.stop_asked is not None for life in lives))
    successions = read_successions(lives, own_attempts)
    for succession in successions:
        change = judge_succession(succession, said)
        if change is not None:
            yield change
    replaced = {id(life) for succession in successions for life in succession.old}
    yield from failed_reloads(own_attempts, messages, pids)
    yield from (_hard_stop(life) for life in lives if life.hard_stopped is not None)
    yield from _ends([life for life in lives if id(life) not in replaced])


def _hard_stop(life: Life) -> Change:
    assert life.hard_stopped is not None, "the caller looked"
    return Change(
        kind=ChangeKind.HARD_STOP,
        at=life.hard_stopped,
        certainty=Certainty.STATED,
        host=life.host,
        program=life.program,
        master=life.master,
        old_pids=(life.pid,),
        until=life.exited,
        cut_connections=life.cut_connections,
        shown_by=tuple(life.places),
    )


def _ends(lives: Sequence[Life]) -> Iterator[Change]:
    """Yield how those ended that nobody replaced."""
    crashed = [life for life in lives if is_crash(life)]
    stopped = [life for life in lives if life not in crashed and (life.stop_asked or life.exited)]
    for life in crashed:
        assert life.exited is not None, "is_crash looked"
        yield _end(ChangeKind.CRASH, life.exited, [life])
    if stopped:
        at = earliest_stop(stopped) or min((x.exited for x in stopped if x.exited), key=lambda m: m.t_ns)
        yield _end(ChangeKind.STOP, at, stopped)


def _end(kind: ChangeKind, at: Moment, lives: Sequence[Life]) -> Change:
    exits = [life.exited for life in lives if life.exited is not None]
    return Change(
        kind=kind,
        at=at,
        certainty=Certainty.STATED,
        host=lives[0].host,
        program=lives[0].program,
        master=lives[0].master,
        old_pids=tuple(life.pid for life in lives),
        until=max(exits, key=lambda m: m.t_ns, default=None),
        exit_code=lives[0].exit_code if kind is ChangeKind.CRASH else 0,
        shown_by=tuple(place for life in lives for place in life.places)[:12],
    )


def _blind(
    activities: Sequence[ProcessActivity], own: Sequence[OwnMessage], services: Sequence[ServiceMessage]
) -> Iterator[Blind]:
    if not activities:
        yield Blind.NO_TRAFFIC
    if activities and not any(activity.pid for activity in activities):
        yield Blind.NO_PID
    if activities and not any(activity.first_accept for activity in activities):
        yield Blind.NO_ACCEPT_DATE
    if not own:
        yield Blind.NO_OWN_MESSAGES
    by_master = any(message.kind in _BY_MASTER for message in own)
    if not by_master and not any(m.kind is ServiceKind.RELOADING for m in services):
        yield Blind.NO_MASTER_MESSAGES
    lines = [activity.first_line for activity in activities if activity.first_line is not None]
    if lines and min(moment.error_ns for moment in lines) >= NANOSECONDS_PER_SECOND:
        yield Blind.COARSE_TIME


def _begin_ns(life: Life) -> int:
    return life.begin.t_ns if life.begin is not None else 0
