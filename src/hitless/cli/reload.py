"""`hitless reload`: its progress, its output and its exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.reload_words import HELP, PARAMETERS, read_reload_options
from hitless.errors import ExitCode
from hitless.report.plain import neutralise

if TYPE_CHECKING:
    from hitless.reload.driver import Answer
    from hitless.reloads import Receipt, ReloadPlan

__all__ = ["command"]


@click.command("reload", params=[*PARAMETERS], help=HELP)
def command(*, output_format: str, quiet: bool, **words: Any) -> int:
    """Reload, or say what a reload would do."""
    from hitless.cli.status_line import StatusLine
    from hitless.reload.driver import apply_reload, plan_reload

    options = read_reload_options(words)
    with StatusLine(
        "looking at HAProxy", enabled=not quiet and sys.stderr is not None and sys.stderr.isatty()
    ) as line:
        if options.dry_run:
            plan = plan_reload(options, line.say)
        else:
            answer = apply_reload(options, line.say)
    if options.dry_run:
        _show_plan(plan, output_format)
        return ExitCode.FOUND if plan.stopped_by else ExitCode.CLEAN
    status = _status(answer.receipt)
    if not quiet or status is not ExitCode.CLEAN:
        _show_receipt(answer, output_format, failed=status is not ExitCode.CLEAN)
    if answer.problem:
        click.echo(f"hitless: the receipt could not be kept: {neutralise(answer.problem)}", err=True)
    return status


def _show_plan(plan: ReloadPlan, output_format: str) -> None:
    if output_format == "json":
        from hitless.report.reload import json

        write_text(json.render_plan(plan))
        return
    from hitless.report.reload import plan as text

    width, colour = text_style(STDOUT)
    write_text(text.render(plan, width=width, colour=colour))


def _show_receipt(answer: Answer, output_format: str, *, failed: bool) -> None:
    """Write the receipt; where a program reads it, the reason of a failure goes to standard error as well."""
    receipt = answer.receipt
    if output_format == "json":
        from hitless.report.reload import json

        write_text(json.render(receipt))
    elif output_format == "markdown":
        from hitless.report.reload import markdown

        write_text(markdown.render(receipt))
    else:
        from hitless.report.reload import text

        width, colour = text_style(STDOUT)
        write_text(text.render(receipt, width=width, colour=colour, kept_in=answer.kept_in))
        return
    if failed:
        for line in (receipt.reason, *receipt.messages[:5]):
            click.echo(neutralise(f"hitless: {line}"), err=True)


def _status(receipt: Receipt) -> ExitCode:
    from hitless.reloads import ReloadOutcome

    return {
        ReloadOutcome.TAKEN_OVER: ExitCode.CLEAN,
        ReloadOutcome.NOT_TAKEN_OVER: ExitCode.UNKNOWN,
        ReloadOutcome.INTERRUPTED: ExitCode.INTERRUPTED,
    }.get(receipt.outcome, ExitCode.FOUND)
