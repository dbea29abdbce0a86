"""Changes of files as a terminal shows them: their diff, and how they were made. Records in, lines out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.report.plain import neutralise, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.fixes import ChangedFile, FixReport, LoggingReport

__all__ = ["applied_lines", "diff_lines", "labelled"]

_COLOURS = {"+": "32", "-": "31", "@": "36"}


def diff_lines(changes: Sequence[ChangedFile], *, colour: bool) -> Iterator[str]:
    """Yield the diffs, and an empty line behind them."""
    for change in changes:
        for line in change.diff:
            text = neutralise(line.replace("\t", "    "))
            code = _COLOURS.get(line[:1]) if colour and not line.startswith(("+++", "---")) else None
            yield f"\x1b[{code}m{text}\x1b[0m" if code else text
    if changes:
        yield ""


def applied_lines(report: FixReport | LoggingReport, width: int) -> Iterator[str]:
    """Yield what was written, who accepted it, how it is taken back, and what comes next."""
    for change in report.changes:
        yield from labelled("written  ", change.path, width)
    for check in report.checks:
        yield from labelled("accepted ", f"by {check}", width)
    if report.backup:
        yield from labelled("undo     ", f"hitless fix --undo {report.backup}", width)
    for step in report.next:
        yield from labelled("next     ", f"{step.command}    ({step.why})", width)


def labelled(label: str, text: str, width: int) -> Iterator[str]:
    """Yield a text behind its label, wrapped and made harmless."""
    for number, line in enumerate(wrap(neutralise(text), max(20, width - len(label)))):
        yield (label if number == 0 else " " * len(label)) + line
