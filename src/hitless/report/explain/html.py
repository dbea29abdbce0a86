"""An explanation as one HTML file that needs nothing but itself, and in which nothing can run.

The content security policy allows no script at all: text of a log that slipped into the page could neither execute,
load nor send anything (CSP Level 3, section 2.3.1).
"""

from importlib import resources

from hitless.explanations import ExplainedEvent, Explanation, Judgement, NamedCause, Quote, Statement
from hitless.report.explain.plot import render_plot
from hitless.report.explain.words import (
    KINDS,
    Times,
    certainty,
    clock_words,
    headline,
    input_words,
    pids,
    skipped_words,
    victims_words,
)
from hitless.report.html.markup import Markup, join, raw, tag
from hitless.report.html.tables import table
from hitless.report.wording import plural
from hitless.units import format_count, format_duration

__all__ = ["render"]

_TONES = {
    Judgement.HARMLESS: ("hitless", "✓"),
    Judgement.HARMFUL: ("not-hitless", "✕"),
    Judgement.UNKNOWN: ("no-verdict", "?"),
}
_MOST_EVENTS = 300
_MOST_ENDINGS = 50
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
.event { border-top: 1px solid var(--rule); padding: 1rem 0; }
.event h3 { margin-bottom: .4rem; }
.raw { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; padding: .5rem .7rem; }
.raw { background: var(--raised); }
.plot > svg path.moment { stroke: var(--harm); stroke-width: 2; vector-effect: non-scaling-stroke; }
.timeline { margin: .8rem 0; border-bottom: 1px solid var(--rule); }
.hitless-word { color: var(--good); } .not-hitless-word { color: var(--harm); } .no-verdict-word { color: var(--warn); }
"""


def render(explanation: Explanation) -> str:
    """Return the whole document."""
    times = Times(explanation)
    style = resources.files("hitless.report").joinpath("assets", "report.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{headline(explanation)} · hitless explain · {times.span(explanation)}"),
        tag("style", raw(style), raw(_STYLE)),
    )
    shown = explanation.events[:_MOST_EVENTS]
    main = tag(
        "main",
        _header(explanation, times),
        _timeline(explanation, times),
        tag("section", *(_event(event, times) for event in shown), id="events"),
        _elsewhere(explanation, times),
        _processes(explanation, times),
        _unknown(explanation),
        _inputs(explanation),
    )
    footer = tag("footer", f"hitless {explanation.tool_version}; times in {times.name}")
    return f"<!doctype html>\n{tag('html', head, tag('body', main, footer), lang='en')}\n"


def _header(explanation: Explanation, times: Times) -> Markup:
    tone, mark = _TONES[explanation.judgement]
    first, *story = explanation.story or ("",)
    totals = explanation.totals
    lines, errors = plural(totals.lines, "line"), plural(totals.errors, "error")
    context = f"{times.span(explanation)} · {lines} about traffic · {errors}"
    return tag(
        "header",
        tag("p", context, class_="context"),
        tag("h1", tag("span", mark, class_="mark", aria_hidden="true"), " ", headline(explanation)),
        tag("p", first, class_="lead"),
        tag("ul", *(tag("li", sentence) for sentence in story), class_="reasons"),
        class_=f"verdict {tone}",
    )


def _timeline(explanation: Explanation, times: Times) -> Markup:
    head = ((f"when ({times.name})", "nowrap"), ("what", ""), ("process", "nowrap"), ("clients", ""))
    rows = (
        (
            tag("a", f"{times.day(e.change.at.t_ns)} {times.clock(e.change.at)}", href=f"#event-{e.number}"),
            KINDS[e.change.kind],
            pids(e),
            tag("span", e.headline.partition(": ")[2] or e.headline, class_=f"{_TONES[e.judgement][0]}-word"),
        )
        for e in explanation.events
    )
    return tag("section", tag("h2", "Timeline"), table("Timeline", head, rows), id="timeline")


def _event(event: ExplainedEvent, times: Times) -> Markup:
    tone = _TONES[event.judgement][0]
    title = f"{times.when(event.change.at.t_ns)} · {KINDS[event.change.kind]} {pids(event)}"
    usual = event.before
    counts = (
        f"{plural(event.during.lines, 'line')} in the window, {plural(event.during.errors, 'error')}; before: "
        f"{plural(usual.lines, 'line')} in {format_duration(usual.duration_s)}, {plural(usual.errors, 'error')}; "
        f"{certainty(event.change.certainty)}"
    )
    return tag(
        "article",
        tag("h3", title, " ", tag("small", event.judgement.value, class_=f"{tone}-word")),
        tag("p", counts, class_="small"),
        tag("ul", *(tag("li", note) for note in event.change.notes)),
        *(_cause(cause, event.quotes, times) for cause in event.causes),
        render_plot(event, times),
        _endings(event),
        _groups(event),
        _quotes("Raw lines that show the event", event.quotes),
        class_="event",
        id=f"event-{event.number}",
    )


def _cause(cause: NamedCause, quotes: tuple[Quote, ...], times: Times) -> Markup:
    title = tag(
        "h3",
        tag("span", cause.code or cause.name, class_="code"),
        tag("span", f"{cause.name}: {cause.summary}", class_="summary"),
        tag("span", victims_words(cause), class_="count"),
    )
    fix = tag("p", tag("b", "Change"), cause.change, class_="fix") if cause.change else ""
    seen = tag("ul", *(tag("li", *_statement(s, quotes, times)) for s in cause.evidence), class_="seen")
    return tag("div", title, seen, fix, class_="cause")


def _statement(statement: Statement, quotes: tuple[Quote, ...], times: Times) -> tuple[object, ...]:
    at = f"{times.when(statement.t_ns)}: " if statement.t_ns else ""
    mine = tuple(quotes[number] for number in statement.quotes if number < len(quotes))
    return (at, statement.text, _quotes("raw lines", mine))


def _quotes(title: str, quotes: tuple[Quote, ...]) -> Markup:
    if not quotes:
        return join(())
    lines = join(tag("div", f"{q.source}:{q.offset}  {q.text}") for q in quotes)
    return tag("details", tag("summary", f"{title} ({len(quotes)})"), tag("div", lines, class_="raw"))


def _endings(event: ExplainedEvent) -> Markup:
    if not event.endings:
        return join(())
    head = (("of", ""), ("status", "n"), ("state", ""), ("lines", "n"), ("usual", "n"), ("means", ""))
    rows = (
        (
            f"{e.role.value} {', '.join(map(str, e.pids))}",
            e.status if e.status > 0 else "",
            tag("code", e.termination),
            tag("span", format_count(e.lines), class_="hurt" if e.is_excess else None),
            f"{e.usual:.2g}" if e.usual is not None else "?",
            e.meaning,
        )
        for e in event.endings[:_MOST_ENDINGS]
    )
    return table("How connections ended", head, rows)


def _groups(event: ExplainedEvent) -> Markup:
    if not event.groups:
        return join(())
    rows = ((g.by, tag("code", g.name), format_count(g.lines)) for g in event.groups)
    caption = f"Bad endings by what they have in common, of {plural(event.grouped_lines, 'line')}"
    return tag(
        "details", tag("summary", caption), table(caption, (("by", ""), ("name", ""), ("lines", "n")), rows)
    )


def _elsewhere(explanation: Explanation, times: Times) -> Markup:
    if not explanation.causes_elsewhere:
        return join(())
    causes = (_cause(cause, (), times) for cause in explanation.causes_elsewhere)
    return tag(
        "section", tag("h2", "At times of which no log here says what happened"), *causes, id="elsewhere"
    )


def _processes(explanation: Explanation, times: Times) -> Markup:
    if not explanation.generations:
        return join(())
    head = (("pid", "n"), ("first request", "nowrap"), ("told to stop", "nowrap"), ("last line", "nowrap"),
            ("drained", "n"), ("lines", "n"))  # fmt: skip
    rows = (
        (
            g.pid,
            times.when(g.first_accept.t_ns) if g.first_accept else "",
            times.when(g.stop_asked.t_ns) if g.stop_asked else "",
            times.when(g.last_line.t_ns) if g.last_line else "",
            format_duration(g.drained_ns / 1e9) if g.drained_ns is not None else "",
            format_count(g.lines),
        )
        for g in explanation.generations
    )
    return tag("section", tag("h2", "Processes"), table("Processes", head, rows), id="processes")


def _unknown(explanation: Explanation) -> Markup:
    missing = {item.what: item for event in explanation.events for item in event.not_known}
    missing |= {item.what: item for item in explanation.not_known}
    if not missing:
        return join(())
    rows = ((item.what, item.where, tag("code", item.line)) for item in missing.values())
    head = (("not to be seen", ""), ("where", ""), ("the line that would show it", ""))
    title = "What these inputs cannot show"
    return tag("section", tag("h2", title), table(title, head, rows), id="unknown")


def _inputs(explanation: Explanation) -> Markup:
    items = [
        *map(input_words, explanation.inputs),
        *(f"skipped: {skipped_words(s, explanation.inputs)}" for s in explanation.skipped),
        *(f"clock: {clock_words(offset)}" for offset in explanation.clocks),
        *explanation.notes,
    ]
    return tag("section", tag("h2", "Inputs"), tag("ul", *(tag("li", item) for item in items)), id="inputs")
