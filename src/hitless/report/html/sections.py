"""The sections that say it in words: the verdict, its causes, how sure it is, what to know."""

from hitless.records import ClientClass
from hitless.report.html.markup import Markup, join, raw, tag
from hitless.report.wording import (
    context,
    counted,
    coverage_line,
    further_reasons,
    headline,
    hurt,
    kernel_line,
    outcomes,
    power_line,
)
from hitless.units import format_count
from hitless.verdict import CauseFound, Conclusion, ProofResult, Totals

__all__ = ["render_causes", "render_footer", "render_header", "render_notes"]

_MARKS = {Conclusion.HITLESS: "✓", Conclusion.NOT_HITLESS: "✕", Conclusion.NO_VERDICT: "?"}

_CLIENTS = {
    ClientClass.NAIVE: "send on a pooled connection without looking",
    ClientClass.POLITE: "look for a closed connection just before they send",
    ClientClass.RETRYING: "repeat what may be repeated on a fresh connection",
}

_PLAIN = {
    Conclusion.HITLESS: "No client lost anything to a reload.",
    Conclusion.NOT_HITLESS: "Reloads of this configuration hurt clients.",
    Conclusion.NO_VERDICT: "This run proves nothing: evidence is missing.",
}


def render_header(result: ProofResult) -> Markup:
    """Return the verdict in plain words, the three client classes, the reasons and the facts it stands on."""
    reasons, sentence = further_reasons(result), hurt(result)
    lines = (kernel_line(result.kernel), power_line(result.power), coverage_line(result.coverage))
    facts = (
        part
        for line in lines
        for part in (tag("dt", line.label), tag("dd", line.text, class_="worry" if line.worrying else None))
    )
    return tag(
        "header",
        tag("p", " · ".join(context(result)), class_="context"),
        tag(
            "h1",
            tag("span", _MARKS[result.conclusion], class_="mark", aria_hidden="true"),
            " ",
            headline(result),
        ),
        tag("p", tag("strong", sentence[0].upper(), sentence[1:]), ". ", _plain(result), class_="lead"),
        tag("ul", *(tag("li", reason) for reason in reasons), class_="reasons") if reasons else "",
        _clients(result),
        tag("dl", *facts, class_="facts"),
        class_=f"verdict {result.conclusion}",
    )


def _plain(result: ProofResult) -> str:
    if result.conclusion is Conclusion.NOT_HITLESS and not result.judged.failed:
        return "The verdict fails for another reason."
    return _PLAIN[result.conclusion]


def _clients(result: ProofResult) -> Markup:
    judged = result.verdict.client_class

    def cell(name: ClientClass, totals: Totals) -> Markup:
        return tag(
            "div",
            tag("dt", f"{name} clients", tag("small", " · judged") if name is judged else ""),
            tag(
                "dd",
                tag("b", format_count(totals.failed), class_="hurt" if totals.failed else None),
                tag("small", f" hurt of {format_count(totals.attempts)}"),
            ),
            tag("dd", _CLIENTS[name], class_="what"),
            class_="judged" if name is judged else None,
        )

    return tag("dl", *(cell(name, result.clients.of(name)) for name in ClientClass), class_="clients")


def render_causes(result: ProofResult) -> Markup:
    """Return the causes, each with its reason, what was seen of it, and its fix; nothing without causes."""
    if not result.causes:
        return raw("")
    return tag("section", tag("h2", "Causes and fixes"), *map(_cause, result.causes), id="causes")


def _cause(cause: CauseFound) -> Markup:
    places = " · ".join(
        filter(None, (counted(cause.workloads), counted(cause.frontends), outcomes(cause.outcomes)))
    )
    where = join((" in ", tag("code", cause.fix_where))) if cause.fix_where else ""
    return tag(
        "article",
        tag(
            "h3",
            tag("span", cause.code, class_="code"),
            " ",
            tag("span", cause.summary or cause.name, class_="summary"),
            " ",
            tag("span", format_count(cause.victims), tag("small", " hurt"), class_="count"),
        ),
        tag("p", places, class_="places"),
        tag("p", cause.why) if cause.why else "",
        tag("ul", *(tag("li", text) for text in cause.evidence), class_="seen") if cause.evidence else "",
        tag("p", tag("b", "Fix"), " ", tag("code", cause.fix), where, class_="fix"),
        class_="cause",
    )


def render_notes(result: ProofResult) -> Markup:
    """Return what a person must know to read the verdict right."""
    items = (*result.notes, *result.limitations)
    if not items:
        return raw("")
    return tag("section", tag("h2", "To know"), tag("ul", *(tag("li", item) for item in items)), id="notes")


def render_footer(result: ProofResult) -> Markup:
    """Return what made this page, and from what."""
    facts = (
        f"hitless {result.hitless}",
        f"haproxy {result.haproxy.version} ({result.haproxy.path})",
        f"configuration {counted(result.configuration)}" if result.configuration else "",
        f"tier {result.tier}" if result.tier else "",
        f"started {result.started_at}" if result.started_at else "",
        f"{result.duration_s:.1f} s",
        f"document schema {result.schema}",
    )
    return tag("footer", tag("p", " · ".join(filter(None, facts))))
