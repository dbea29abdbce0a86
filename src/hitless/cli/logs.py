"""`hitless logs`: the logging from which a drop can be explained afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hitless.cli.gather_words import GATHER_PARAMETERS, read_gather_options
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import ExitCode, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.audit.fix.apply import Applied
    from hitless.audit.logging_setup.plan import LoggingChoice
    from hitless.facts import Snapshot
    from hitless.fixes import LoggingPlan
    from hitless.gather import GatherOptions

__all__ = ["command"]

_OF_A_HOST: dict[str, Any] = {
    "root": "/",
    "used_configuration": None,
    "pid": None,
    "unit": None,
    "scripts": (),
    "snapshot": None,
}
"""Words of other commands that choose on a host: here files are named."""
_INIT_HELP = """Show what gives a HAProxy the recommended logging; of configuration FILES as a diff.

One line a request with an id, the process, the termination state and all timers; a receiver that loses none, rotates
without touching HAProxy, and is reached from inside its chroot. Options in FILES that keep lines out of the log are
explained and left as they are. --apply makes the changes once HAProxy accepts them; `hitless fix --undo` takes them
back.

Without FILES: a piece of configuration to begin with, and the receiver's files; written below --directory, else
printed.

Exit status: 0 nothing to change, or done; 1 there are changes to make (without --apply); 2 wrong usage; 3 it could not
be done.
"""
_INIT_PARAMETERS = [
    click.Option(
        ["--format", "form"],
        type=click.Choice(["json", "httplog"]),
        default="json",
        show_default=True,
        help="An object of JSON, or the classic line with what it lacks behind it.",
    ),
    click.Option(
        ["--receiver"],
        type=click.Choice(["rsyslog", "journald"]),
        default="rsyslog",
        show_default=True,
        help="Who takes the lines.",
    ),
    click.Option(
        ["--chroot"], metavar="DIR", help='HAProxy\'s chroot, "" for none  [default: what FILES say]'
    ),
    click.Option(
        ["--directory"],
        type=click.Path(),
        help="Below which the receiver's files are written, laid out as below /  [default: /]",
    ),
    click.Option(["--apply", "apply_it"], is_flag=True, help="Write the changes."),
    click.Option(["--backup-dir"], type=click.Path(), help="Where replaced files are kept."),
]


@click.group("logs", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The logging from which a drop can be explained afterwards."""


@command.command(
    "init",
    params=[p for p in GATHER_PARAMETERS if p.name not in _OF_A_HOST] + _INIT_PARAMETERS,
    help=_INIT_HELP,
)
def init(**words: Any) -> int:
    """Plan, and show or make the changes."""
    from hitless.audit.logging_setup.formats import Form
    from hitless.audit.logging_setup.plan import LoggingChoice
    from hitless.audit.logging_setup.receivers import Receiver

    choice = LoggingChoice(
        form=Form(words["form"]),
        receiver=Receiver(words["receiver"]),
        chroot=words["chroot"],
        directory=words["directory"] or "/",
    )
    if not words["files"] and not words["configuration"]:
        return _write_fresh(choice, words)
    try:
        plan, snapshot = _plan(choice, read_gather_options({**_OF_A_HOST, **words}))
    except KeyboardInterrupt:
        raise Interrupted("interrupted; nothing was changed.") from None
    applied = _apply(plan, snapshot, words) if words["apply_it"] and plan.changes else None
    _show(plan, applied)
    return ExitCode.FOUND if plan.changes and applied is None else ExitCode.CLEAN


def _write_fresh(choice: LoggingChoice, words: Mapping[str, Any]) -> int:
    from hitless.audit.logging_setup.fresh import fresh_files
    from hitless.cli.new_files import show_or_write

    if words["apply_it"]:
        raise UsageError(
            "--apply changes configuration files: name them.", hint="Or --directory DIR for new ones."
        )
    show_or_write(fresh_files(choice), words["directory"])
    return ExitCode.CLEAN


def _plan(choice: LoggingChoice, options: GatherOptions) -> tuple[LoggingPlan, Snapshot]:
    from hitless.audit.fix.apply import with_current_texts
    from hitless.audit.logging_setup.existing import read_existing
    from hitless.audit.logging_setup.plan import plan_logging, receiver_paths
    from hitless.gather import gather_snapshot
    from hitless.subject import Subject

    snapshot = with_current_texts(gather_snapshot(options))
    subject = Subject(snapshot, snapshot.instances[0])
    paths = receiver_paths(choice, *([subject.unit.name] if subject.unit else []))
    return plan_logging(subject, choice, read_existing(choice.directory, paths)), snapshot


def _apply(plan: LoggingPlan, snapshot: Snapshot, words: Mapping[str, Any]) -> Applied:
    from hitless.audit.fix.apply import apply_changes
    from hitless.audit.fix.backups import default_directory

    try:
        return apply_changes(
            plan.changes,
            snapshot,
            backup_directory=words["backup_dir"] or default_directory(),
            check=words["check"] is not False,
        )
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; no file is half written.",
            hint="The same command without --apply says what is left.",
        ) from None


def _show(plan: LoggingPlan, applied: Applied | None) -> None:
    from hitless.audit.fix.diff import show_change
    from hitless.fixes import LoggingReport
    from hitless.report.logging_setup import render_text

    report = LoggingReport(
        changes=tuple(show_change(change) for change in plan.changes),
        notes=plan.notes,
        next=plan.next,
        applied=applied is not None,
        backup=applied.backup if applied else "",
        checks=applied.checks if applied else (),
    )
    width, colour = text_style(STDOUT)
    write_text(render_text(report, width=width, colour=colour))
