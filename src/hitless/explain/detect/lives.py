"""The lives of processes: from the first sign of each to its last, as traffic and messages show them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.detect.activity import ProcessActivity
from hitless.explain.detect.moments import earlier, first_of
from hitless.logged import Generation, LinePlace, Moment, OwnMessage
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Life", "read_lives"]

_K = MessageKind
_STOPS = frozenset({_K.PROXY_STOPPING, _K.PROXY_STOPPED, _K.PAUSE_REFUSED})
_PROXY_KINDS = frozenset(
    {_K.PROXY_STOPPING, _K.PROXY_STOPPED, _K.PROXY_PAUSED, _K.PROXY_RESUMED, _K.PROXY_HARD_STOPPED}
)
_EXITS = frozenset({_K.FORMER_WORKER_EXITED, _K.CURRENT_WORKER_EXITED})
_REUSE_GAP_S = 600
"""A pid that accepts nothing for so long, while another process came, is another process when it comes back."""
_MOST_PLACES = 8


@dataclass(slots=True)
class Life:
    """One process that served, or was to serve."""

    host: str
    program: str
    pid: int
    master: int = 0
    started: Moment | None = None
    first_accept: Moment | None = None
    last_accept: Moment | None = None
    first_line: Moment | None = None
    last_line: Moment | None = None
    stop_asked: Moment | None = None
    hard_stopped: Moment | None = None
    exited: Moment | None = None
    exit_code: int = 0
    current_at_exit: bool = False
    """The master called it its current worker when it exited: it was not replaced."""
    lines: int = 0
    cut_connections: int = 0
    forked_by: LinePlace | None = None
    """The line in which the master says that it made it."""
    accepts: Mapping[int, int] = field(default_factory=dict)
    bucket_s: int = 1
    frontends: set[str] = field(default_factory=set)
    places: list[LinePlace] = field(default_factory=list)

    @property
    def begin(self) -> Moment | None:
        """Its first sign; of a fork whose time is known badly, what it first accepted."""
        return first_of(self.started, first_of(self.first_accept, self.first_line))

    @property
    def end(self) -> Moment | None:
        """Its last sign as one that takes new connections, or its exit."""
        return self.stop_asked or self.exited or self.last_accept or self.last_line

    def show(self, place: LinePlace) -> None:
        """Take a line for one of those that show the life."""
        if len(self.places) < _MOST_PLACES:
            self.places.append(place)

    def generation(self) -> Generation:
        """Return the life as a record."""
        return Generation(
            pid=self.pid,
            host=self.host,
            program=self.program,
            master=self.master,
            started=self.started,
            first_accept=self.first_accept,
            last_accept=self.last_accept,
            stop_asked=self.stop_asked,
            hard_stopped=self.hard_stopped,
            last_line=self.last_line,
            exited=self.exited,
            exit_code=self.exit_code,
            lines=self.lines,
            cut_connections=self.cut_connections,
            frontends=tuple(sorted(self.frontends - {""})),
        )


def read_lives(activities: Iterable[ProcessActivity], messages: Sequence[OwnMessage]) -> list[Life]:
    """Return the lives in order of their first sign; messages in order of time."""
    table: dict[int, list[Life]] = defaultdict(list)
    every = list(activities)
    begins = sorted(a.first_accept.t_ns // NANOSECONDS_PER_SECOND for a in every if a.first_accept)
    for activity in every:
        table[activity.pid] += _split_by_reuse(activity, begins)
    book = _Book(table)
    for message in messages:
        book.take(message)
    lives = [life for of_pid in table.values() for life in of_pid]
    return _in_order(sorted(lives, key=lambda life: life.begin.t_ns if life.begin else 0))


def _in_order(lives: Sequence[Life]) -> list[Life]:
    """Put those that one log says to have been forked in its order: its times may be no better than a second."""
    places: dict[int, list[int]] = defaultdict(list)
    for number, life in enumerate(lives):
        if life.forked_by is not None:
            places[life.forked_by.source].append(number)
    found = list(lives)
    for numbers in places.values():
        forked = sorted((lives[number] for number in numbers), key=_place_of_fork)
        for number, life in zip(numbers, forked, strict=True):
            found[number] = life
    return found


def _place_of_fork(life: Life) -> tuple[int, int]:
    assert life.started is not None
    assert life.forked_by is not None
    return life.started.t_ns, life.forked_by.offset


class _Book:
    """Finds the life that a message is about; makes one where only messages know it."""

    def __init__(self, lives: dict[int, list[Life]]) -> None:
        self._lives = lives

    def take(self, message: OwnMessage) -> None:
        kind = message.kind
        if kind is _K.NEW_WORKER and message.subject.isdecimal():
            self._start(message)
        elif kind in _EXITS and message.subject.isdecimal():
            self._exit(message)
        elif kind in _PROXY_KINDS or kind is _K.HARD_STOP or kind is _K.PAUSE_REFUSED:
            self._of_worker(message)

    def _of_worker(self, message: OwnMessage) -> None:
        life = self._find(message, message.pid)
        life.show(message.place)
        if message.kind in _PROXY_KINDS and _is_of_user(message.subject):
            life.frontends.add(message.subject)
        if message.kind in _STOPS:
            life.stop_asked = first_of(life.stop_asked, message.at)
        elif message.kind is _K.HARD_STOP:
            life.hard_stopped = first_of(life.hard_stopped, message.at)
        elif message.kind is _K.PROXY_HARD_STOPPED:
            life.cut_connections += message.number

    def _start(self, message: OwnMessage) -> None:
        pid = int(message.subject)
        of_pid = self._lives[pid]
        # A life whose traffic began before its fork is another one, that had the same pid.
        fresh = next((x for x in of_pid if x.started is None and not _is_before(x, message.at)), None)
        if fresh is None:
            fresh = Life(message.host, message.program, pid)
            of_pid.append(fresh)
        fresh.started, fresh.master, fresh.forked_by = message.at, message.pid, message.place
        fresh.show(message.place)

    def _exit(self, message: OwnMessage) -> None:
        life = self._find(message, int(message.subject))
        life.exited, life.exit_code = message.at, message.number
        life.master = life.master or message.pid
        life.current_at_exit = message.kind is _K.CURRENT_WORKER_EXITED
        life.show(message.place)

    def _find(self, message: OwnMessage, pid: int) -> Life:
        """Return the life of a pid at the time of a message: the last one that had begun by then."""
        of_pid = self._lives[pid]
        begun = [x for x in of_pid if x.begin is None or x.begin.t_ns <= message.at.latest_ns]
        if begun:
            return max(begun, key=lambda x: x.begin.t_ns if x.begin else 0)
        if of_pid:
            return of_pid[0]
        life = Life(message.host, message.program, pid)
        if message.kind is not _K.NEW_WORKER:
            life.first_line = message.at
        of_pid.append(life)
        return life


def _is_before(life: Life, moment: Moment) -> bool:
    first = earlier(life.first_accept, life.first_line)
    return first is not None and first.latest_ns < moment.t_ns - NANOSECONDS_PER_SECOND


def _is_of_user(proxy: str) -> bool:
    return proxy not in {"GLOBAL", "MASTER"} and not proxy.startswith("<")


def _split_by_reuse(activity: ProcessActivity, begins: Sequence[int]) -> list[Life]:
    """Return one life for each process that had the pid: pids come again after as many forks as there are pids."""
    seconds = sorted(activity.accepts)
    parts: list[list[int]] = [[]]
    for second in seconds:
        last = parts[-1][-1] if parts[-1] else second
        if second - last > _REUSE_GAP_S and any(last < begin < second for begin in begins):
            parts.append([])
        parts[-1].append(second)
    if len(parts) == 1:
        return [_life(activity, activity.accepts, activity.first_accept, activity.last_accept)]
    lives = []
    for number, part in enumerate(parts):
        begin = activity.first_accept if number == 0 else _moment(part[0], activity)
        end = activity.last_accept if number == len(parts) - 1 else _moment(part[-1], activity)
        life = _life(activity, {s: activity.accepts[s] for s in part}, begin, end)
        life.lines = sum(life.accepts.values())
        life.first_line, life.last_line = begin, end
        lives.append(life)
    return lives


def _life(
    activity: ProcessActivity, accepts: Mapping[int, int], first: Moment | None, last: Moment | None
) -> Life:
    return Life(
        activity.host,
        activity.program,
        activity.pid,
        first_accept=first,
        last_accept=last,
        first_line=activity.first_line,
        last_line=activity.last_line,
        lines=activity.lines,
        accepts=accepts,
        bucket_s=activity.bucket_s,
        frontends=set(activity.frontends),
        places=list(activity.places),
    )


def _moment(second: int, activity: ProcessActivity) -> Moment:
    assert activity.first_accept is not None, "there are accepts"
    return Moment(
        t_ns=second * NANOSECONDS_PER_SECOND,
        error_ns=activity.bucket_s * NANOSECONDS_PER_SECOND,
        clock=activity.first_accept.clock,
    )
