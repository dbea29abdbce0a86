"""`hitless reload`: its progress, its output and its exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.reload_words import HELP, PARAMETERS, read_reload_options
from hitless.errors import ExitCode

if TYPE_CHECKING:
    from hitless.reloads import Receipt, ReloadPlan

__all__ = ["command"]


@click.command("reload", params=[*PARAMETERS], help=HELP)
def command(*, output_format: str, quiet: bool, **words: Any) -> int:
    """Reload, or say what a reload would do."""
    from hitless.cli.show_line import ShowLine
    from hitless.reload.driver import apply_reload, plan_reload

    options = read_reload_options(words)
    with ShowLine(enabled=not quiet and sys.stderr is not None and sys.stderr.isatty()) as tell:
        if options.dry_run:
            plan = plan_reload(options, tell)
        else:
            receipt, problem = apply_reload(options, tell)
    if options.dry_run:
        _show_plan(plan, output_format)
        return ExitCode.FOUND if any(check.stops for check in plan.checks) else ExitCode.CLEAN
    status = _status(receipt)
    if not quiet or status is not ExitCode.CLEAN:
        _show_receipt(receipt, output_format, failed=status is not ExitCode.CLEAN)
    if problem:
        click.echo(f"hitless: the receipt could not be kept: {problem}", err=True)
    return status


def _show_plan(plan: ReloadPlan, output_format: str) -> None:
    if output_format == "json":
        from hitless.report.reload.json import render_plan_json

        write_text(render_plan_json(plan))
        return
    from hitless.report.reload.plan import render_plan

    width, colour = text_style(STDOUT)
    write_text(render_plan(plan, width=width, colour=colour))


def _show_receipt(receipt: Receipt, output_format: str, *, failed: bool) -> None:
    """Write the receipt; where a program reads it, the reason of a failure goes to standard error as well."""
    if output_format == "json":
        from hitless.report.reload.json import render_json

        write_text(render_json(receipt))
    elif output_format == "markdown":
        from hitless.report.reload.markdown import render_markdown

        write_text(render_markdown(receipt))
    else:
        from hitless.report.reload.text import render_text

        width, colour = text_style(STDOUT)
        write_text(render_text(receipt, width=width, colour=colour))
    if failed and output_format != "text":
        from hitless.report.plain import neutralise

        for line in (receipt.reason, *receipt.messages[:5]):
            click.echo(neutralise(f"hitless: {line}"), err=True)


def _status(receipt: Receipt) -> ExitCode:
    from hitless.reloads import ReloadOutcome

    return {
        ReloadOutcome.TAKEN_OVER: ExitCode.CLEAN,
        ReloadOutcome.NOT_TAKEN_OVER: ExitCode.UNKNOWN,
        ReloadOutcome.INTERRUPTED: ExitCode.INTERRUPTED,
    }.get(receipt.outcome, ExitCode.FOUND)
