"""`hitless fix`: the changes as a diff, made with --apply, taken back with --undo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hitless.cli.gather_words import GATHER_PARAMETERS, read_gather_options
from hitless.cli.output import wants_colour, write_text
from hitless.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from hitless.audit.fix.model import FixPlan
    from hitless.audit.gather import GatherOptions
    from hitless.facts import Snapshot

__all__ = ["command"]

_HELP = """Show the smallest change that removes what `hitless audit` finds, as a diff; make it with --apply.

Safe fixes only, unless --unsafe allows those that change behaviour. With --apply HAProxy itself must accept the result
in the mode its service uses; what is replaced is kept, and `hitless fix --undo` puts it back.

Exit status: 0 nothing to change, or all changes made; 1 there are changes to make (without --apply), or findings at
the threshold stay (with --apply); 2 wrong usage; 3 it could not be done.
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
    click.Option(["--no-check"], is_flag=True, help="Do not ask HAProxy whether it accepts the result."),
    click.Option(["--select"], multiple=True, metavar="CODES", help="Only these rules: codes, names, families (HL5)."),
    click.Option(["--ignore"], multiple=True, metavar="CODES", help="Not these rules."),
    click.Option(["--project"], type=click.Path(), help="The project file  [default: the nearest .hitless.toml]"),
    click.Option(
        ["--format", "output_format"], type=click.Choice(["text", "json"]), default="text", show_default=True
    ),
]
