"""The lab's result as Markdown: one table of results, the claims, what was not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.labs import Status
from hitless.report.gfm import LEFT, bullets, code, code_span, plain_text, table
from hitless.report.lab.wording import MARKS, bound, losses, steadiness, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.labs import LabReport, ScenarioEntry, ScenarioResult

__all__ = ["cell", "render", "render_list"]


def render(report: LabReport) -> str:
    """Return the document."""
    head = [
        (name, LEFT)
        for name in ("", "scenario", "version", "mode", "broken", "fixed", "a loss is still possible")
    ]
    parts = [
        "## hitless lab",
        plain_text(summary(report)) + ".",
        table(head, (_row(result) for result in report.results), title="Scenarios"),
        _faults(report.results),
        table(
            [(name, LEFT) for name in ("claim", "version", "", "seen")],
            (
                (
                    plain_text(claim.text),
                    claim.version,
                    {True: "true", False: "**false**", None: "not known"}[claim.holds],
                    cell(claim.evidence),
                )
                for claim in report.claims
            ),
            title="Claims",
        ),
        "### Not run\n\n" + bullets(f"{one.what}: {one.why}" for one in report.absent)
        if report.absent
        else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(result: ScenarioResult) -> tuple[str, ...]:
    broken, fixed = losses(result)
    return (
        " · ".join(filter(None, (MARKS[result.status], steadiness(result)))),
        f"{result.code} {plain_text(result.name)}",
        result.version,
        result.mode,
        ("" if result.breaks else "not affected: ") + cell(broken),
        cell(fixed),
        bound(result.fixed).replace("<", "&lt;"),
    )


def cell(text: str) -> str:
    """Return a text for a table's cell."""
    return plain_text(text).replace("\n", " ")


def _faults(results: Sequence[ScenarioResult]) -> str:
    lines = [
        f"- {code(f'{result.code}-{result.name}')} on {result.version}, {run.variant}: "
        + (plain_text(run.why) or "; ".join(code(miss) for miss in run.misses))
        for result in results
        for run in (result.broken, result.fixed)
        if run.status is not Status.GREEN
    ]
    return "### Not as it must be\n\n" + "\n".join(lines) if lines else ""


def render_list(entries: Sequence[ScenarioEntry]) -> str:
    """Return the scenarios as a table."""
    head = [(name, LEFT) for name in ("scenario", "what happens", "breaks in", "modes", "needs")]
    rows = (
        (
            code_span(f"{entry.code}-{entry.name}"),
            plain_text(entry.title),
            ", ".join(entry.holds),
            ", ".join(entry.modes),
            ", ".join(entry.needs),
        )
        for entry in entries
    )
    return table(head, rows, title="Scenarios") + "\n"
