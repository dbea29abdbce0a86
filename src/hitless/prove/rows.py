"""The attempts of a run as one numpy table, divided into control and reload, judged against what is normal. Pure.

Shapes: every mask and column has one element per row, in the order of the table.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hitless.attempts import FLAG_IN_PROGRESS, FLAG_RETRY, OUTCOME_CODES
from hitless.records import Outcome
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from hitless.records import Stream

    Rows = npt.NDArray[np.void]
    Mask = npt.NDArray[np.bool_]

__all__ = [
    "MOSTLY_FAILED",
    "Baseline",
    "Kind",
    "Normal",
    "Periods",
    "background_allowance",
    "divide",
    "measure_baseline",
    "measure_normal",
    "normalise",
    "without_streams",
]

_OK = OUTCOME_CODES[Outcome.OK]
_SLOW = OUTCOME_CODES[Outcome.SLOW]
_HTTP_5XX = OUTCOME_CODES[Outcome.HTTP_5XX]
_HTTP_UNEXPECTED = OUTCOME_CODES[Outcome.HTTP_UNEXPECTED]
_ANSWERED = (_HTTP_UNEXPECTED, _SLOW)
_FIRST_ERROR_STATUS, _FIRST_5XX_STATUS = 400, 500

USUAL_SHARE = 0.5
"""A status below 500 that so large a share of the control run's answers had is what this frontend says. A rarer error
has a rate, and only what the reload adds to it counts."""
USUAL_5XX_SHARE = 0.99
"""A frontend that answers 5xx says so always; one that fails now and then is broken, and its failures count."""
SLOW_FACTOR = 3
SLOW_PERCENTILE = 99
"""`slow` stands only beyond so many times this percentile of the control run: a busy machine is not a drop."""
MOSTLY_FAILED = 0.05
"""A stream of which the control run already lost so large a share cannot show what a reload changes."""

Kind = tuple[int, int]
"""How an attempt failed: its outcome code and its HTTP status (0 without one)."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Which naive attempts belong to the control run and which were under reload; `retries` are neither."""

    control: Mask
    reload: Mask
    retries: Mask


@dataclass(frozen=True, slots=True)
class Normal:
    """What the control run says is no failure for one stream."""

    statuses: frozenset[int]
    """What it usually answers, be it an error."""
    slow_s: float
    """Attempts up to here are not slow."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """How one stream fares without a reload."""

    attempts: int
    failures: dict[Kind, int]
    """How often the control run failed in which way."""

    @property
    def lost(self) -> dict[Kind, int]:
        """The failures that got no good answer. An error below 500 is an answer, and slow is late."""
        return {kind: count for kind, count in self.failures.items() if kind[0] not in _ANSWERED}


def divide(rows: Rows, *, control_start_ns: int, control_end_ns: int, load_stop_ns: int) -> Periods:
    """Divide the attempts: control is what ended before the first reload, reload what was still to end then.

    What the run's own end interrupted unharmed counts as under reload (it went through all of them), and so does what
    began while warming up and lasted. What ended while warming up, or began after the load was stopped, is in neither.
    """
    retries = (rows["flags"] & FLAG_RETRY) != 0
    naive = ~retries
    in_progress = (rows["flags"] & FLAG_IN_PROGRESS) != 0
    control = naive & (rows["end_ns"] < control_end_ns) & (rows["end_ns"] >= control_start_ns)
    reload = naive & (rows["end_ns"] >= control_end_ns) & (in_progress | (rows["start_ns"] <= load_stop_ns))
    return Periods(control, reload, retries)


def without_streams(periods: Periods, rows: Rows, streams: Iterable[int]) -> Periods:
    """Return the periods without the attempts of some streams."""
    counted = ~np.isin(rows["stream"], list(streams))
    return Periods(periods.control & counted, periods.reload & counted, periods.retries & counted)


def measure_normal(rows: Rows, periods: Periods, stream: Stream, streams: Iterable[Stream] = ()) -> Normal:
    """Read from the control run what one stream usually gets.

    Of a stream whose answers last longer than the control run, those of `streams` at its address tell its statuses.
    """
    mine = rows[periods.control & (rows["stream"] == stream.number)]
    answers = mine
    if not len(mine):
        siblings = [other.number for other in streams if other.target == stream.target]
        answers = rows[periods.control & np.isin(rows["stream"], siblings)]
    statuses, counts = np.unique(answers["status"][answers["status"] > 0], return_counts=True)
    wanted = np.where(statuses >= _FIRST_5XX_STATUS, USUAL_5XX_SHARE, USUAL_SHARE)
    usual = statuses[counts >= wanted * counts.sum()]
    answered = mine[(mine["outcome"] == _OK) | (mine["outcome"] == _SLOW)]
    slow_s = stream.slow_s + stream.duration_s
    if len(answered):
        durations_ns = answered["end_ns"] - answered["intended_ns"]
        usual_s = float(np.percentile(durations_ns, SLOW_PERCENTILE)) / NANOSECONDS_PER_SECOND
        slow_s = max(slow_s, SLOW_FACTOR * usual_s)
    return Normal(frozenset(usual.tolist()), slow_s)


def normalise(rows: Rows, normal: Mapping[int, Normal]) -> Rows:
    """Return the rows with outcomes set against what is normal for their stream (by its number).

    A 5xx that the control run showed as usual is `ok`; a status of 400 or more that was not usual there is
    `http_unexpected`; `slow` stands only if the control run was nowhere near as slow.
    """
    judged = rows.copy()
    outcome = judged["outcome"]
    duration_ns = rows["end_ns"] - rows["intended_ns"]
    for number, usual in normal.items():
        mine = rows["stream"] == number
        expected = np.isin(rows["status"], list(usual.statuses))
        outcome[mine & (outcome == _HTTP_5XX) & expected] = _OK
        outcome[mine & (outcome == _OK) & (rows["status"] >= _FIRST_ERROR_STATUS) & ~expected] = (
            _HTTP_UNEXPECTED
        )
        outcome[mine & (outcome == _SLOW) & (duration_ns <= usual.slow_s * NANOSECONDS_PER_SECOND)] = _OK
    return judged


def measure_baseline(judged: Rows, periods: Periods, stream: Stream) -> Baseline:
    """Count how the control run of one stream failed, in rows that `normalise` has been through."""
    mine = judged[periods.control & (judged["stream"] == stream.number)]
    failed = mine[mine["outcome"] != _OK]
    kinds = Counter(zip(failed["outcome"].tolist(), failed["status"].tolist(), strict=True))
    return Baseline(len(mine), dict(kinds))


def background_allowance(baseline: Baseline, kind: Kind, attempts: int) -> int:
    """Return how many failures of this kind the control run leads to expect among so many attempts.

    The control run's rate, scaled, plus two standard deviations: more than that is the reload's doing. A kind that
    the control run never showed has no allowance.
    """
    seen = baseline.failures.get(kind, 0)
    if not seen or not baseline.attempts:
        return 0
    expected = seen / baseline.attempts * attempts
    return int(expected + 2.0 * np.sqrt(expected))
