"""The words of `hitless audit`: its help and the options that say how to judge and how to show."""

from __future__ import annotations

import click

from hitless.cli.gather_words import GATHER_PARAMETERS
from hitless.cli.output import STDOUT

__all__ = ["FORMATS", "HELP", "PARAMETERS"]

FORMATS = ("text", "json", "sarif", "junit", "markdown")
_SEVERITIES = ("error", "warning", "note")

# "\b" keeps click from wrapping the paragraph that follows it.
HELP = """Find the causes of dropped reloads on this host, or in these CONFIGURATION files, and say what removes them.

Reads only. Without files: every HAProxy of this host, with its unit, processes, sockets and the scripts that touch it.
`hitless fix` shows the changes as a diff, `hitless rule CODE` explains a finding.

\b
hitless audit
hitless audit haproxy.cfg --haproxy-version 2.8
hitless audit --unit haproxy.service --ignore HL7,unbounded-tunnel
hitless audit --snapshot lb1.json --format sarif -o hitless.sarif

Exit status: 0 nothing at the threshold, 1 findings at the threshold or above, 2 wrong usage, 3 a rule broke or no
configuration could be read, 130 interrupted. What was not checked is listed, and does not fail.
"""


def _rules(*names: str, help: str) -> click.Option:  # noqa: A002 - click's word
    return click.Option(names, multiple=True, metavar="RULES", help=help)


PARAMETERS: tuple[click.Parameter, ...] = (
    *GATHER_PARAMETERS,
    _rules(
        "--select", help="Only these rules: codes, names, families (HL5, HL5xx), with commas or repeated."
    ),
    _rules("--ignore", help="Without these rules."),
    click.Option(
        ["--threshold"],
        type=click.Choice(_SEVERITIES),
        help="The least severity that fails  [default: the project file's, else warning]",
    ),
    click.Option(
        ["--project"],
        type=click.Path(),
        help="The project file  [default: .hitless.toml here or above, up to the repository's root]",
    ),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="How the answer is written.",
    ),
    click.Option(
        ["-o", "--output"],
        type=click.Path(),
        default=STDOUT,
        show_default=True,
        help="The file to write, - for standard output.",
    ),
    click.Option(["-q", "--quiet"], is_flag=True, help="No progress; no text where nothing was found."),
)
