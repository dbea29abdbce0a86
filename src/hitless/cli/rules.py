"""`hitless rules`: every rule by family."""

from __future__ import annotations

import json

import click

from hitless.audit.table import FAMILIES
from hitless.causes import CAUSES
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.rule_texts import rule_names, rule_text

__all__ = ["command"]


@click.command("rules")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
)
def command(output_format: str) -> None:
    """List all rules by family, with their severity, and the causes that only `hitless prove` can name."""
    from hitless.report.audit import rule_list

    rules = [rule_text(code) for code in rule_names()]
    of_proofs = [
        (code, cause.name, cause.summary) for code, cause in CAUSES.items() if code not in rule_names()
    ]
    if output_format == "json":
        write_text(json.dumps(rule_list.documents(rules), indent=2, ensure_ascii=False) + "\n")
    elif output_format == "markdown":
        write_text(rule_list.render_markdown(rules, FAMILIES))
    else:
        width, colour = text_style(STDOUT)
        write_text(rule_list.render_terminal(rules, of_proofs, FAMILIES, width=width, colour=colour))
