"""What a receipt and a plan have in common, on a page for a terminal."""

from collections.abc import Iterable, Sequence

from hitless.reloads import CheckState, DrainForecast, ListenerChange, ListenerFate, PreflightCheck
from hitless.report.page import Page
from hitless.report.reload.wording import (
    check_counts,
    drain_words,
    listener_counts,
    listener_words,
    worst_first,
)
from hitless.report.wording import plural

__all__ = ["INDENT", "write_checks", "write_drain", "write_listeners", "write_several", "write_statement"]

INDENT = 2
_LABEL = 11
_MOST = 12
_MOST_EVIDENCE = 3
_STYLES = {
    CheckState.FAILED: ("bold", "red"),
    CheckState.UNKNOWN: ("bold", "yellow"),
    CheckState.FORCED: ("bold", "yellow"),
    CheckState.WARNED: ("yellow",),
}
_HARMLESS = {ListenerFate.INHERITED, ListenerFate.NEW}


def write_statement(page: Page, label: str, text: str, *, worrying: bool = False) -> None:
    """Write a statement beside its label."""
    page.hanging(label.ljust(_LABEL), text, indent=INDENT, label_styles=("yellow",) if worrying else ("dim",))


def write_several(page: Page, label: str, texts: Sequence[str], *, worrying: bool = False) -> None:
    """Write several statements, the label beside the first; of very many the first and how many more there are."""
    for number, text in enumerate(texts[:_MOST]):
        write_statement(page, "" if number else label, text, worrying=worrying)
    if len(texts) > _MOST:
        write_statement(page, "", f"and {len(texts) - _MOST} more (`--format json` has all)")


def write_checks(page: Page, checks: Sequence[PreflightCheck], forced: Iterable[str]) -> None:
    """Write how many checks there were, and those that did not pass with what to do about them."""
    if not checks:
        return
    write_statement(page, "checks", check_counts(checks))
    for check in worst_first(checks):
        state = f"{check.state.upper()}{' (stops it)' if check.stops else ''}  "
        text = f"{check.name}: {check.message}"
        page.hanging(state, text, indent=2 * INDENT, label_styles=_STYLES[check.state])
        for evidence in check.evidence[:_MOST_EVIDENCE]:
            source = f" [{evidence.source}]" if evidence.source else ""
            page.hanging("seen   ", evidence.text + source, indent=3 * INDENT, label_styles=("dim",))
        if check.hint:
            page.hanging("do     ", check.hint, indent=3 * INDENT, label_styles=("green",))
    if names := ", ".join(forced):
        write_statement(page, "", f"overridden by --force: {names}")


def write_listeners(page: Page, listeners: Sequence[ListenerChange]) -> None:
    """Write what happens to the listening sockets; those that are not simply handed over first."""
    if not listeners:
        return
    ordered = sorted(listeners, key=lambda change: change.fate in _HARMLESS)
    worrying = ordered[0].fate not in _HARMLESS
    texts = [f"{plural(len(listeners), 'listening socket')}: {listener_counts(listeners)}"]
    write_several(page, "sockets", texts + [listener_words(change) for change in ordered], worrying=worrying)


def write_drain(page: Page, forecasts: Sequence[DrainForecast], label: str) -> None:
    """Write what old processes carry, and when the hard stop comes."""
    unbounded = any(f.hard_stop_after_s is None for f in forecasts)
    write_several(page, label, [drain_words(forecast) for forecast in forecasts], worrying=unbounded)
