"""`hitless explain`: what happened, from the logs, captures and receipts that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import ExitCode

if TYPE_CHECKING:
    from hitless.explanations import Explanation

__all__ = ["command"]

_HELP = """Explain what happened: every reload, restart, failed reload, hard stop and crash in the FILES, what each did to
clients, and why.

Exit status: 0 nothing bad; 1 clients were hurt, or a reload failed; 3 these inputs cannot tell.
"""
_PARAMETERS = [
    click.Argument(["files"], nargs=-1, type=click.Path()),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(["text", "json", "markdown", "html"]),
        default="text",
        show_default=True,
    ),
]


@click.command("explain", params=_PARAMETERS, help=_HELP)
def command(**words: Any) -> int:
    """Read, explain, show."""
    from hitless.explain.answer import explain
    from hitless.explain.inputs.chosen import Chosen

    caps = tuple(f for f in words["files"] if "pcap" in f)
    logs = tuple(f for f in words["files"] if "pcap" not in f)
    explanation = explain(Chosen(logs=logs, captures=caps))
    write_text(_render(explanation, words["output_format"]), STDOUT)
    return _status(explanation)


def _status(explanation: Explanation) -> ExitCode:
    from hitless.explanations import Judgement

    return {
        Judgement.HARMLESS: ExitCode.CLEAN,
        Judgement.HARMFUL: ExitCode.FOUND,
        Judgement.UNKNOWN: ExitCode.UNKNOWN,
    }[explanation.judgement]


def _render(explanation: Explanation, output_format: str) -> str:
    from hitless.report.explain import text

    width, colour = text_style(STDOUT)
    return text.render(explanation, width=width, colour=colour)
