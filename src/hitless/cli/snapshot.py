"""`hitless snapshot`: write down everything that an audit looks at."""

from __future__ import annotations

import click

from hitless.cli.gather_words import GATHER_PARAMETERS, read_gather_options
from hitless.cli.output import STDOUT, write_text
from hitless.cli.private_file import write_private

__all__ = ["command"]

# "\b" keeps click from wrapping the paragraph that follows it.
HELP = """Write the facts that an audit looks at as one JSON document, secrets redacted.

Auditing it elsewhere (`hitless audit --snapshot FILE`) finds what auditing this host finds.

\b
hitless snapshot -o lb1.json
hitless snapshot --unit haproxy.service > lb1.json

Exit status: 0 written, 2 wrong usage, 3 it could not be written, 130 interrupted.
"""


@click.command(
    "snapshot",
    params=[
        *GATHER_PARAMETERS,
        click.Option(
            ["-o", "--output"],
            type=click.Path(),
            default=STDOUT,
            show_default=True,
            help="The file to write, readable for its owner alone; - for standard output.",
        ),
    ],
    help=HELP,
)
def command(output: str, **words: object) -> None:
    """Gather and write."""
    from hitless.gather import gather_snapshot
    from hitless.gather.document import render_snapshot

    text = render_snapshot(gather_snapshot(read_gather_options(words)))
    if output == STDOUT:
        write_text(text)
    else:
        write_private(text, output)
