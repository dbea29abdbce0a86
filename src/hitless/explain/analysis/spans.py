"""Which lines belong to which change: its window for every process, and what its old processes do after it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hitless.explanations import Role
from hitless.logged import Change, ChangeKind
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["NOBODY", "Span", "assign", "plan_spans", "role_of"]

NOBODY = -1
_AFTER_S = 3
"""What a change does to clients shows within this; what old processes still finish counts besides."""
_K = ChangeKind
_LEAVES_OLD = frozenset({_K.RELOAD, _K.RESTART, _K.REPLACED, _K.CRASH, _K.STOP, _K.HARD_STOP})
Seconds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Span:
    """One change and its time, in seconds since 1970: from `begin_s` to before `end_s`."""

    number: int
    change: Change
    begin_s: int
    end_s: int

    @property
    def old_pids(self) -> frozenset[int]:
        """The processes of which everything from its begin on belongs to the change."""
        return frozenset(self.change.old_pids) if self.change.kind in _LEAVES_OLD else frozenset()


def plan_spans(changes: Sequence[Change]) -> list[Span]:
    """Return the span of each change, in their order, numbered from 1."""
    return [_span(number, change) for number, change in enumerate(changes, 1)]


def _span(number: int, change: Change) -> Span:
    over_ns = max(change.at.latest_ns, change.until.latest_ns if change.until is not None else 0)
    over_ns = max(over_ns, change.at.t_ns + change.refused_ns + change.unserved_ns)
    end_s = -(-over_ns // NANOSECONDS_PER_SECOND)
    return Span(number, change, change.at.t_ns // NANOSECONDS_PER_SECOND, max(end_s, 1) + _AFTER_S)


def assign(spans: Sequence[Span], seconds: Seconds, pids: Seconds) -> Seconds:
    """Return for each line, by its second and pid, the index of its span; NOBODY for those that belong to none.

    A hard stop comes before the reload that it ends, an old process's own change before a window of all processes,
    and of several windows the one whose time is known best, then the last that had begun.
    """
    owner = np.full(len(seconds), NOBODY, dtype=np.int64)
    for index in sorted(range(len(spans)), key=lambda n: (-_vagueness(spans[n]), spans[n].begin_s)):
        span = spans[index]
        owner[(seconds >= span.begin_s) & (seconds < span.end_s) & _concerns_all(span, pids)] = index
    order = sorted(range(len(spans)), key=lambda n: (spans[n].change.kind is _K.HARD_STOP, spans[n].begin_s))
    for index in order:
        span = spans[index]
        if span.old_pids:
            mine = np.isin(pids, sorted(span.old_pids)) & (seconds >= span.begin_s)
            owner[mine & (seconds < _bound(span))] = index
    return owner


def _concerns_all(span: Span, pids: Seconds) -> npt.NDArray[np.bool_]:
    """A hard stop is about one process."""
    if span.change.kind is _K.HARD_STOP:
        return np.isin(pids, sorted(span.old_pids))
    return np.ones(len(pids), dtype=bool)


def _vagueness(span: Span) -> int:
    """Return within how many seconds it is known when a change was; 1 and less are alike."""
    return max(1, span.change.at.error_ns // NANOSECONDS_PER_SECOND)


def _bound(span: Span) -> int:
    """Return until when a pid is the old process: it may be given to another one days later."""
    return span.begin_s + 7 * 86_400


def role_of(change: Change, pid: int) -> Role:
    """Return what a process is in a change."""
    if pid and pid in change.old_pids:
        return Role.OLD
    if pid and pid in change.new_pids:
        return Role.NEW
    return Role.OTHER
