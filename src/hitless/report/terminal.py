"""The verdict as text for a terminal: the answer in five seconds, then why, then how sure."""

from collections.abc import Iterator

from hitless.report.plain import clip, neutralise, wrap
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

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_HEADLINE_STYLE = {
    Conclusion.HITLESS: ("bold", "green"),
    Conclusion.NOT_HITLESS: ("bold", "red"),
    Conclusion.NO_VERDICT: ("bold", "yellow"),
}


class _Page:
    """Lines of at most `width` characters; styles go around words and take no room."""

    def __init__(self, width: int, *, colour: bool) -> None:
        self.width = width
        self._colour = colour
        self._lines: list[str] = []

    def paint(self, text: str, *styles: str) -> str:
        if not self._colour or not styles:
            return text
        return f"\x1b[{';'.join(_SGR[style] for style in styles)}m{text}\x1b[0m"

    def blank(self) -> None:
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def hanging(self, label: str, text: str, *, indent: int, label_styles: tuple[str, ...] = (),
                styles: tuple[str, ...] = ()) -> None:  # fmt: skip
        """Write `label` and, beside it, a text whose further lines start where the first does."""
        first, *rest = wrap(neutralise(text), self.width - indent - len(label))
        self._lines.append(" " * indent + self.paint(label, *label_styles) + self.paint(first, *styles))
        margin = " " * (indent + len(label))
        self._lines.extend(margin + self.paint(line, *styles) for line in rest)

    def row(self, cells: list[tuple[str, tuple[str, ...]]], *, indent: int, hang: int) -> None:
        """Write cells on one line, three blanks apart; what does not fit goes below, from column `hang`."""
        line, used = " " * indent, indent
        fresh = True
        for text, styles in cells:
            for number, part in enumerate(wrap(neutralise(text), self.width - hang)):
                gap = 0 if fresh else 3
                if not fresh and (number or used + gap + len(part) > self.width):
                    self._lines.append(line)
                    line, used, gap = " " * hang, hang, 0
                line += " " * gap + self.paint(part, *styles)
                used += gap + len(part)
                fresh = False
        self._lines.append(line)

    def command(self, label: str, text: str, *, indent: int) -> None:
        """Write a command to copy: never broken, below its label where it does not fit beside it."""
        command = neutralise(text)
        if indent + len(label) + len(command) > self.width:
            self._lines.append(" " * indent + self.paint(label.rstrip(), "dim"))
            self._lines.append(" " * 2 * indent + command)
        else:
            self._lines.append(" " * indent + self.paint(label, "dim") + command)

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def render(result: ProofResult, *, width: int = 80, colour: bool = False, bundle: str = "") -> str:
    """Return the verdict as lines of at most `width` characters (at least 40), styled only with `colour`.

    `bundle` is the directory that `hitless report` can draw again; without it that line is left out.
    """
    page = _Page(max(width, 40), colour=colour)
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


def _write_cause(page: _Page, cause: CauseFound, count_width: int) -> None:
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
