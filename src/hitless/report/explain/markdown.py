"""An explanation as GitHub-flavoured Markdown, for a post-mortem or a ticket."""

from collections.abc import Iterator

from hitless.explanations import ExplainedEvent, Explanation, Judgement, NamedCause, Quote
from hitless.report.explain.faults import FAULT_HEAD, fault_cells, quote_words
from hitless.report.explain.words import (
    KINDS,
    Times,
    clock_words,
    ending_words,
    headline,
    input_words,
    pids,
    skipped_words,
    victims_words,
)
from hitless.report.gfm import LEFT, bullets, code, fenced, plain_text, sentence, table

__all__ = ["render"]

_MARKS = {Judgement.HARMLESS: "✅", Judgement.HARMFUL: "❌", Judgement.UNKNOWN: "❔"}
_MOST_EVENTS = 500
_MOST_FAULTS = 100
_MOST_ENDINGS = 12
_MOST_QUOTES = 12


def render(explanation: Explanation) -> str:
    """Return the explanation: the answer, the timeline, each event that did harm, what cannot be known."""
    times = Times(explanation)
    first, *story = explanation.story or ("",)
    blocks = [
        f"## {_MARKS[explanation.judgement]} {headline(explanation)}: {plain_text(first)}",
        bullets(story),
        plain_text(times.span(explanation)),
        _timeline(explanation, times),
        *(
            _event(event, times)
            for event in explanation.events[:_MOST_EVENTS]
            if event.judgement is not Judgement.HARMLESS
        ),
        *_elsewhere(explanation, times),
        _faults(explanation, times),
        _unknown(explanation),
        _inputs(explanation),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _timeline(explanation: Explanation, times: Times) -> str:
    head = ((f"when ({times.name})", LEFT), ("what", LEFT), ("process", LEFT), ("", LEFT), ("clients", LEFT))
    rows = (
        [
            plain_text(f"{times.day(event.change.at.t_ns)} {times.clock(event.change.at)}"),
            plain_text(KINDS[event.change.kind]),
            plain_text(pids(event)),
            _MARKS[event.judgement],
            plain_text(event.headline.partition(": ")[2] or event.headline),
        ]
        for event in explanation.events[:_MOST_EVENTS]
    )
    return table(head, rows, title="Timeline")


def _event(event: ExplainedEvent, times: Times) -> str:
    title = (
        f"### {plain_text(f'{times.when(event.change.at.t_ns)} {KINDS[event.change.kind]} {pids(event)}')}"
    )
    odd = [ending for ending in event.endings if ending.is_excess][:_MOST_ENDINGS]
    parts = [
        title,
        bullets(event.change.notes),
        *(_cause(cause, event.quotes, times) for cause in event.causes),
        "" if event.causes else bullets(map(ending_words, odd)),
    ]
    return "\n\n".join(part for part in parts if part)


def _cause(cause: NamedCause, quotes: tuple[Quote, ...], times: Times) -> str:
    code_text = f"{code(cause.code)} " if cause.code else ""
    numbers = dict.fromkeys(n for statement in cause.evidence for n in statement.quotes if n < len(quotes))
    lines = [f"{quotes[n].source}:{quotes[n].offset}  {quotes[n].text}" for n in list(numbers)[:_MOST_QUOTES]]
    seen = (f"{times.when(s.t_ns)}: {s.text}" if s.t_ns else s.text for s in cause.evidence)
    parts = [
        f"{code_text}**{plain_text(cause.name)}** ({plain_text(victims_words(cause))}): {plain_text(cause.summary)}.",
        bullets(seen),
        fenced(lines) if lines else "",
        f"**Change:** {sentence(cause.change)}" if cause.change else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _elsewhere(explanation: Explanation, times: Times) -> Iterator[str]:
    if explanation.causes_elsewhere:
        yield "### At times of which no log here says what happened"
    for cause in explanation.causes_elsewhere:
        yield _cause(cause, (), times)


def _faults(explanation: Explanation, times: Times) -> str:
    shown = explanation.faults[:_MOST_FAULTS]
    if not shown:
        return ""
    head = tuple((name, LEFT) for name in (f"when ({times.name})", *FAULT_HEAD))
    rows = (
        [
            plain_text(cell)
            for cell in (
                f"{times.day(fault.first_ns)} {times.clock_ms(fault.first_ns)}",
                *fault_cells(fault, times),
            )
        ]
        for fault in shown
    )
    lines = quote_words(shown)[:_MOST_QUOTES]
    listed = table(head, rows, title="Invalid messages and failed connections")
    return f"{listed}\n\n{fenced(lines)}" if lines else listed


def _unknown(explanation: Explanation) -> str:
    missing = {item.what: item for event in explanation.events for item in event.not_known}
    missing |= {item.what: item for item in explanation.not_known}
    items = [
        f"- {plain_text(item.what)}"
        + (f" ({plain_text(item.where)}: {code(item.line)})" if item.line else "")
        for item in missing.values()
    ]
    return "\n".join(["### What these inputs cannot show, and what would", "", *items]) if items else ""


def _inputs(explanation: Explanation) -> str:
    items = [
        *map(input_words, explanation.inputs),
        *(f"skipped: {skipped_words(skipped, explanation.inputs)}" for skipped in explanation.skipped),
        *(f"clock: {clock_words(offset)}" for offset in explanation.clocks),
        *explanation.notes,
    ]
    return f"### Inputs\n\n{bullets(items)}" if items else ""
