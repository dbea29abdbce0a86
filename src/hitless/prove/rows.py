"""The attempts of a run as one numpy table, divided into control and reload, judged against what is normal. Pure.

Shapes: every mask and column has one element per row, in the order of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hitless.attempts import FLAG_IN_PROGRESS, FLAG_RETRY, OUTCOME_CODES
from hitless.records import Outcome
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hitless.records import Stream

    Rows = npt.NDArray[np.void]
    Mask = npt.NDArray[np.bool_]

__all__ = ["Baseline", "Periods", "background_allowance", "divide", "measure_baseline", "normalise"]

_OK = OUTCOME_CODES[Outcome.OK]
_SLOW = OUTCOME_CODES[Outcome.SLOW]
_HTTP_5XX = OUTCOME_CODES[Outcome.HTTP_5XX]
_HTTP_UNEXPECTED = OUTCOME_CODES[Outcome.HTTP_UNEXPECTED]

NORMAL_STATUS_SHARE = 0.01
"""A status that so many of the control run's answers had is what this frontend normally says."""
SLOW_FACTOR = 3
"""`slow` stands only beyond so many times the slowest answer of the control run: a busy machine is not a drop."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Which naive attempts belong to the control run and which were under reload; `retries` are neither."""

    control: Mask
    reload: Mask
    retries: Mask


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is normal for one stream."""

    attempts: int
    failures: dict[int, int]
    """Outcome code to how often the control run showed it (failures only)."""
    normal_statuses: frozenset[int]
    slowest_s: float


def divide(rows: Rows, *, control_start_ns: int, control_end_ns: int, load_stop_ns: int) -> Periods:
    """Divide the attempts: control is what ended before the first reload, reload what was still to end then.

    What the run's own end interrupted unharmed counts as under reload (it went through all of them). What began
    before the control run (warming up) or after the load was stopped is in neither.
    """
    retries = (rows["flags"] & FLAG_RETRY) != 0
    naive = ~retries
    in_progress = (rows["flags"] & FLAG_IN_PROGRESS) != 0
    control = naive & (rows["end_ns"] < control_end_ns) & (rows["start_ns"] >= control_start_ns)
    reload = naive & (rows["end_ns"] >= control_end_ns) & (in_progress | (rows["start_ns"] <= load_stop_ns))
    return Periods(control, reload, retries)


def measure_baseline(rows: Rows, periods: Periods, stream: Stream) -> Baseline:
    """Read from the control run what is normal for one stream."""
    mine = rows[periods.control & (rows["stream"] == stream.number)]
    statuses, counts = np.unique(mine["status"][mine["status"] > 0], return_counts=True)
    enough = max(1.0, NORMAL_STATUS_SHARE * counts.sum()) if len(counts) else 1.0
    normal = frozenset(int(s) for s, count in zip(statuses, counts, strict=True) if count >= enough)
    failed = (mine["outcome"] != _OK) & (mine["outcome"] != _SLOW)
    failed &= ~((mine["outcome"] == _HTTP_5XX) & np.isin(mine["status"], list(normal)))
    codes, failures = np.unique(mine["outcome"][failed], return_counts=True)
    durations = (mine["end_ns"] - mine["intended_ns"])[~failed]
    slowest_s = float(durations.max()) / NANOSECONDS_PER_SECOND if len(durations) else 0.0
    return Baseline(
        len(mine), {int(c): int(n) for c, n in zip(codes, failures, strict=True)}, normal, slowest_s
    )


def normalise(rows: Rows, baselines: dict[int, Baseline], streams: Sequence[Stream]) -> Rows:
    """Return the rows with outcomes set against what is normal for their stream.

    A 5xx that the control run showed as usual is `ok`; a status of 400 or more that it never showed is
    `http_unexpected`; `slow` stands only if the control run was nowhere near as slow.
    """
    judged = rows.copy()
    outcome = judged["outcome"]
    for stream in streams:
        baseline = baselines[stream.number]
        mine = rows["stream"] == stream.number
        normal = np.isin(rows["status"], list(baseline.normal_statuses))
        outcome[mine & (outcome == _HTTP_5XX) & normal] = _OK
        outcome[mine & (outcome == _OK) & (rows["status"] >= 400) & ~normal] = _HTTP_UNEXPECTED
        bound_s = max(stream.slow_s + stream.duration_s, SLOW_FACTOR * baseline.slowest_s)
        duration_ns = rows["end_ns"] - rows["intended_ns"]
        outcome[mine & (outcome == _SLOW) & (duration_ns <= bound_s * NANOSECONDS_PER_SECOND)] = _OK
    return judged


def background_allowance(baseline: Baseline, outcome_code: int, attempts: int) -> int:
    """Return how many failures of this kind the control run leads to expect among so many attempts.

    The control run's rate, scaled, plus two standard deviations: more than that is the reload's doing. A kind that
    the control run never showed has no allowance.
    """
    seen = baseline.failures.get(outcome_code, 0)
    if not seen or not baseline.attempts:
        return 0
    expected = seen / baseline.attempts * attempts
    return int(np.ceil(expected + 2.0 * np.sqrt(expected)))
