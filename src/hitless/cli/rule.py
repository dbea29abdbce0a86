"""`hitless rule CODE`: what a cause means."""

from __future__ import annotations

import textwrap

import click

from hitless.causes import CAUSES, Cause
from hitless.cli.output import write_text
from hitless.errors import UsageError

__all__ = ["command"]


@click.command("rule")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Print what the cause CODE means, why it drops connections, and its fix; without CODE, list all."""
    if code is None:
        write_text("".join(f"{c.code}  {c.name:<34} {c.summary}\n" for c in CAUSES.values()))
        return
    found = CAUSES.get(code.upper())
    if found is None:
        raise UsageError(f"There is no rule {code}.", hint="`hitless rule` lists them.")
    write_text(_page(found) + "\n")


def _page(cause: Cause) -> str:
    def paragraph(title: str, text: str) -> str:
        wrapper = textwrap.TextWrapper(
            80, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
        )
        body = wrapper.fill(text)
        return f"\n{title}\n{body}"

    where = f" (in {cause.section})" if cause.section else ""
    return "\n".join(
        [
            f"{cause.code}  {cause.name}",
            paragraph("What happens", cause.summary),
            paragraph("Why it drops connections", cause.why),
            paragraph(f"Fix{where}", cause.fix),
        ]
    )
