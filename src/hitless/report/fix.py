"""What `hitless fix` prints: the diff, what it removes, what stays, what to run next. Records in, text out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from hitless.fixes import FixReport
from hitless.report.plain import neutralise, neutralise_all, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.findings import Finding

__all__ = ["json_schema", "render_json", "render_text"]

_COLOURS = {"+": "32", "-": "31", "@": "36"}


def render_json(report: FixReport) -> str:
    """Return the report as JSON (docs/json-schema/fix-1.json)."""
    return json.dumps(neutralise_all(msgspec.to_builtins(report)), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `hitless fix --format json` writes",
        **msgspec.json.schema(FixReport),
    }
    plain: dict[str, Any] = json.loads(json.dumps(document))  # msgspec leaves tuples as defaults
    return plain


def render_text(report: FixReport, *, width: int, colour: bool) -> str:
    """Return the report for a terminal of this width."""
    lines = [*_diff(report, colour=colour), *_summary(report, width)]
    return "\n".join(lines) + "\n"


def _diff(report: FixReport, *, colour: bool) -> Iterator[str]:
    for change in report.changes:
        for line in change.diff:
            text = neutralise(line.replace("\t", "    "))
            code = _COLOURS.get(line[:1]) if colour and not line.startswith(("+++", "---")) else None
            yield f"\x1b[{code}m{text}\x1b[0m" if code else text
    if report.changes:
        yield ""


def _summary(report: FixReport, width: int) -> Iterator[str]:
    if not report.changes:
        yield "Nothing to change." if not report.left else "Nothing that may be changed by itself."
    for finding in report.fixed:
        yield from _wrapped("removes  ", _title(finding), width)
    for left in report.left:
        yield from _wrapped("stays    ", f"{_title(left.finding)}: {left.why}", width)
        fix = left.finding.fix
        if fix is not None:
            yield from _wrapped("         ", f"fix: {fix.summary}", width)
    if report.applied:
        yield from _applied(report, width)
    elif report.changes:
        yield from _wrapped(
            "next     ", "hitless fix --apply (with the same words) makes these changes", width
        )


def _applied(report: FixReport, width: int) -> Iterator[str]:
    for change in report.changes:
        yield from _wrapped("written  ", change.path, width)
    for check in report.checks:
        yield from _wrapped("accepted ", f"by {check}", width)
    if report.backup:
        yield from _wrapped("undo     ", f"hitless fix --undo {report.backup}", width)
    for step in report.next:
        yield from _wrapped("next     ", f"{step.command}    ({step.why})", width)


def _title(finding: Finding) -> str:
    where = f"{finding.place.where}: " if finding.place else ""
    return f"{finding.code} {finding.name}  {where}{finding.message}"


def _wrapped(label: str, text: str, width: int) -> Iterator[str]:
    for number, line in enumerate(wrap(neutralise(text), max(20, width - len(label)))):
        yield (label if number == 0 else " " * len(label)) + line
