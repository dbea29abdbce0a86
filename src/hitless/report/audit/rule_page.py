"""A rule's documentation as Markdown, and as text for a terminal."""

import re
from collections.abc import Iterator
from typing import Any

from hitless.report.audit.rule_text import RuleText, rule_url
from hitless.report.page import Page
from hitless.report.plain import wrap

__all__ = ["render_markdown", "render_terminal", "rule_document"]

_FENCE = re.compile(r"^(`{3,})", re.MULTILINE)
_ITEM = re.compile(r"(?:[-*]|\d+\.) ")
_INDENT = 2


def render_markdown(rule: RuleText) -> str:
    """Return the page as it stands in docs/rules/, without the heading of its own."""
    facts = [
        f"**Severity:** {rule.severity}",
        f"**HAProxy versions:** {rule.versions}" if rule.versions else "",
    ]
    parts = [rule.title or rule.summary, " · ".join(fact for fact in facts if fact)]
    parts += [f"## {heading}\n\n{text}" for heading, text in rule.sections.items()]
    return "\n\n".join(parts) + "\n"


def rule_document(rule: RuleText) -> dict[str, Any]:
    """Return the page as a plain object for programs."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": str(rule.severity),
        "family": rule.family,
        "versions": rule.versions,
        "summary": rule.summary,
        "title": rule.title,
        "sections": dict(rule.sections),
        "url": rule_url(rule.code),
    }


def render_terminal(rule: RuleText, *, width: int = 80, colour: bool = False) -> str:
    """Return the page as lines of at most `width` columns; blocks of code stay as they are written."""
    page = Page(max(width, 40), colour=colour)
    page.hanging("", f"{rule.code}  {rule.name}", indent=0, styles=("bold",))
    facts = (str(rule.severity), rule.family, f"HAProxy: {rule.versions}" if rule.versions else "")
    page.hanging("", " · ".join(fact for fact in facts if fact), indent=0, styles=("dim",))
    page.blank()
    page.hanging("", rule.title or rule.summary, indent=_INDENT)
    for heading, text in rule.sections.items():
        page.blank()
        page.hanging("", heading, indent=0, styles=("bold",))
        for number, block in enumerate(_blocks(text)):
            _write_block(page, block, first=not number)
    return str(page)


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield paragraphs, list items and blocks of code (which begin with their fence)."""
    block: list[str] = []
    fence = ""
    for line in text.split("\n"):
        if fence:
            block.append(line)
            if line.rstrip() == fence:
                yield block
                block, fence = [], ""
            continue
        opening = _FENCE.match(line)
        if opening or not line.strip() or _ITEM.match(line):
            if block:
                yield block
            block = []
        fence = opening[1] if opening else ""
        if line.strip():
            block.append(line)
    if block:
        yield block


def _write_block(page: Page, block: list[str], *, first: bool) -> None:
    if block[0].startswith("```"):
        if not first:
            page.blank()
        for line in block[1:-1]:
            page.line(line, indent=2 * _INDENT, styles=("cyan",))
        return
    text = " ".join(line.strip() for line in block)
    item = _ITEM.match(text)
    if item:
        page.hanging(item[0], text[item.end() :], indent=_INDENT)
        return
    if not first:
        page.blank()
    for line in wrap(text, page.width - _INDENT):
        page.line(line, indent=_INDENT)
