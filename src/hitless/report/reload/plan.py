"""What a reload would do (`--dry-run`), as text for a terminal: whether it may, how, and who is at risk."""

from hitless.reloads import ReloadPlan
from hitless.report.page import Page
from hitless.report.reload.parts import (
    INDENT,
    write_checks,
    write_drain,
    write_listeners,
    write_several,
    write_statement,
)
from hitless.report.reload.wording import configuration_lines, mechanism_words
from hitless.report.wording import counted

__all__ = ["render"]


def render(plan: ReloadPlan, *, width: int = 80, colour: bool = False) -> str:
    """Return the plan as lines of at most `width` columns (at least 40), styled only with `colour`."""
    page = Page(max(width, 40), colour=colour)
    stopping = list(dict.fromkeys(check.name for check in plan.stopped_by))
    word, style = ("WOULD NOT RELOAD", "red") if stopping else ("WOULD RELOAD", "green")
    page.row([(word, ("bold", style)), (plan.instance, ("bold",))], indent=INDENT, hang=2 * INDENT)
    version = f"haproxy {plan.haproxy_version}" if plan.haproxy_version else "version not known"
    how = mechanism_words(plan.mechanism, plan.mechanism_why)
    page.hanging("", f"{version} · {plan.mode} · {how}", indent=INDENT, styles=("dim",))
    page.blank()
    if stopping:
        write_statement(page, "stopped", f"by {counted(stopping, most=12)}", worrying=True)
        page.command("override".ljust(11), " ".join(f"--force {name}" for name in stopping), indent=INDENT)
    write_checks(page, plan.checks, plan.forced)
    write_several(page, "steps", [f"{number} {step}" for number, step in enumerate(plan.steps, 1)])
    write_several(page, "config", list(configuration_lines(plan.configuration)))
    write_listeners(page, plan.listeners)
    write_drain(page, plan.drain, "at risk")
    write_several(page, "note", plan.notes)
    write_statement(page, "now", "nothing was touched")
    return str(page)
