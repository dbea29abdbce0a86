"""`hitless migrate`: its words, its output and its exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.target_words import TARGET_PARAMETERS, read_target_options
from hitless.errors import ExitCode
from hitless.report.plain import neutralise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.migrations import Migration
    from hitless.reload.migrate.options import MigrateOptions

__all__ = ["command"]

_HELP = """Move the running HAProxy to another mode, configuration or program without losing a connection.

A classic HAProxy becomes a master with a worker; with `--to classic` it comes back. The running process need not be
prepared for it: its listening sockets are taken from it and offered to the new one, and it is asked to leave only when
that serves. Until then nothing has happened to it. Whether the systemd unit lives on is looked at before.

Exit status: 0 migrated, proven (with --dry-run: nothing stands in the way); 1 rejected, or the new process did not come
to serve; 2 wrong usage; 3 it could not be proven.
"""

_PARAMETERS: tuple[click.Parameter, ...] = (
    click.Option(
        ["--to", "mode"],
        type=click.Choice(["master-worker", "classic"]),
        help="The mode  [default: master-worker; the same one with --to-config or --to-program]",
    ),
    click.Option(
        ["--to-config", "files"],
        multiple=True,
        type=click.Path(),
        metavar="FILE",
        help="Its configuration in place of its own; repeat for several.",
    ),
    click.Option(["--to-program", "program"], type=click.Path(), metavar="PATH", help="Its program."),
    click.Option(
        ["--master-cli"],
        metavar="PATH",
        help="""Its -S, with options behind commas; "" for none.

        [default: as it has; as root /run/haproxy-master.sock]""",
    ),
    click.Option(["--dry-run"], is_flag=True, help="Say what would be done and found; touch nothing."),
    click.Option(["--force"], multiple=True, metavar="NAME", help="Override this check, and no other."),
    click.Option(
        ["--timeout", "timeout_s"],
        type=click.FloatRange(0, min_open=True),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="For the start, and again for the proof.",
    ),
    click.Option(["--state-dir"], type=click.Path(), help="Where the lock is that reloads share."),
    click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing but errors."),
    click.Option(
        ["--format", "output_format"], type=click.Choice(["text", "json"]), default="text", show_default=True
    ),
)


@click.command("migrate", params=[*TARGET_PARAMETERS, *_PARAMETERS], help=_HELP)
def command(*, output_format: str, quiet: bool, **words: Any) -> int:
    """Migrate, or say what a migration would do."""
    from hitless.cli.status_line import StatusLine
    from hitless.reload.migrate.driver import apply_migration, plan_migration

    options = _read_options(words)
    shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
    with StatusLine("looking at HAProxy", enabled=shown) as line:
        migrate = plan_migration if options.dry_run else apply_migration
        found = migrate(options, line.say)
    status = _status(found)
    if not quiet or status is not ExitCode.CLEAN:
        _show(found, output_format)
    return status


def _read_options(words: Mapping[str, Any]) -> MigrateOptions:
    from hitless.facts import RunMode
    from hitless.reload.migrate.options import MigrateOptions

    return MigrateOptions(
        target=read_target_options(words),
        mode=RunMode(words["mode"]) if words["mode"] else None,
        files=tuple(words["files"]),
        program=words["program"] or "",
        master_cli=words["master_cli"],
        force=tuple(name for text in words["force"] for name in text.split(",") if name),
        dry_run=words["dry_run"],
        timeout_s=words["timeout_s"],
        state_dir=words["state_dir"] or "",
    )


def _show(found: Migration, output_format: str) -> None:
    if output_format == "json":
        from hitless.report.migrate import json

        write_text(json.render(found))
        if found.reason:
            click.echo(neutralise(f"hitless: {found.reason}"), err=True)
        return
    from hitless.report.migrate import text

    width, colour = text_style(STDOUT)
    write_text(text.render(found, width=width, colour=colour))


def _status(found: Migration) -> ExitCode:
    from hitless.migrations import MigrationOutcome

    if found.outcome is MigrationOutcome.PLANNED:
        return ExitCode.FOUND if found.stopped_by else ExitCode.CLEAN
    return {
        MigrationOutcome.MIGRATED: ExitCode.CLEAN,
        MigrationOutcome.NOT_PROVEN: ExitCode.UNKNOWN,
    }.get(found.outcome, ExitCode.FOUND)
