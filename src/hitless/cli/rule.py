"""`hitless rule CODE`: what a rule, or a cause that a proof names, means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from hitless.causes import CAUSES, Cause
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.rule_texts import OWN, rule_names, whole_text
from hitless.errors import UsageError

if TYPE_CHECKING:
    from hitless.report.audit.rule_text import RuleText

__all__ = ["command"]

_OF_PROOF = "As a cause in `hitless prove`"


@click.command("rule")
@click.argument("code")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
)
def command(code: str, output_format: str) -> None:
    """Explain the rule CODE (or its name): why it drops connections, in which versions, and what removes it.

    `hitless rules` lists all.
    """
    found = _find(code)
    if output_format == "json":
        from hitless.report.audit.rule_page import rule_document

        write_text(json.dumps(rule_document(found), indent=2, ensure_ascii=False) + "\n")
    elif output_format == "markdown":
        from hitless.report.audit.rule_page import render_markdown

        write_text(f"# {found.code} {found.name}\n\n{render_markdown(found)}")
    else:
        from hitless.report.audit.rule_page import render_terminal

        width, colour = text_style(STDOUT)
        write_text(render_terminal(found, width=width, colour=colour))


def _find(text: str) -> RuleText:
    """Return the rule with this code or name, with the cause of that code; a cause alone where there is no rule."""
    import msgspec

    names = rule_names() | {code: own.name for code, own in OWN.items()}
    names |= {code: cause.name for code, cause in CAUSES.items() if code not in names}
    code = _code(text, names)
    cause = CAUSES.get(code)
    if code in OWN or code in rule_names():
        rule = whole_text(code)
        return (
            rule
            if cause is None
            else msgspec.structs.replace(rule, sections=rule.sections | _of_proof(cause))
        )
    assert cause is not None
    return _as_rule(cause)


def _code(text: str, names: dict[str, str]) -> str:
    from hitless.audit.policy import matching

    if text.upper() in names:
        return text.upper()
    found = [code for code, name in names.items() if name == text.lower()]
    if found:
        return found[0]
    several = matching(text, names)  # raises for what means nothing
    raise UsageError(f"{text} is a family of {len(several)} rules: {' '.join(sorted(several))}.")


def _of_proof(cause: Cause) -> dict[str, str]:
    return {
        _OF_PROOF: f"`hitless prove` names {cause.code}, too, where clients were hurt by it: {cause.summary}. "
        f"{_sentence(cause.why)}"
    }


def _as_rule(cause: Cause) -> RuleText:
    from hitless.audit.table import FAMILIES
    from hitless.findings import Severity
    from hitless.report.audit.rule_text import RuleText

    where = f"\n\nIn the configuration: `{cause.keyword}` in `{cause.section}`." if cause.keyword else ""
    return RuleText(
        code=cause.code,
        name=cause.name,
        severity=Severity.ERROR,
        summary=cause.summary,
        family=FAMILIES[cause.code[2]],
        versions="",
        title=f"{_sentence(cause.summary)} Only `hitless prove` names this cause: no rule finds it.",
        sections={
            "Why it drops connections": _sentence(cause.why),
            "Use instead": _sentence(cause.fix) + where,
        },
    )


def _sentence(text: str) -> str:
    """Return a phrase as a sentence; a phrase that begins with a keyword keeps its first letter."""
    keyword = "-" in text.split(" ", 1)[0] or text.startswith("option ")
    return f"{text if keyword else text[:1].upper() + text[1:]}."
