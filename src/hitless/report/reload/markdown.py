"""A receipt as GitHub-flavoured Markdown, for a pull request's comment or a job's summary."""

from collections.abc import Iterable

from hitless.reloads import PreflightCheck, Receipt, ReloadOutcome
from hitless.report.gfm import LEFT, RIGHT, bullets, code, code_span, fenced, plain_text, sentence, table
from hitless.report.reload.clients import clients_lines
from hitless.report.reload.wording import (
    check_counts,
    configuration_lines,
    context,
    drain_words,
    guard_words,
    headline,
    listener_words,
    meaning,
    pids,
    process_words,
    rollback_words,
    worst_first,
)
from hitless.units import NANOSECONDS_PER_SECOND, format_duration

__all__ = ["render"]

_MARKS = {ReloadOutcome.TAKEN_OVER: "✅", ReloadOutcome.DEGRADED: "⚠️", ReloadOutcome.INTERRUPTED: "⚠️"}
_MOST = 50
"""Of each table, so that a comment holds it."""


def render(receipt: Receipt) -> str:
    """Return the receipt: how it ended, whom it hurt, what went on."""
    mark = _MARKS.get(receipt.outcome, "❌")
    blocks = [
        f"## {mark} {headline(receipt.outcome)}: {code(receipt.instance)} in {format_duration(receipt.duration_s)}",
        plain_text(" · ".join((*context(receipt), pids(receipt)))),
        f"{plain_text(meaning(receipt.outcome))}: {sentence(receipt.reason)}",
        "\n".join(_story(receipt)),
        _checks(receipt.checks),
        table(
            (("phase", LEFT), ("at", RIGHT), ("took", RIGHT), ("detail", LEFT)),
            (
                (plain_text(p.name), _time(p.start_ns), _time(p.duration_ns), plain_text(p.detail))
                for p in receipt.phases[:_MOST]
            ),
            title="Phases",
        ),
        _list("Configuration", configuration_lines(receipt.configuration)),
        _list("Processes", map(process_words, receipt.processes)),
        _list("Listening sockets", map(listener_words, receipt.listeners)),
        fenced(receipt.messages[:_MOST]) if receipt.messages else "",
        bullets(receipt.notes),
        f"receipt {code(receipt.id)}",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _story(receipt: Receipt) -> Iterable[str]:
    for line in clients_lines(receipt):
        yield f"- {f'**{line.label}** ' if line.label else ''}{plain_text(line.text)}"
    if receipt.guard is not None:
        yield f"- **guard** {plain_text(guard_words(receipt.guard))}"
    if receipt.rollback is not None:
        yield f"- **rollback** {plain_text(rollback_words(receipt.rollback))}"
    for forecast in receipt.drain[:_MOST]:
        yield f"- **draining** {plain_text(drain_words(forecast))}"
    if receipt.recovered:
        yield f"- **recovered** {plain_text(receipt.recovered)}"


def _checks(checks: tuple[PreflightCheck, ...]) -> str:
    if not checks:
        return ""
    rows = table(
        (("check", LEFT), ("state", LEFT), ("what", LEFT), ("to do", LEFT)),
        (
            (
                plain_text(check.name),
                plain_text(f"{check.state}{', stops it' if check.stops else ''}"),
                code_span(check.message),
                code_span(check.hint),
            )
            for check in worst_first(checks)
        ),
        title=f"Preflight: {plain_text(check_counts(checks))}",
    )
    return rows or f"### Preflight: {plain_text(check_counts(checks))}"


def _list(title: str, texts: Iterable[str]) -> str:
    items = list(texts)
    more = [f"and {len(items) - _MOST} more"] if len(items) > _MOST else []
    return f"### {title}\n\n{bullets([*items[:_MOST], *more])}" if items else ""


def _time(value_ns: int) -> str:
    return format_duration(value_ns / NANOSECONDS_PER_SECOND)
