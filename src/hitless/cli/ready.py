"""`hitless ready`: wait, say what was proven, exit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.target_words import TARGET_PARAMETERS, read_target_options
from hitless.errors import ExitCode

if TYPE_CHECKING:
    from hitless.reloads import Readiness

__all__ = ["command"]

_HELP = """Wait until the current generation of HAProxy is proven to serve.

Proven: its master lists it, it owns every listening socket, it answers with its own pid, and nobody else holds one of
its sockets. A path that answers proves nothing: the old process can answer.

Exit status: 0 ready; 1 not ready within the time; 2 wrong usage; 3 it could not be looked at.
"""

_PARAMETERS = [
    click.Option(
        ["--timeout", "timeout_s"],
        type=click.FloatRange(0),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait; 0 looks once.",
    ),
    click.Option(
        ["--not", "not_pid"],
        type=click.IntRange(1),
        metavar="PID",
        help="Another process than this one must serve: the one from before the reload.",
    ),
    click.Option(
        ["--loaded"],
        is_flag=True,
        help="What is on disk must be what was loaded: started after the configuration was last changed.",
    ),
    click.Option(
        ["--any-unit-state"],
        is_flag=True,
        help="Its unit may be starting: for ExecStartPost= and the like, for which it waits.",
    ),
    click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing; the exit status says it."),
    click.Option(
        ["--format", "output_format"], type=click.Choice(["text", "json"]), default="text", show_default=True
    ),
]


@click.command("ready", params=[*TARGET_PARAMETERS, *_PARAMETERS], help=_HELP)
def command(*, output_format: str, quiet: bool, **words: Any) -> int:
    """Wait and say."""
    from hitless.cli.status_line import StatusLine
    from hitless.reload.ready import ReadyOptions, await_ready

    options = ReadyOptions(
        target=read_target_options(words),
        timeout_s=words["timeout_s"],
        not_pid=words["not_pid"],
        loaded=words["loaded"],
        any_unit_state=words["any_unit_state"],
    )
    with StatusLine(
        "looking at HAProxy", enabled=not quiet and sys.stderr is not None and sys.stderr.isatty()
    ) as line:
        found = await_ready(options, line.say)
    if not quiet:
        _show(found, output_format)
    if found.ready:
        return ExitCode.CLEAN
    return ExitCode.UNKNOWN if found.unknown else ExitCode.FOUND


def _show(found: Readiness, output_format: str) -> None:
    from hitless.report.reload import ready

    if output_format == "json":
        write_text(ready.render_json(found))
        return
    width, colour = text_style(STDOUT)
    write_text(ready.render(found, width=width, colour=colour))
