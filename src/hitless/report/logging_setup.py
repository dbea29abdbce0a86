"""What `hitless logs init` prints of a configuration: the diff, what stays, what to run next. Records in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.report.changes import applied_lines, diff_lines, labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.fixes import LoggingReport

__all__ = ["render_text"]


def render_text(report: LoggingReport, *, width: int, colour: bool) -> str:
    """Return the report for a terminal of this width."""
    lines = [*diff_lines(report.changes, colour=colour), *_summary(report, width)]
    return "\n".join(lines) + "\n"


def _summary(report: LoggingReport, width: int) -> Iterator[str]:
    if not report.changes:
        yield "Nothing to change."
    for note in report.notes:
        yield from labelled("note     ", f"{note.where}: {note.text}" if note.where else note.text, width)
    if report.applied:
        yield from applied_lines(report, width)
    elif report.changes:
        yield from labelled(
            "next     ", "hitless logs init --apply (with the same words) makes these changes", width
        )
