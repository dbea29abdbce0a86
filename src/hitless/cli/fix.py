"""`hitless fix`: the changes as a diff, made with --apply, taken back with --undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hitless.cli.gather_words import GATHER_PARAMETERS, read_gather_options
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import ExitCode, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.audit.fix.apply import Applied
    from hitless.facts import Snapshot
    from hitless.fixes import FixPlan
    from hitless.gather import GatherOptions

__all__ = ["command"]

_HELP = """Show the smallest change that removes what `hitless audit` finds, as a diff; make it with --apply.

Safe fixes only, unless --unsafe allows those that change behaviour. With --apply HAProxy itself must accept the result
in the mode its service uses; what is replaced is kept, and `hitless fix --undo` puts it back. --no-check asks
HAProxy nothing.

Exit status: 0 nothing to change, or all changes made; 1 there are changes to make (without --apply); 2 wrong usage;
3 it could not be done.
"""

_PARAMETERS = [
    click.Option(["--apply", "apply_it"], is_flag=True, help="Write the changes."),
    click.Option(["--unsafe"], is_flag=True, help="Also fixes that change behaviour."),
    click.Option(
        ["--undo"],
        is_flag=False,
        flag_value="",
        default=None,
        metavar="[BACKUP]",
        help="Put back what the last --apply (or the one named) replaced.",
    ),
    click.Option(["--backup-dir"], type=click.Path(), help="Where replaced files are kept."),
    click.Option(
        ["--select"], multiple=True, metavar="CODES", help="Only these rules: codes, names, families (HL5)."
    ),
    click.Option(["--ignore"], multiple=True, metavar="CODES", help="Not these rules."),
    click.Option(
        ["--project"], type=click.Path(), help="The project file  [default: the nearest .hitless.toml]"
    ),
    click.Option(
        ["--format", "output_format"], type=click.Choice(["text", "json"]), default="text", show_default=True
    ),
]


@click.command("fix", params=[*GATHER_PARAMETERS, *_PARAMETERS], help=_HELP)
def command(**words: Any) -> int:
    """Plan, and show or make the changes."""
    from hitless.audit.fix.backups import default_directory

    options = read_gather_options(words)
    backups = words["backup_dir"] or default_directory(options.root)
    if words["undo"] is not None:
        return _undo(backups, words["undo"], options.root)
    if words["apply_it"] and options.snapshot:
        raise UsageError("A snapshot is of another host or another time: --apply changes files here.")
    try:
        plan, snapshot = _plan(options, words)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; nothing was changed.") from None
    applied = None
    if words["apply_it"] and plan.changes:
        from hitless.audit.fix.apply import apply_changes

        try:
            applied = apply_changes(
                plan.changes,
                snapshot,
                root=options.root,
                backup_directory=backups,
                check=words["check"] is not False,
            )
        except KeyboardInterrupt:
            raise Interrupted(
                "interrupted; no file is half written.",
                hint="`hitless fix` says whether the changes are made.",
            ) from None
    _show(plan, applied, output_format=words["output_format"])
    return _status(plan, applied_it=words["apply_it"])


def _plan(options: GatherOptions, words: Mapping[str, Any]) -> tuple[FixPlan, Snapshot]:
    from hitless.audit.fix.apply import with_current_texts
    from hitless.audit.fix.plan import plan_fixes
    from hitless.audit.policy import apply_policy
    from hitless.audit.table import load_rule
    from hitless.cli.chosen_rules import choose
    from hitless.gather import gather_snapshot

    policy, codes = choose(words["project"], words["select"], words["ignore"])
    snapshot = gather_snapshot(options)
    if not options.snapshot:
        snapshot = with_current_texts(snapshot, root=options.root)
    plan = plan_fixes(
        snapshot,
        [load_rule(code) for code in codes],
        unsafe=words["unsafe"],
        judge=lambda result: apply_policy(result, policy),
    )
    return plan, snapshot


def _undo(directory: str, name: str, root: str) -> int:
    from hitless.audit.fix.backups import steps_after_undo, undo

    backup, paths = undo(directory, name, root=root)
    lines = [f"put back  {path}" for path in paths] or ["Everything was as before already."]
    lines += [f"next      {step}" for step in steps_after_undo(paths)]
    write_text("\n".join([f"Backup {backup.name} of {backup.taken_at}:", *lines]) + "\n")
    return ExitCode.CLEAN


def _show(plan: FixPlan, applied: Applied | None, *, output_format: str) -> None:
    from hitless import __version__
    from hitless.audit.fix.diff import show_change
    from hitless.fixes import FixReport
    from hitless.report.fix import render_json, render_text

    report = FixReport(
        tool_version=__version__,
        changes=tuple(show_change(change) for change in plan.changes),
        fixed=plan.fixed,
        left=plan.left,
        next=plan.next,
        applied=applied is not None,
        backup=applied.backup if applied else "",
        checks=applied.checks if applied else (),
    )
    if output_format == "json":
        write_text(render_json(report))
        return
    width, colour = text_style(STDOUT)
    write_text(render_text(report, width=width, colour=colour))


def _status(plan: FixPlan, *, applied_it: bool) -> int:
    if plan.after.internal_errors:
        return ExitCode.UNKNOWN
    return ExitCode.FOUND if plan.changes and not applied_it else ExitCode.CLEAN
