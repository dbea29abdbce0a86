"""Causes with what shows them, the raw lines behind each claim on demand, and what stays unknown: as HTML."""

from collections.abc import Iterable, Sequence

from hitless.explanations import NamedCause, NotKnown, Quote, Statement
from hitless.report.explain.words import Times, certainty, victims_words
from hitless.report.html.markup import Markup, join, raw, tag
from hitless.report.wording import plural

__all__ = ["render_causes", "render_quotes", "render_unknown"]


def render_causes(causes: Iterable[NamedCause], quotes: Sequence[Quote], times: Times) -> Markup:
    """Return each cause: how many it hurt, how that is known, what to change."""
    return join(_cause(cause, quotes, times) for cause in causes)


def render_quotes(statement: Statement, quotes: Sequence[Quote]) -> Markup:
    """Return the raw lines that show something, closed until somebody asks for them."""
    lines = [quotes[number] for number in statement.quotes if 0 <= number < len(quotes)]
    if not lines:
        return raw("")
    shown = (
        tag("pre", tag("span", f"{line.source}, byte {line.offset}", class_="at-line"), tag("br"), line.text)
        for line in lines
    )
    return tag("details", tag("summary", plural(len(lines), "raw line")), *shown, class_="raw")


def render_unknown(missing: Iterable[NotKnown]) -> Markup:
    """Return what these inputs cannot show, each with the line that would."""
    return join(
        tag(
            "div",
            tag("p", item.what),
            tag("p", f"To know it next time, in {item.where or 'the configuration'}:", class_="small")
            if item.line
            else "",
            tag("pre", item.line) if item.line else "",
            class_="unknown",
        )
        for item in missing
    )


def _cause(cause: NamedCause, quotes: Sequence[Quote], times: Times) -> Markup:
    return tag(
        "article",
        tag(
            "h3",
            tag("span", cause.code, class_="code") if cause.code else "",
            " ",
            tag("span", f"{cause.name}: {cause.summary}", class_="summary"),
            " ",
            tag("span", victims_words(cause), class_="count"),
        ),
        tag("p", certainty(cause.certainty), class_="places"),
        tag("ul", *(_statement(one, quotes, times) for one in cause.evidence), class_="seen"),
        tag("p", tag("b", "Change"), " ", cause.change, class_="fix") if cause.change else "",
        class_="cause",
    )


def _statement(statement: Statement, quotes: Sequence[Quote], times: Times) -> Markup:
    at = f"{times.when(statement.t_ns)}: " if statement.t_ns else ""
    return tag("li", at, statement.text, render_quotes(statement, quotes))
