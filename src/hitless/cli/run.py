"""`hitless run`: its words; what HAProxy says goes where ours goes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.duration import Duration
from hitless.errors import HitlessError, UsageError
from hitless.report.plain import neutralise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.run.options import RunOptions

__all__ = ["command"]

_HELP = """Run HAProxy: as the main process of a systemd unit, or as process 1 of a container.

Its listening sockets are kept: a crash of HAProxy is a pause, in which connections wait, and not an outage. It is
started again, at once and then with a growing delay. SIGHUP and SIGUSR2 reload it as `hitless reload` does; SIGTERM,
SIGINT and SIGUSR1 let its connections end, up to --stop-deadline. The service manager hears that it is ready when that
is proven.

\b
    hitless run -- haproxy -W -f /etc/haproxy/haproxy.cfg

Exit status: 0 stopped, and all connections had ended; 143 stopped, and the deadline cut some; otherwise HAProxy's own.
"""

_PARAMETERS: tuple[click.Parameter, ...] = (
    click.Option(
        ["--stop-deadline", "stop_s"],
        type=Duration(),
        default="8s",
        show_default=True,
        help="How long connections may go on after a stop signal: less than what the container or unit is given.",
    ),
    click.Option(
        ["--hold-for", "hold_s"],
        type=Duration(),
        default="30s",
        show_default=True,
        help="How long listening sockets stay open while no HAProxy accepts; then clients are refused.",
    ),
    click.Option(
        ["--restarts"],
        type=click.IntRange(0),
        default=10,
        show_default=True,
        help="Give up after so many ends in a row without a steady service.",
    ),
    click.Option(
        ["--ready-timeout", "ready_s"],
        type=Duration(),
        default="60s",
        show_default=True,
        help="For one proof that it serves; then it is said what is missing, and looked again.",
    ),
    click.Option(
        ["--holder"],
        type=click.Path(),
        metavar="SOCKET",
        help="Get listening sockets from a holder there, where it has some and we have none.",
    ),
    click.Option(
        ["--reload-option", "reload_words"],
        multiple=True,
        metavar="WORD",
        help="Pass this word on to `hitless reload`; repeat: --reload-option=--guard --reload-option=10s.",
    ),
    click.Option(["--state-dir"], type=click.Path(), help="Where receipts of reloads are kept."),
    click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, metavar="-- HAPROXY [WORDS]..."),
)


@click.command("run", params=[*_PARAMETERS], help=_HELP, context_settings={"ignore_unknown_options": False})
def command(**words: Any) -> int:
    """Run."""
    from hitless.run.driver import run

    options = _read_options(words)
    return run(options, _version(options.command[0]), _say)


def _read_options(words: Mapping[str, Any]) -> RunOptions:
    from hitless.run.options import RunOptions
    from hitless.run.words import in_foreground, wrong_command

    given = tuple(words["words"])
    if why := wrong_command(given):
        raise UsageError(f"{why[0].upper()}{why[1:]}.")
    return RunOptions(
        command=in_foreground(given),
        stop_s=words["stop_s"],
        hold_s=words["hold_s"],
        restarts=words["restarts"],
        ready_s=words["ready_s"],
        holder=words["holder"] or "",
        reload_words=tuple(words["reload_words"]),
        state_dir=words["state_dir"] or "",
    )


def _version(program: str) -> tuple[int, int, int]:
    """Return the program's version; (0, 0, 0) where it does not say: what is kept is offered as later ones take it."""
    from hitless.control.binary import find_haproxy

    try:
        return find_haproxy(program).version
    except HitlessError as error:
        _say(f"{program} does not say its version: {error.message}")
        return (0, 0, 0)


def _say(text: str) -> None:
    print(f"hitless run: {neutralise(text)}", file=sys.stderr, flush=True)  # noqa: T201 - click closes its own at exit
