"""A migration as text for a terminal: how it ended, what serves now, how to come back."""

import shlex

from hitless.migrations import Migration, MigrationOutcome, MigrationSide
from hitless.report.page import Page
from hitless.report.reload.parts import INDENT, write_checks, write_listeners, write_several, write_statement
from hitless.report.wording import counted
from hitless.units import format_duration

__all__ = ["render"]

_HEADS = {
    MigrationOutcome.PLANNED: ("WOULD MIGRATE", "green"),
    MigrationOutcome.MIGRATED: ("MIGRATED", "green"),
    MigrationOutcome.REJECTED_BY_PREFLIGHT: ("NOT MIGRATED", "red"),
    MigrationOutcome.NOT_STARTED: ("NOT MIGRATED", "red"),
    MigrationOutcome.NOT_PROVEN: ("NOT PROVEN", "red"),
}
_MEANINGS = {
    MigrationOutcome.PLANNED: "nothing was touched",
    MigrationOutcome.MIGRATED: "the new process is proven to serve, and nobody else holds a listening socket of it",
    MigrationOutcome.REJECTED_BY_PREFLIGHT: "nothing was touched",
    MigrationOutcome.NOT_STARTED: "the new process was withdrawn; the old one serves as before",
    MigrationOutcome.NOT_PROVEN: "the old process was asked to leave, and the new one is not proven to serve",
}


def render(found: Migration, *, width: int = 80, colour: bool = False) -> str:
    """Return it as lines of at most `width` columns (at least 40), styled only with `colour`."""
    page = Page(max(width, 40), colour=colour)
    word, style = _HEADS[found.outcome]
    if found.outcome is MigrationOutcome.PLANNED and found.stopped_by:
        word, style = "WOULD NOT MIGRATE", "red"
    about = found.instance
    if found.outcome is not MigrationOutcome.PLANNED:
        about += f" in {format_duration(found.duration_s)}"
    page.row([(word, ("bold", style)), (about, ("bold",))], indent=INDENT, hang=2 * INDENT)
    page.blank()
    harmless = found.outcome in {MigrationOutcome.PLANNED, MigrationOutcome.MIGRATED}
    write_statement(page, "result", _MEANINGS[found.outcome], worrying=not harmless)
    if found.reason:
        write_statement(page, "", found.reason, worrying=True)
    write_statement(page, "from", _side(found.before))
    write_statement(page, "to", _side(found.after))
    if found.unit.name:
        write_statement(page, "unit", f"{found.unit.name}: {found.unit.why}")
    write_several(page, "seen", found.how)
    if stopping := list(dict.fromkeys(check.name for check in found.stopped_by)):
        write_statement(page, "stopped", f"by {counted(stopping, most=12)}", worrying=True)
    write_checks(page, found.checks, found.forced)
    write_several(page, "steps", [f"{number} {step}" for number, step in enumerate(found.steps, 1)])
    write_listeners(page, found.listeners)
    write_several(page, "said", found.messages)
    write_several(page, "note", found.notes)
    _write_way_back(page, found)
    return f"{str(page).rstrip()}\n"


def _side(side: MigrationSide) -> str:
    pids = f", main process {side.pid}, process {side.serving_pid} serves" if side.pid else ""
    return f"{side.mode}, haproxy {side.version or '(version not known)'}{pids}: {shlex.join(side.arguments)}"


def _write_way_back(page: Page, found: Migration) -> None:
    if found.outcome in {MigrationOutcome.PLANNED, MigrationOutcome.MIGRATED, MigrationOutcome.NOT_PROVEN}:
        page.command("way back".ljust(11), found.way_back, indent=INDENT)
    if found.unit_change:
        page.blank()
        write_statement(
            page, "unit", f"the next start of {found.unit.name} is only the same with this drop-in:"
        )
        for line in found.unit_change:
            page.command("", line, indent=2 * INDENT)
