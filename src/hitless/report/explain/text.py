"""An explanation on a terminal: the answer, the timeline, then each event that did harm or cannot be told."""

from hitless.explanations import ExplainedEvent, Explanation, Fault, Judgement, NamedCause, Quote
from hitless.report.explain.faults import fault_words, quote_words
from hitless.report.explain.words import (
    KINDS,
    Times,
    clock_words,
    ending_words,
    headline,
    input_words,
    pids,
    skipped_words,
)
from hitless.report.page import Page
from hitless.report.plain import neutralise
from hitless.report.wording import plural

__all__ = ["render", "render_event"]

_STYLES = {
    Judgement.HARMFUL: ("bold", "red"),
    Judgement.HARMLESS: ("green",),
    Judgement.UNKNOWN: ("yellow",),
}
_INDENT = 2
_MOST_EVENTS = 200
_MOST_FAULTS = 100
_MOST_ENDINGS = 6
_ALL = 100


def render(explanation: Explanation, *, width: int = 80, colour: bool = False, quotes: bool = False) -> str:
    """Return the explanation as lines of at most `width` columns (at least 40); raw lines too with `quotes`."""
    page = Page(max(width, 40), colour=colour)
    first, *story = explanation.story or ("",)
    page.hanging(
        f"{headline(explanation)}  ",
        first,
        indent=0,
        label_styles=("bold", *_STYLES[explanation.judgement][-1:]),
    )
    for sentence in story:
        page.hanging("", sentence, indent=_INDENT)
    page.hanging("", _context(explanation), indent=_INDENT, styles=("dim",))
    times = Times(explanation)
    _write_timeline(page, explanation, times, quotes=quotes)
    for event in explanation.events:
        if event.judgement is not Judgement.HARMLESS:
            _write_event(page, event, times, quotes=quotes)
    _write_elsewhere(page, explanation, times)
    _write_unknown(page, explanation)
    _write_inputs(page, explanation)
    return str(page)


def render_event(
    explanation: Explanation, event: ExplainedEvent, *, width: int = 80, colour: bool = False
) -> str:
    """Return one event, as `--follow` shows it when it is over."""
    page = Page(max(width, 40), colour=colour)
    times = Times(explanation)
    _write_line(page, event, times)
    if event.judgement is not Judgement.HARMLESS:
        _write_event(page, event, times, quotes=False)
    return str(page)


def _context(explanation: Explanation) -> str:
    totals, number = explanation.totals, len(explanation.generations)
    lines = f"{plural(totals.lines, 'line')} about traffic, {plural(totals.errors, 'error')}"
    return f"{Times(explanation).span(explanation)} · {lines} · {number} process{'' if number == 1 else 'es'}"


def _write_timeline(page: Page, explanation: Explanation, times: Times, *, quotes: bool) -> None:
    day = ""
    happened: list[tuple[int, ExplainedEvent | Fault]] = [
        (event.change.at.t_ns, event) for event in explanation.events[:_MOST_EVENTS]
    ]
    happened += [(fault.first_ns, fault) for fault in explanation.faults[:_MOST_FAULTS]]
    for t_ns, one in sorted(happened, key=lambda pair: pair[0]):
        date = f"{times.day(t_ns)} {times.zone(t_ns)}"
        if date != day:
            day = date
            page.blank()
            page.line(date, indent=_INDENT, styles=("dim",))
        if isinstance(one, Fault):
            _write_fault(page, one, times, quotes=quotes)
        else:
            _write_line(page, one, times)
    for all_of, most, noun in (
        (explanation.events, _MOST_EVENTS, "event"),
        (explanation.faults, _MOST_FAULTS, "fault"),
    ):
        if len(all_of) > most:
            more = plural(len(all_of) - most, f"more {noun}")
            page.hanging("", f"and {more}: --format json has all", indent=_INDENT)


def _write_fault(page: Page, fault: Fault, times: Times, *, quotes: bool) -> None:
    label = f"{times.clock_ms(fault.first_ns):<12}  "
    page.hanging(label, fault_words(fault, times), indent=_INDENT, label_styles=("yellow",))
    for line in quote_words([fault]) if quotes else ():
        page.hanging("        ", line, indent=2 * _INDENT, styles=("dim",))


def _write_line(page: Page, event: ExplainedEvent, times: Times) -> None:
    at = event.change.at
    label = f"{times.clock(at):<12}  "
    who = pids(event)
    kind = f"{KINDS[event.change.kind]} {who}".rstrip()
    text = f"{kind} · {event.headline.partition(': ')[2] or event.headline}"
    page.hanging(label, text, indent=_INDENT, label_styles=_STYLES[event.judgement])


def _write_event(page: Page, event: ExplainedEvent, times: Times, *, quotes: bool) -> None:
    page.blank()
    at = event.change.at
    title = f"{times.when(at.t_ns)}  {KINDS[event.change.kind]} {pids(event)}"
    page.hanging("", title, indent=_INDENT, styles=("bold",))
    for note in event.change.notes:
        page.hanging("note    ", note, indent=2 * _INDENT, label_styles=("dim",))
    for cause in event.causes:
        _write_cause(page, cause, event.quotes, times, most=_ALL if quotes else 1)
    shown = [e for e in event.endings if e.is_excess][:_MOST_ENDINGS]
    if not event.causes:
        for ending in shown:
            page.hanging("ended   ", ending_words(ending), indent=2 * _INDENT, label_styles=("dim",))


def _write_cause(
    page: Page, cause: NamedCause, quotes: tuple[Quote, ...], times: Times, *, most: int = 1
) -> None:
    label = f"{cause.code or '-':<7} "
    page.hanging(label, f"{cause.name}: {cause.summary}", indent=2 * _INDENT, label_styles=("bold", "red"))
    for statement in cause.evidence:
        at = f"{times.when(statement.t_ns)}: " if statement.t_ns else ""
        page.hanging("seen    ", at + statement.text, indent=2 * _INDENT, label_styles=("dim",))
        for number in statement.quotes[:most]:
            if number < len(quotes):
                line = quotes[number]
                text = f"{line.source}:{line.offset}  {line.text}"
                page.hanging("        ", text, indent=2 * _INDENT, styles=("dim",))
    if cause.change:
        page.hanging("change  ", cause.change, indent=2 * _INDENT, label_styles=("bold", "green"))


def _write_elsewhere(page: Page, explanation: Explanation, times: Times) -> None:
    if explanation.causes_elsewhere:
        page.blank()
        page.line(
            "At times when nothing is known to have happened it looks like:", indent=_INDENT, styles=("bold",)
        )
    for cause in explanation.causes_elsewhere:
        _write_cause(page, cause, (), times)


def _write_unknown(page: Page, explanation: Explanation) -> None:
    missing = {item.what: item for event in explanation.events for item in event.not_known}
    missing |= {item.what: item for item in explanation.not_known}
    if not missing:
        return
    page.blank()
    page.line("What these inputs cannot show, and what would:", indent=_INDENT, styles=("bold",))
    for item in missing.values():
        page.hanging("- ", item.what, indent=2 * _INDENT)
        if item.line:
            page.command(f"{item.where}:  ", neutralise(item.line), indent=3 * _INDENT)


def _write_inputs(page: Page, explanation: Explanation) -> None:
    page.blank()
    for read in explanation.inputs:
        page.hanging("read    ", input_words(read), indent=_INDENT, label_styles=("dim",))
    for skipped in explanation.skipped:
        page.hanging(
            "skipped ", skipped_words(skipped, explanation.inputs), indent=_INDENT, label_styles=("yellow",)
        )
    for offset in explanation.clocks:
        page.hanging("clock   ", clock_words(offset), indent=_INDENT, label_styles=("dim",))
    for note in explanation.notes:
        page.hanging("note    ", note, indent=_INDENT, label_styles=("dim",))
