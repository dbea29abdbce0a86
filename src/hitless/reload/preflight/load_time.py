"""How long HAProxy loads: certificates, maps, Lua and names to resolve, as its own check just loaded them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.findings import Evidence
from hitless.reload.preflight.answers import Answers
from hitless.units import format_duration

if TYPE_CHECKING:
    from hitless.reloads import PreflightCheck

__all__ = ["judge_load_time"]

_ANSWER = Answers("load-time")
_SOURCE = "wall time of HAProxy's own check"
_NEAR = 0.5
"""From this part of the budget on it is said: the reload may wait for a busy processor."""


def judge_load_time(duration_s: float | None, budget_s: float) -> PreflightCheck:
    """Judge the seconds that a check took, None for one that did not end; a budget of 0 is no bound.

    The configuration is read in the same way by a check and by a reload; binding and starting threads come on top.
    """
    if duration_s is None:
        return _ANSWER.unknown("how long HAProxy loads was not measured")
    took = f"HAProxy loads this configuration in about {format_duration(duration_s)}"
    evidence = (Evidence(text=format_duration(duration_s), source=_SOURCE),)
    budget = format_duration(budget_s)
    if budget_s and duration_s > budget_s:
        return _ANSWER.failed(
            f"{took}: more than the {budget} that it may take",
            evidence,
            hint="Change certificates over the runtime API without a reload, or allow more time.",
        )
    if budget_s and duration_s > _NEAR * budget_s:
        return _ANSWER.warned(f"{took}, of {budget} that it may take", evidence)
    return _ANSWER.passed(took, evidence)
