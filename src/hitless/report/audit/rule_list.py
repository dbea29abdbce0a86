"""The list of all rules by family, for a terminal, as Markdown, and for programs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hitless.findings import Severity
from hitless.report.audit.rule_page import rule_document
from hitless.report.audit.rule_text import RuleText
from hitless.report.page import Page

__all__ = ["documents", "render_markdown", "render_terminal"]

_SEVERITY = 9
_CODE = 7
_STYLES = {Severity.ERROR: ("red",), Severity.WARNING: ("yellow",), Severity.NOTE: ("cyan",)}


def render_terminal(
    rules: Sequence[RuleText],
    of_proofs: Iterable[tuple[str, str, str]],
    families: Mapping[str, str],
    *,
    width: int = 80,
    colour: bool = False,
) -> str:
    """Return the list as lines of at most `width` columns; `of_proofs` are causes without a rule."""
    page = Page(max(width, 40), colour=colour)
    for digit, family in families.items():
        members = [rule for rule in rules if rule.code[2] == digit]
        if members:
            page.blank()
            page.hanging("", f"HL{digit}xx  {family}", indent=0, styles=("bold",))
        for rule in members:
            label = f"{rule.code.ljust(_CODE)}{str(rule.severity).ljust(_SEVERITY)}"
            page.hanging(
                label, f"{rule.name} · {rule.summary}", indent=2, label_styles=_STYLES[rule.severity]
            )
    alone = list(of_proofs)
    if alone:
        page.blank()
        page.hanging("", "Causes that only `hitless prove` names", indent=0, styles=("bold",))
        for code, name, summary in alone:
            page.hanging(code.ljust(_CODE), f"{name} · {summary}", indent=2, label_styles=("dim",))
    return str(page)


def documents(rules: Iterable[RuleText]) -> list[dict[str, Any]]:
    """Return one plain object for each rule, without its page."""
    return [
        {key: value for key, value in rule_document(rule).items() if key not in {"sections", "title"}}
        for rule in rules
    ]


def render_markdown(rules: Sequence[RuleText], families: Mapping[str, str], link: str = "{}.md") -> str:
    """Return a table for each family; `link` makes an address of a code."""
    parts = []
    for digit, family in families.items():
        rows = [
            f"| [{rule.code}]({link.format(rule.code)}) | {rule.name} | {rule.severity} | {_cell(rule.summary)} |"
            for rule in rules
            if rule.code[2] == digit
        ]
        if rows:
            head = ("| code | name | severity | what is wrong |", "| --- | --- | --- | --- |")
            parts.append("\n".join((f"## HL{digit}xx · {family}", "", *head, *rows)))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
