"""An explanation as one HTML file that needs nothing but itself: no script, no network."""

from collections.abc import Iterator

from hitless.captured import CaptureTotals
from hitless.explanations import ExplainedEvent, Explanation, Judgement
from hitless.logged import Generation, Moment
from hitless.report.explain.html_event import render_endings, render_event
from hitless.report.explain.html_evidence import render_causes, render_unknown
from hitless.report.explain.html_faults import render_faults
from hitless.report.explain.words import (
    KINDS,
    Times,
    clock_words,
    headline,
    input_words,
    pids,
    skipped_words,
)
from hitless.report.html.frame import document, read_asset
from hitless.report.html.markup import Markup, join, raw, tag
from hitless.report.html.tables import table
from hitless.report.wording import plural
from hitless.units import format_count, format_duration

__all__ = ["render"]

_MARKS = {Judgement.HARMLESS: "✓", Judgement.HARMFUL: "✕", Judgement.UNKNOWN: "?"}
_WORDS = {Judgement.HARMLESS: "harmless", Judgement.HARMFUL: "harm", Judgement.UNKNOWN: "cannot tell"}
_MOST_EVENTS = 500
_MOST_PLOTS = 60
"""Of about 15 KB each; those that did harm come first."""
_MOST_GENERATIONS = 500


def render(explanation: Explanation) -> str:
    """Return the page."""
    times = Times(explanation)
    main = tag(
        "main",
        _header(explanation, times),
        _overview(explanation, times),
        _events(explanation, times),
        _elsewhere(explanation, times),
        render_faults(explanation.faults, times),
        _unknown(explanation),
        _generations(explanation.generations, times),
        _inputs(explanation),
    )
    return document(
        f"{headline(explanation)} · hitless explain · {times.span(explanation)}",
        main,
        tag(
            "footer",
            tag(
                "p",
                f"hitless {explanation.tool_version} · times in {times.name}; document format {explanation.format}",
            ),
        ),
        style=read_asset("report.css") + read_asset("explain.css"),
    )


def _header(explanation: Explanation, times: Times) -> Markup:
    first, *story = explanation.story or ("",)
    totals = explanation.totals
    context = (
        times.span(explanation),
        f"{plural(totals.lines, 'line')} about traffic",
        f"{format_count(totals.errors)} ended badly",
        plural(len(explanation.events), "event"),
    )
    mark = tag("span", _MARKS[explanation.judgement], class_="mark", aria_hidden="true")
    return tag(
        "header",
        tag("p", " · ".join(context), class_="context"),
        tag("h1", mark, " ", headline(explanation)),
        tag("p", first, class_="lead"),
        tag("ul", *(tag("li", sentence) for sentence in story), class_="story") if story else "",
        class_=f"verdict {explanation.judgement}",
    )


def _overview(explanation: Explanation, times: Times) -> Markup:
    if not explanation.events:
        return raw("")
    head = (
        ("", "n"),
        ("time", "nowrap"),
        ("what", "nowrap"),
        ("processes", "nowrap"),
        ("", ""),
        ("what it did", ""),
    )
    rows = (_row(event, times) for event in explanation.events[:_MOST_EVENTS])
    left = len(explanation.events) - _MOST_EVENTS
    more = tag("p", f"And {format_count(left)} more: --format json has all.") if left > 0 else ""
    return tag("section", tag("h2", "What happened"), table("What happened", head, rows), more, id="events")


def _row(event: ExplainedEvent, times: Times) -> tuple[object, ...]:
    at = event.change.at
    return (
        tag("a", str(event.number), href=f"#event-{event.number}"),
        f"{times.day(at.t_ns)} {times.clock(at)}",
        KINDS[event.change.kind],
        pids(event),
        tag("span", _WORDS[event.judgement], class_=f"judgement {event.judgement}"),
        event.headline,
    )


def _events(explanation: Explanation, times: Times) -> Markup:
    shown = explanation.events[:_MOST_EVENTS]
    by_need = sorted(shown, key=lambda event: event.judgement is Judgement.HARMLESS)
    drawn = {event.number for event in by_need[:_MOST_PLOTS]}
    articles = (render_event(event, shown, times, drawn=event.number in drawn) for event in shown)
    return tag("section", tag("h2", "Each event"), *articles) if shown else raw("")


def _elsewhere(explanation: Explanation, times: Times) -> Markup:
    if not (explanation.elsewhere or explanation.causes_elsewhere):
        return raw("")
    return tag(
        "section",
        tag("h2", "At other times"),
        render_causes(explanation.causes_elsewhere, (), times),
        render_endings(explanation.elsewhere),
        id="elsewhere",
    )


def _unknown(explanation: Explanation) -> Markup:
    """Return what is not known of any event, once, with the lines that would make it known."""
    missing = {item.what: item for event in explanation.events for item in event.not_known}
    missing |= {item.what: item for item in explanation.not_known}
    if not missing:
        return raw("")
    title = tag("h2", "What these inputs cannot show, and what would")
    return tag("section", title, render_unknown(missing.values()), id="unknown")


def _generations(generations: tuple[Generation, ...], times: Times) -> Markup:
    if not generations:
        return raw("")
    head = (("pid", "n"), ("host", ""), ("started", ""), ("told to stop", ""), ("last line", ""), ("exited", ""),
            ("drained for", "n"), ("lines", "n"), ("frontends", ""))  # fmt: skip
    rows = (
        (
            one.pid,
            one.host,
            _moment(one.started, times),
            _moment(one.stop_asked, times),
            _moment(one.last_line, times),
            _moment(one.exited, times),
            "" if one.drained_ns is None else format_duration(one.drained_ns / 1e9),
            format_count(one.lines),
            ", ".join(one.frontends[:6]),
        )
        for one in generations[:_MOST_GENERATIONS]
    )
    return tag("section", tag("h2", "Processes"), table("Processes", head, rows), id="processes")


def _moment(moment: Moment | None, times: Times) -> str:
    if moment is None or not moment.t_ns:
        return ""
    return f"{times.day(moment.t_ns)} {times.clock(moment)}"


def _inputs(explanation: Explanation) -> Markup:
    return tag(
        "section",
        tag("h2", "What was read"),
        tag("ul", *(tag("li", words) for words in _input_lines(explanation))),
        id="notes",
    )


def _input_lines(explanation: Explanation) -> Iterator[Markup]:
    for one in explanation.inputs:
        yield join((input_words(one),))
    if explanation.captures is not None:
        yield join((_capture_words(explanation.captures),))
    for skipped in explanation.skipped:
        yield tag("span", f"skipped: {skipped_words(skipped, explanation.inputs)}", class_="worry")
    for offset in explanation.clocks:
        yield join((clock_words(offset),))
    for note in explanation.notes:
        yield join((note,))


def _capture_words(totals: CaptureTotals) -> str:
    lost = totals.dropped_by_kernel
    parts = (
        f"captures: {plural(totals.packets, 'packet')}, {plural(totals.connections, 'connection')}",
        f"{plural(totals.holes, 'connection')} with packets missing" if totals.holes else "",
        f"{plural(lost, 'packet')} lost by the capturing program" if lost else "",
        f"{plural(totals.undirected, 'connection')} of which neither end is known to be HAProxy"
        if totals.undirected
        else "",
        *(
            f"{one.file}: {one.size_bytes} bytes from byte {one.offset_bytes} on skipped: {one.why}"
            for one in totals.skipped
        ),
    )
    return "; ".join(filter(None, parts))
