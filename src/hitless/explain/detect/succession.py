"""Who took over from whom: processes that began together, and those that they replaced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hitless.explain.detect.attempts import Attempt
from hitless.explain.detect.lives import Life
from hitless.explain.detect.moments import earlier, later
from hitless.logged import Clock, Moment
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Succession", "read_successions"]

_SECOND = NANOSECONDS_PER_SECOND
_TOGETHER_NS = 2 * _SECOND
_FORK_NS = 5 * _SECOND
"""So long after it says that its proxies start a process has the first request."""
_SIDE_BY_SIDE = 0.5
"""Processes that began together and accepted together for this share of their time are one generation (nbproc)."""
_SETTLED_S = 30
"""So long after a takeover old processes may still answer on connections that are kept alive."""
_LOOKED_AT_S = 600
_STILL_SERVES = 0.1
"""An old process that has this share of what begins after that time was not replaced."""
_FEW = 5
_NEVER = Moment(t_ns=0, error_ns=0, clock=Clock.NONE)


@dataclass(slots=True)
class Succession:
    """Processes that began together, and those that served until then."""

    new: list[Life]
    old: list[Life] = field(default_factory=list)
    """What they replaced."""
    beside: list[Life] = field(default_factory=list)
    """What served before and goes on: another instance, or an old process that was never told to stop."""
    attempt: Attempt | None = None

    @property
    def begin(self) -> Moment:
        """The first sign of the new processes."""
        moments = [life.begin for life in self.new if life.begin is not None]
        return min(moments, key=lambda m: m.t_ns, default=_NEVER)

    @property
    def serves(self) -> Moment | None:
        """The first that a new process accepted."""
        first: Moment | None = None
        for life in self.new:
            first = earlier(first, life.first_accept or life.first_line)
        return first

    @property
    def last_before(self) -> Moment | None:
        """The last that an old process accepted before a new one did."""
        serves = self.serves
        last: Moment | None = None
        for life in self.old:
            last = later(last, _last_accept_before(life, serves))
        return last


def read_successions(lives: Sequence[Life], attempts: Sequence[Attempt]) -> list[Succession]:
    """Return the successions of one service in order of time, of its lives in order of their first sign."""
    groups = _groups(lives, {pid: n for n, attempt in enumerate(attempts) for pid in attempt.new_pids})
    found = [Succession(group) for group in groups]
    _give_named(found, attempts)
    _give_nameless(found, attempts)
    active: list[Life] = []
    total = _total_accepts(lives)
    for succession in found:
        since_ns = (succession.serves or succession.begin).t_ns
        for life in active:
            (succession.beside if _goes_on(life, since_ns, total) else succession.old).append(life)
        active = [*succession.beside, *succession.new]
    return found


def _give_named(found: Iterable[Succession], attempts: Sequence[Attempt]) -> None:
    """Give each succession the load that names its processes."""
    taken: set[int] = set()
    for succession in found:
        pids = {life.pid for life in succession.new}
        free = (a for a in attempts if pids & set(a.new_pids) and not a.failed and id(a) not in taken)
        succession.attempt = next(free, None)
        taken.add(id(succession.attempt))


def _give_nameless(found: Sequence[Succession], attempts: Sequence[Attempt]) -> None:
    """Give the others the loads that name no process (up to 2.3), by their times.

    Both are in order, and a load comes before what its process accepts first: so from the last on each gets the latest
    that is left. Taken from the first on, several in one second of a stamp would be given the wrong ones.
    """
    left = [a for a in attempts if not a.stated and not a.new_pids]
    for succession in reversed(found):
        if succession.attempt is not None:
            continue
        begin = succession.begin
        while left and left[-1].asked.t_ns > begin.latest_ns:
            left.pop()
        if left and begin.t_ns - left[-1].asked.latest_ns <= _FORK_NS:
            succession.attempt = left.pop()


def _groups(lives: Sequence[Life], attempt_of: Mapping[int, int]) -> Iterator[list[Life]]:
    group: list[Life] = []
    for life in lives:
        if group and not all(_began_together(life, other, attempt_of) for other in group):
            yield group
            group = []
        group.append(life)
    if group:
        yield group


def _began_together(one: Life, other: Life, attempt_of: Mapping[int, int]) -> bool:
    if one.started is not None and other.started is not None:
        return attempt_of.get(one.pid, -1) == attempt_of.get(other.pid, -2)
    first, second = one.begin, other.begin
    if first is None or second is None or abs(first.t_ns - second.t_ns) > _TOGETHER_NS:
        return False
    starts = [x.first_accept.t_ns for x in (one, other) if x.first_accept is not None]
    ends = [x.last_accept.latest_ns for x in (one, other) if x.last_accept is not None]
    if len(starts) < 2 or len(ends) < 2:
        return False
    shared = min(ends) - max(starts)
    shortest = min(end - start for start, end in zip(starts, ends, strict=True))
    return shared > _TOGETHER_NS and shared >= _SIDE_BY_SIDE * shortest


def _goes_on(life: Life, since_ns: int, total: Mapping[int, int]) -> bool:
    """Whether a process still takes a good share of what begins, long after others began."""
    settled = since_ns // _SECOND + _SETTLED_S
    until = settled + _LOOKED_AT_S
    own = sum(life.accepts.get(second, 0) for second in range(settled, until))
    if own < _FEW:
        return False
    everyone = sum(total.get(second, 0) for second in range(settled, until))
    return own >= _STILL_SERVES * everyone


def _total_accepts(lives: Sequence[Life]) -> dict[int, int]:
    total: dict[int, int] = {}
    for life in lives:
        for second, count in life.accepts.items():
            total[second] = total.get(second, 0) + count
    return total


def _last_accept_before(life: Life, bound: Moment | None) -> Moment | None:
    last = life.last_accept
    if last is None or bound is None or last.t_ns <= bound.latest_ns:
        return last
    seconds = [s for s in life.accepts if s * _SECOND <= bound.latest_ns]
    if not seconds:
        return None
    t_ns = min(max(seconds) * _SECOND, bound.t_ns)
    return Moment(t_ns=t_ns, error_ns=life.bucket_s * _SECOND, clock=last.clock)
