"""The generations of an instance as text for a terminal: how many, why each lives, whom its end will cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.report.drain.wording import (
    close_command,
    describe_group,
    describe_plan,
    describe_result,
    headline,
    holds,
    life,
    one_line,
    serving,
)
from hitless.report.page import Page

if TYPE_CHECKING:
    from hitless.drains import DrainReport, DrainView, Generation

__all__ = ["render", "render_view"]

_INDENT = 2
_LABEL = 11
_MOST_DETAILED = 8
_MOST_LISTED = 60
_MOST_REASONS = 8
_MOST_GROUPS = 8
_MOST_NOTES = 8


def render(report: DrainReport, *, width: int = 80, colour: bool = False) -> str:
    """Return the report as lines of at most `width` columns (at least 40), styled only with `colour`."""
    page = Page(max(width, 40), colour=colour)
    _write_view(page, report.view)
    if report.plan is not None:
        page.blank()
        for label, text in describe_plan(report.plan):
            _line(page, label, text)
    if report.result is not None:
        page.blank()
        for number, (label, text) in enumerate(describe_result(report.result)):
            good = number == 0 and report.result.complete
            style = ("bold", "green") if good else ("yellow",) if label in {"stopped", "problem"} else ()
            _line(page, label, text, label_styles=style or ("dim",))
    if report.timed_out:
        page.blank()
        _line(page, "timeout", "old generations were left when the time was up", label_styles=("bold", "red"))
    return str(page)


def render_view(view: DrainView, *, width: int = 80, colour: bool = False) -> str:
    """Return one look as lines of at most `width` columns."""
    page = Page(max(width, 40), colour=colour)
    _write_view(page, view)
    return str(page)


def _write_view(page: Page, view: DrainView) -> None:
    word, beside = headline(view)
    context = " · ".join(
        part for part in (view.instance, f"haproxy {view.version}" if view.version else "", view.mode) if part
    )
    columns = [(word, ("bold", "yellow" if view.old else "green")), (beside, ("bold",)), (f"({context})", ())]
    page.row([column for column in columns if column[0]], indent=_INDENT, hang=_INDENT + 2)
    page.hanging("", serving(view), indent=_INDENT, styles=("dim",))
    shown = [g for g in view.generations if g.groups or not g.current]
    for generation in shown[:_MOST_DETAILED]:
        page.blank()
        _write_generation(page, view, generation)
    further = shown[_MOST_DETAILED:]
    if further:
        page.blank()
    for generation in further[:_MOST_LISTED]:
        _line(page, f"{generation.pid}", one_line(generation), label_styles=("bold",))
    if len(further) > _MOST_LISTED:
        _line(page, "", f"and {len(further) - _MOST_LISTED} more (`--format json` has all)")
    _write_notes(page, view)


def _write_generation(page: Page, view: DrainView, generation: Generation) -> None:
    page.hanging(
        f"process {generation.pid}  ",
        life(generation),
        indent=_INDENT,
        label_styles=("bold",),
        styles=("bold",),
    )
    _line(page, "holds", holds(generation))
    for number, reason in enumerate(generation.why[:_MOST_REASONS]):
        _line(page, "" if number else "why", reason.text, label_styles=("yellow",))
        if reason.hint:
            page.hanging("".ljust(_LABEL) + "hint  ", reason.hint, indent=2 * _INDENT, styles=("dim",))
    _more(page, len(generation.why) - _MOST_REASONS)
    counts = [describe_group(group) for group in generation.groups[:_MOST_GROUPS]]
    column = max((len(count) for count, _ in counts), default=0)
    for number, (count, text) in enumerate(counts):
        _line(page, "" if number else "sessions", text, beside=f"{count.rjust(column)}  ")
    _more(page, len(generation.groups) - _MOST_GROUPS)
    if generation.forecast is not None:
        _line(page, "hard stop", generation.forecast.text)
    command = close_command(view, generation)
    if command:
        page.command("close".ljust(_LABEL), command, indent=2 * _INDENT)
    elif generation.why_not_closable and not generation.current:
        _line(page, "close", f"not one by one: {generation.why_not_closable}")


def _write_notes(page: Page, view: DrainView) -> None:
    notes = list(view.notes)
    if view.hidden_from_show_proc:
        notes.append(
            f"`show proc` does not list {view.hidden_from_show_proc} of these processes: its answer is cut"
        )
    if not notes:
        return
    page.blank()
    for number, note in enumerate(notes[:_MOST_NOTES]):
        _line(page, "" if number else "not seen", note, label_styles=("yellow",))
    _more(page, len(notes) - _MOST_NOTES)


def _more(page: Page, count: int) -> None:
    if count > 0:
        _line(page, "", f"and {count} more (`--format json` has all)")


def _line(
    page: Page, label: str, text: str, *, label_styles: tuple[str, ...] = ("dim",), beside: str = ""
) -> None:
    """Write a text with its label; `beside` stands before the text and has its own column."""
    page.hanging(label.ljust(_LABEL) + beside, text, indent=2 * _INDENT, label_styles=label_styles)
