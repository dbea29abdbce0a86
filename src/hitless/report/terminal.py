"""The verdict as text for a terminal: the answer in five seconds, then why, then how sure."""

from collections.abc import Iterator

from hitless.report.page import Page
from hitless.report.plain import clip, neutralise
from hitless.report.wording import (
    Line,
    context,
    counted,
    coverage_line,
    further_reasons,
    headline,
    hurt,
    kernel_line,
    not_covered,
    other_clients,
    power_line,
)
from hitless.units import format_count
from hitless.verdict import CauseFound, Conclusion, ProofResult

__all__ = ["render"]

_INDENT = 2
_LABEL = 11
_CODE = 7
_MOST_NOT_COVERED = 5
_MOST_EVIDENCE = 3

_HEADLINE_STYLE = {
    Conclusion.HITLESS: ("bold", "green"),
    Conclusion.NOT_HITLESS: ("bold", "red"),
    Conclusion.NO_VERDICT: ("bold", "yellow"),
}


def render(result: ProofResult, *, width: int = 80, colour: bool = False, bundle: str = "") -> str:
    """Return the verdict as lines of at most `width` characters (at least 40), styled only with `colour`.

    `bundle` is the directory that `hitless report` can draw again; without it that line is left out.
    """
    page = Page(max(width, 40), colour=colour)
    word, styles = headline(result), _HEADLINE_STYLE[result.conclusion]
    head = [(word, styles), (hurt(result), ("bold",)), (f"({other_clients(result)})", ())]
    page.row([*head], indent=_INDENT, hang=_INDENT + len(word) + 3)
    page.hanging("", " · ".join(context(result)), indent=_INDENT, styles=("dim",))
    page.blank()
    count_width = max((len(format_count(cause.victims)) for cause in result.causes), default=0)
    for cause in result.causes:
        _write_cause(page, cause, count_width)
        page.blank()
    for line in _statements(result):
        label_styles = ("yellow",) if line.worrying else ("dim",)
        page.hanging(line.label.ljust(_LABEL), line.text, indent=_INDENT, label_styles=label_styles)
    if bundle:
        page.command("report".ljust(_LABEL), f"hitless report {bundle} --format html", indent=_INDENT)
    return str(page)


def _write_cause(page: Page, cause: CauseFound, count_width: int) -> None:
    hang = _INDENT + _CODE
    label = (
        f"{clip(neutralise(cause.code), 12).ljust(_CODE)}{format_count(cause.victims).rjust(count_width)}  "
    )
    summary = cause.summary or cause.name
    page.hanging(label, summary, indent=_INDENT, label_styles=("bold", "red"), styles=("bold",))
    places = " · ".join(part for part in (counted(cause.workloads), counted(cause.frontends)) if part)
    if places:
        page.hanging("", places, indent=hang)
    if cause.why:
        page.hanging("", cause.why, indent=hang, styles=("dim",))
    for text in cause.evidence[:_MOST_EVIDENCE]:
        page.hanging("seen  ", text, indent=hang, label_styles=("dim",))
    cells = [(f"fix   {cause.fix}", ("green",)), (cause.fix_where, ()), (_rule(cause), ("dim",))]
    page.row([cell for cell in cells if cell[0]], indent=hang, hang=hang + 6)


def _rule(cause: CauseFound) -> str:
    return f"hitless rule {cause.code}" if cause.code.startswith("HL") else ""


def _statements(result: ProofResult) -> Iterator[Line]:
    for number, reason in enumerate(further_reasons(result)):
        yield Line("" if number else "because", reason, worrying=True)
    yield kernel_line(result.kernel)
    yield power_line(result.power)
    yield coverage_line(result.coverage)
    missed = result.coverage.not_covered
    for item in missed[:_MOST_NOT_COVERED]:
        yield Line("", not_covered(item))
    if len(missed) > _MOST_NOT_COVERED:
        yield Line("", f"and {len(missed) - _MOST_NOT_COVERED} more")
    for number, note in enumerate((*result.notes, *result.limitations)):
        yield Line("" if number else "note", note)
