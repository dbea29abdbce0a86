"""What was lost, in few words: shared by the table, Markdown and the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.labs import Status

if TYPE_CHECKING:
    from hitless.labs import LabReport, ScenarioResult, VariantResult

__all__ = ["MARKS", "bound", "loss", "losses", "steadiness", "summary"]

MARKS = {Status.GREEN: "ok", Status.RED: "RED", Status.UNKNOWN: "?"}
_OUTCOME_WORDS = {
    "http_5xx": "5xx",
    "http_unexpected": "4xx",
    "stale_reuse": "stale reuse",
    "connect_reset": "reset on connect",
    "reset_before_response": "reset",
    "empty_reply": "empty reply",
    "stream_cut": "streams cut",
    "goaway_lost": "lost at GOAWAY",
    "connect_timeout": "connect timeout",
    "response_timeout": "no answer",
}
_SHOWN = 3


def losses(result: ScenarioResult) -> tuple[str, str]:
    """Return what was lost broken, and fixed: "20 stale reuse", "0 of 412", or what differs, without clients."""
    return loss(result.broken, result.fixed), loss(result.fixed, result.broken)


def steadiness(result: ScenarioResult) -> str:
    """Return how often each variant came out as it must: "20 and 20 of 20"; "" where each ran once."""
    if result.broken.times == 1:
        return ""
    return f"{result.broken.green_times} and {result.fixed.green_times} of {result.fixed.times}"


def loss(run: VariantResult, other: VariantResult) -> str:
    """Return what a run lost, or what it saw that the other one saw otherwise."""
    if run.status is Status.UNKNOWN:
        return "not known"
    if run.verdict:
        if run.lost:
            most = sorted(run.lost.items(), key=lambda item: -item[1])
            text = ", ".join(
                f"{count} {_OUTCOME_WORDS.get(name, name.replace('_', ' '))}" for name, count in most
            )
            return (
                text
                if not run.gap_ms or run.gap_ms < 1
                else f"{text}; nobody listened for {_time(run.gap_ms)}"
            )
        failed = run.seen.get("reloads.failed", 0)
        return f"0 of {run.attempts}" + (f"; {failed} reloads failed" if failed else "")
    return _seen(run, other)


def _time(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


def _seen(run: VariantResult, other: VariantResult) -> str:
    """Return the observations that the scenario asks for, without those of the audit; first those that differ."""
    names = dict.fromkeys((*run.expected, *other.expected))
    asked = [name for name in names if not name.startswith("audit.") and name in run.seen]
    differing = [name for name in asked if run.seen[name] != other.seen.get(name)]
    asked = differing or asked
    parts = [f"{name} = {_value(run.seen[name])}" for name in asked[:_SHOWN]]
    return ", ".join(parts) or "nothing was lost"


def _value(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def bound(run: VariantResult) -> str:
    """Return how likely a loss could still be, as a share: "< 0.7 %"; "" without clients."""
    return f"< {run.bound * 100:.2g} %" if run.bound is not None and not run.lost else ""


def summary(report: LabReport) -> str:
    """Return the last line: how many are green, red and unknown, and what was absent."""
    counts = {status: sum(1 for r in report.results if r.status is status) for status in Status}
    parts = [f"{counts[Status.GREEN]} of {len(report.results)} green"]
    if counts[Status.RED]:
        parts.append(f"{counts[Status.RED]} red")
    if counts[Status.UNKNOWN]:
        parts.append(f"{counts[Status.UNKNOWN]} could not be judged")
    if report.absent:
        parts.append(f"{len(report.absent)} absent")
    return f"{', '.join(parts)}; {report.duration_s:.0f} s"
