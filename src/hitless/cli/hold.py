"""`hitless hold`: the daemon that holds listening sockets, and what it is asked and told."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import ControlError, ExitCode, UsageError

if TYPE_CHECKING:
    from hitless.holding import HoldStatus

__all__ = ["command"]

_HELP = """Hold the listening sockets of HAProxy, so that a restart or a crash is a pause and no outage.

Without a command this is the daemon, in the foreground. HAProxy gets the sockets from it with
`-x /run/hitless/hold/NAME.sock`. See docs/hold.md.

Exit status of `status`: 0 all that is held is accepted on; 1 nobody accepts on a socket, or nothing is held; 3 no
holder answers.
"""
_SPEC = "NAME[,pid-file=PATH][,configuration=PATH][,pid=N][,stats-socket=PATH][,user=NAME][,close-after=60s]"
_WHERE = "Where the holder's sockets are; /run/hitless/hold for root."


def _note_directory(context: click.Context, _option: click.Parameter, directory: str | None) -> None:
    context.obj = directory or context.obj


def _directory_too() -> click.Option:
    """Return the option of the group once more: people write it behind the command as well."""
    return click.Option(
        ["--directory"], metavar="DIR", expose_value=False, callback=_note_directory, help=_WHERE
    )


@click.group(
    "hold",
    help=_HELP,
    invoke_without_command=True,
    params=[
        click.Option(["--directory"], metavar="DIR", help=_WHERE),
        click.Option(["--instance", "instances"], multiple=True, metavar="SPEC", help=f"Hold for {_SPEC}."),
        click.Option(
            ["--replace"], is_flag=True, help="Take everything from the holder that runs, and end it."
        ),
    ],
)
@click.pass_context
def command(
    context: click.Context, *, directory: str | None, instances: tuple[str, ...], replace: bool
) -> None:
    """Become the daemon, or go on to a command."""
    from hitless.hold.places import default_directory

    place = directory or default_directory()
    if context.invoked_subcommand is not None:
        if instances or replace:
            raise UsageError("--instance and --replace are for the daemon.")
        context.obj = place
        return
    words = [sys.executable, "-P", "-m", "hitless.hold", "--directory", place]
    words += [f"--instance={text}" for text in instances]
    # A process of its own, which has not loaded what only the command line needs.
    os.execv(sys.executable, [*words, *(["--replace"] if replace else [])])  # noqa: S606 - no shell is wanted


@command.command(
    "status",
    params=[
        click.Option(
            ["--format", "output_format"],
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
        ),
        click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing; the exit status says it."),
        _directory_too(),
    ],
)
@click.pass_obj
def status(directory: str, *, output_format: str, quiet: bool) -> int:
    """Each held socket: who accepts on it, who waits, since when nobody has."""
    from hitless.holding import parse_status

    answer = _ask(directory, {"op": "status"})
    try:
        found = parse_status(answer.get("status"))
    except ValueError as error:
        raise ControlError(
            "The holder is of another version.", hint="`hitless hold upgrade` executes it anew."
        ) from error
    if not quiet:
        _show(found, output_format)
    fine = found.instances and all(i.sockets and not i.unattended for i in found.instances)
    return ExitCode.CLEAN if fine else ExitCode.FOUND


def _show(found: HoldStatus, output_format: str) -> None:
    if output_format == "json":
        from hitless.report.hold import json

        write_text(json.render(found))
        return
    from hitless.report.hold import text

    width, colour = text_style(STDOUT)
    write_text(text.render(found, width=width, colour=colour))


@command.command(
    "add",
    params=[
        click.Argument(["spec"], metavar="SPEC"),
        click.Option(
            ["--bind"], is_flag=True, help="Bind now what its configuration= says and nobody has bound."
        ),
        _directory_too(),
    ],
)
@click.pass_obj
def add(directory: str, *, spec: str, bind: bool) -> None:
    """Hold for an instance as well; or change what is known of one."""
    from hitless.hold.instance import parse_spec, spec_document

    instance = parse_spec(spec)
    if bind and not instance.configuration:
        raise UsageError("--bind needs configuration=PATH.")
    _ask(directory, {"op": "add", "instance": spec_document(instance)})
    if bind:
        from hitless.hold.bind import bind_configuration

        number = bind_configuration(directory, instance)
        click.echo(f"{number} sockets are bound and held for {instance.name}.")


@command.command("drop", params=[click.Argument(["name"], metavar="NAME"), _directory_too()])
@click.pass_obj
def drop(directory: str, *, name: str) -> None:
    """Let go of all that is held for an instance, and forget it."""
    dropped = _ask(directory, {"op": "drop", "name": name})["dropped"]
    click.echo(f"{dropped} sockets of {name} are held no more.")


@command.command("upgrade", params=[_directory_too()])
@click.pass_obj
def upgrade(directory: str) -> None:
    """Let the holder become the hitless that is installed now, with all its sockets."""
    pid = _ask(directory, {"op": "upgrade"})["pid"]
    click.echo(f"Holder {pid} tries the installed version, and becomes it if it works.")


def _ask(directory: str, request: dict[str, object]) -> dict[str, Any]:
    from hitless.hold.client import ask
    from hitless.hold.places import control_path

    return ask(control_path(directory), request)
