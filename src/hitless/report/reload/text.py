"""A receipt as text for a terminal: how it ended and whom it hurt, then what went on."""

from hitless.reloads import Phase, Receipt, ReloadOutcome
from hitless.report.page import Page
from hitless.report.plain import cells, neutralise
from hitless.report.reload.clients import clients_lines
from hitless.report.reload.parts import (
    INDENT,
    write_checks,
    write_drain,
    write_listeners,
    write_several,
    write_statement,
)
from hitless.report.reload.wording import (
    configuration_lines,
    context,
    guard_words,
    headline,
    meaning,
    pids,
    process_words,
    rollback_words,
)
from hitless.report.wording import counted, plural
from hitless.units import NANOSECONDS_PER_SECOND, format_duration

__all__ = ["STYLES", "render"]

STYLES = {
    ReloadOutcome.TAKEN_OVER: ("bold", "green"),
    ReloadOutcome.DEGRADED: ("bold", "yellow"),
    ReloadOutcome.INTERRUPTED: ("bold", "yellow"),
    ReloadOutcome.ROLLED_BACK: ("bold", "yellow"),
    ReloadOutcome.REJECTED_BY_PREFLIGHT: ("bold", "red"),
    ReloadOutcome.REJECTED_BY_HAPROXY: ("bold", "red"),
    ReloadOutcome.NOT_TAKEN_OVER: ("bold", "red"),
    ReloadOutcome.ROLLBACK_FAILED: ("bold", "red"),
}


def render(receipt: Receipt, *, width: int = 80, colour: bool = False, kept_in: str = "") -> str:
    """Return the receipt as lines of at most `width` columns (at least 40), styled only with `colour`.

    `kept_in` is the file that it was just written to; then it is said how to see it again.
    """
    page = Page(max(width, 40), colour=colour)
    _write_head(page, receipt)
    page.blank()
    _write_story(page, receipt)
    page.blank()
    write_checks(page, receipt.checks, receipt.forced)
    write_several(page, "config", list(configuration_lines(receipt.configuration)))
    _write_phases(page, receipt.phases)
    if receipt.processes:
        write_statement(page, "processes", counted(map(process_words, receipt.processes), most=12))
    write_listeners(page, receipt.listeners)
    write_several(page, "plan", [f"{number} {step}" for number, step in enumerate(receipt.plan, 1)])
    write_several(page, "said", receipt.messages)
    write_several(page, "note", receipt.notes)
    write_statement(page, "receipt", f"{receipt.id}{f' in {kept_in}' if kept_in else ''}")
    if kept_in:
        page.command("again".ljust(11), f"hitless history {receipt.id}", indent=INDENT)
    return f"{str(page).rstrip()}\n"


def _write_head(page: Page, receipt: Receipt) -> None:
    word = headline(receipt.outcome)
    head = [
        (word, STYLES[receipt.outcome]),
        (f"{receipt.instance} in {format_duration(receipt.duration_s)}", ("bold",)),
        (f"({pids(receipt)})" if pids(receipt) else "", ()),
    ]
    page.row([cell for cell in head if cell[0]], indent=INDENT, hang=2 * INDENT)
    page.hanging("", " · ".join(context(receipt)), indent=INDENT, styles=("dim",))


def _write_story(page: Page, receipt: Receipt) -> None:
    harmless = receipt.outcome is ReloadOutcome.TAKEN_OVER
    write_statement(page, "result", meaning(receipt.outcome), worrying=not harmless)
    if receipt.reason:
        write_statement(page, "", receipt.reason)
    for line in clients_lines(receipt):
        write_statement(page, line.label, line.text, worrying=line.worrying)
    if receipt.guard is not None:
        worrying = receipt.guard.tripped or not receipt.guard.judged
        write_statement(page, "guard", guard_words(receipt.guard), worrying=worrying)
    if receipt.rollback is not None:
        write_statement(page, "rollback", rollback_words(receipt.rollback), worrying=True)
    write_drain(page, receipt.drain, "draining")
    if receipt.coalesced_requests:
        write_statement(page, "answers", f"{plural(receipt.coalesced_requests, 'other call')} as well")
    if receipt.recovered:
        write_statement(page, "recovered", receipt.recovered, worrying=True)


def _write_phases(page: Page, phases: tuple[Phase, ...]) -> None:
    names = max((cells(neutralise(phase.name)) for phase in phases), default=0)
    for number, phase in enumerate(phases):
        name = neutralise(phase.name)
        start, took = (
            format_duration(ns / NANOSECONDS_PER_SECOND) for ns in (phase.start_ns, phase.duration_ns)
        )
        text = f"{name}{' ' * (names - cells(name))}  at {start:>7}  took {took:>7}  {phase.detail}"
        write_statement(page, "" if number else "phases", text)
