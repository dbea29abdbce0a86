"""Which sessions are closed at which moment, so that the rate is even. Pure: time is a number that the caller gives.

The pace follows what is left: what ends by itself is not waited for, what appears is closed within the time too. Who is
late does not catch up in a burst: what is left is spread over the time that is left, at no more than twice the pace
of the start.
"""

from __future__ import annotations

import math
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING

from hitless.drains import ClosePlan, PlannedClose
from hitless.reload.drain.generations import seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hitless.reload.drain.process_facts import Session

__all__ = [
    "Order",
    "Pace",
    "Queue",
    "has_aged",
    "is_same",
    "order_sessions",
    "plan_waves",
    "select_sessions",
]

_BATCH_S = 0.05
"""What is due within so short a time is done at once: no clock of a busy machine is finer."""
_TICK_S = 0.0001
_FASTEST = 2.0
_CLOCKS_S = 3.0
"""By so much the clocks of HAProxy's threads, and whole seconds, may be off."""
_MOST_PLANNED = 10


class Order(StrEnum):
    """Who is closed first."""

    OLDEST = "oldest"
    IDLEST = "idlest"


def select_sessions(sessions: Iterable[Session], frontends: Collection[str]) -> list[Session]:
    """Return the sessions of clients, with `frontends` only of these."""
    return [s for s in sessions if s.row.frontend and (not frontends or s.row.frontend in frontends)]


def order_sessions(sessions: Iterable[Session], order: Order) -> list[Session]:
    """Return the sessions, the one to be closed first at the front.

    Where nobody could see how idle they are, the one whose timeout comes first is the idlest.
    """
    if order is Order.OLDEST:
        return sorted(sessions, key=lambda s: (-_number(s.age_s), s.key))
    return sorted(
        sessions,
        key=lambda s: (
            -_number(s.idle_s),
            math.inf if s.row.expires_s is None else s.row.expires_s,
            -_number(s.age_s),
            s.key,
        ),
    )


def is_same(before: Session, now: Session) -> bool:
    """Return whether this is still the session that was seen before under its address, and not a later one."""
    if (before.row.source, before.row.frontend) != (now.row.source, now.row.frontend):
        return False
    return has_aged(before, now.age_s, now.seen_s)


def has_aged(before: Session, age_s: float | None, now_s: float) -> bool:
    """Return whether a session that is so old now can be the one that was seen before.

    HAProxy says an age in two units: minutes and seconds, hours and minutes, days and hours.
    """
    if before.age_s is None or age_s is None:
        return True
    unit_s = 3600.0 if age_s >= 86400 else 60.0 if age_s >= 3600 else 1.0
    return age_s + unit_s + _CLOCKS_S >= before.age_s + now_s - before.seen_s


def _number(value: float | None) -> float:
    return -1.0 if value is None else value


class Pace:
    """Says when the next is due. Times are seconds since the start."""

    def __init__(self, count: int, over_s: float) -> None:
        self._over_s = over_s
        self._first_interval_s = over_s / max(1, count)
        self._next_s = self._first_interval_s / 2
        self._due_s = self._next_s

    @property
    def due_s(self) -> float:
        """When the last one that `take` gave was due."""
        return self._due_s

    def wait_s(self, now_s: float) -> float:
        """Return how long nothing is due."""
        return max(0.0, self._next_s - now_s)

    def take(self, now_s: float, left: int) -> bool:
        """Return whether one is due now, `left` being those that are still to be closed, this one included."""
        if left <= 0 or now_s + _TICK_S < self._next_s:
            return False
        self._due_s = self._next_s
        start_s = now_s if now_s - self._next_s > _BATCH_S else self._next_s
        interval_s = max((self._over_s - start_s) / (left - 0.5), self._first_interval_s / _FASTEST)
        self._next_s = start_s + interval_s
        return True


class Queue:
    """The sessions that are still to be closed, in their order."""

    def __init__(self, sessions: Iterable[Session], order: Order) -> None:
        self._order = order
        self._waiting: deque[Session] = deque(order_sessions(sessions, order))
        self._known = {s.key: s for s in self._waiting}
        self.appeared = 0
        self.gone = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Session:
        """Return the next one, which is no longer waiting."""
        return self._waiting.popleft()

    def put_back(self, session: Session) -> None:
        """Let a session wait again, behind all others: it was to be closed and is still there."""
        self._waiting.append(session)

    def refresh(self, pid: int, sessions: Sequence[Session], *, take_new: bool = True) -> None:
        """Take notice of the sessions that a process has now: some have ended by themselves, some are new."""
        now = {s.key: s for s in sessions}
        others = [s for s in self._waiting if s.pid != pid]
        kept = [now[s.key] for s in self._waiting if s.pid == pid and s.key in now and is_same(s, now[s.key])]
        self.gone += len(self._waiting) - len(others) - len(kept)
        new = [
            s
            for key, s in (now.items() if take_new else ())
            if key not in self._known or not is_same(self._known[key], s)
        ]
        self.appeared += len(new)
        self._known |= {s.key: s for s in (*kept, *new)}
        self._waiting = deque(order_sessions([*others, *kept, *new], self._order))

    def drop(self, pid: int) -> int:
        """Forget the sessions of a process; return how many there were."""
        before = len(self._waiting)
        self._waiting = deque(s for s in self._waiting if s.pid != pid)
        return before - len(self._waiting)


def plan_waves(sessions: Iterable[Session], order: Order, over_s: float) -> ClosePlan:
    """Return what closing these sessions over this time would do, if nothing changes meanwhile."""
    ordered = order_sessions(sessions, order)
    interval_s = over_s / max(1, len(ordered))
    generations: dict[int, int] = {}
    frontends: dict[str, int] = {}
    for session in ordered:
        generations[session.pid] = generations.get(session.pid, 0) + 1
        frontends[session.row.frontend] = frontends.get(session.row.frontend, 0) + 1
    return ClosePlan(
        sessions=len(ordered),
        over_s=over_s,
        interval_s=interval_s,
        order=order.value,
        by_generation=tuple(generations.items()),
        by_frontend=tuple(sorted(frontends.items(), key=lambda item: (-item[1], item[0]))),
        first=tuple(
            PlannedClose(at_s=interval_s * (i + 0.5), pid=s.pid, session=seen(s))
            for i, s in enumerate(ordered[:_MOST_PLANNED])
        ),
        last_at_s=interval_s * (len(ordered) - 0.5) if ordered else 0.0,
    )
