"""`hitless explain`: what happened, from the logs, captures and receipts that there are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.explain_words import PARAMETERS, choose_inputs, choose_receipts
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.explanations import Explanation

__all__ = ["command"]

_HELP = """Explain each reload, failed reload, restart, hard stop and crash: what it did to clients, and why.

FILES are logs (also rotated, compressed, exported from a journal), captures (pcap, pcapng), receipts, proofs (bundles
of `hitless prove`, or its documents), what `show errors` printed, journal directories, in any mix: what each is, is
seen by its content; - is standard input. Without FILES: this host's logs, journal and receipts of the last 24 hours.

A TIME is 03:00 (the last one), 2026-11-29, 2026-11-29T03:00, 2h (ago) or RFC 3339; in the zone of the logs where it has
no offset.

Exit status: 0 nobody was hurt that these inputs can show; 1 clients were hurt, a reload failed; 2 wrong usage;
3 these inputs cannot tell.
"""
_OWN: tuple[click.Parameter, ...] = (
    click.Option(["--follow"], is_flag=True, help="Go on: tell of each event when it is over, until Ctrl-C."),
    click.Option(["--raw"], is_flag=True, help="Show all raw lines behind each statement (text)."),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(["text", "json", "markdown", "html"]),
        default="text",
        show_default=True,
        help="With --follow: text, or JSON with one event a line.",
    ),
    click.Option(
        ["-o", "--output"], type=click.Path(), default=STDOUT, help="Write there  [default: standard output]"
    ),
    click.Option(["-q", "--quiet"], is_flag=True, help="Show no progress."),
)


@click.command("explain", params=[*PARAMETERS, *_OWN], help=_HELP)
def command(**words: Any) -> int:
    """Read, explain, show."""
    if words["follow"]:
        if words["output_format"] not in {"text", "json"} or words["output"] != STDOUT:
            raise UsageError("--follow writes text or JSON to standard output.")
        from hitless.cli.explain_follow import follow_events

        return follow_events(words)
    explanation = _explain(words)
    write_text(_render(explanation, words), words["output"])
    return _status(explanation)


def _explain(words: Mapping[str, Any]) -> Explanation:
    from hitless.cli.progress import ShowSlow
    from hitless.explain.answer import explain

    watched = not words["quiet"] and sys.stderr is not None and sys.stderr.isatty()
    with ShowSlow("reading what there is", enabled=watched):
        chosen = choose_inputs(words)
        return explain(chosen, choose_receipts(chosen, words))


def _status(explanation: Explanation) -> ExitCode:
    from hitless.explanations import Judgement

    return {
        Judgement.HARMLESS: ExitCode.CLEAN,
        Judgement.HARMFUL: ExitCode.FOUND,
        Judgement.UNKNOWN: ExitCode.UNKNOWN,
    }[explanation.judgement]


def _render(explanation: Explanation, words: Mapping[str, Any]) -> str:
    output_format = words["output_format"]
    if output_format == "json":
        from hitless.report.explain import json

        return json.render(explanation)
    if output_format == "markdown":
        from hitless.report.explain import markdown

        return markdown.render(explanation)
    if output_format == "html":
        from hitless.report.explain import html

        return html.render(explanation)
    from hitless.report.explain import text

    width, colour = text_style(words["output"])
    return text.render(explanation, width=width, colour=colour, quotes=words["raw"])
