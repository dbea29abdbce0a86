"""What `hitless fix` prints: the diff, what it removes, what stays, what to run next. Records in, text out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from hitless.fixes import FixReport
from hitless.report.changes import applied_lines, diff_lines, labelled
from hitless.report.document import record_schema
from hitless.report.plain import neutralise_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.findings import Finding

__all__ = ["json_schema", "render_json", "render_text"]


def render_json(report: FixReport) -> str:
    """Return the report as JSON (docs/json-schema/fix-1.json)."""
    return json.dumps(neutralise_all(msgspec.to_builtins(report)), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    return record_schema(FixReport, "What `hitless fix --format json` writes")


def render_text(report: FixReport, *, width: int, colour: bool) -> str:
    """Return the report for a terminal of this width."""
    lines = [*diff_lines(report.changes, colour=colour), *_summary(report, width)]
    return "\n".join(lines) + "\n"


def _summary(report: FixReport, width: int) -> Iterator[str]:
    if not report.changes:
        yield "Nothing to change." if not report.left else "Nothing that may be changed by itself."
    for finding in report.fixed:
        yield from labelled("removes  ", _title(finding), width)
    for left in report.left:
        yield from labelled("stays    ", f"{_title(left.finding)}: {left.why}", width)
        fix = left.finding.fix
        if fix is not None:
            yield from labelled("         ", f"fix: {fix.summary}", width)
    if report.applied:
        yield from applied_lines(report, width)
    elif report.changes:
        yield from labelled(
            "next     ", "hitless fix --apply (with the same words) makes these changes", width
        )


def _title(finding: Finding) -> str:
    where = f"{finding.place.where}: " if finding.place else ""
    return f"{finding.code} {finding.name}  {where}{finding.message}"
