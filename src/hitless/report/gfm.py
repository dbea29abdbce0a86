"""GitHub-flavoured Markdown in which text from outside stays text.

Names and messages from outside stand in code spans, where GitHub makes no link, mention or HTML of them.
"""

import re
from collections.abc import Iterable, Sequence

from hitless.report.plain import neutralise

__all__ = ["LEFT", "RIGHT", "bullets", "code", "code_span", "fenced", "plain_text", "sentence", "table"]

_SPECIAL = re.compile(r"([\\`*_\[\]#|~$]|^[-+=])")
_SPAN = re.compile(r"`([^`]+)`")
LEFT = ":--"
RIGHT = "--:"


def plain_text(text: str) -> str:
    """Return a text with everything escaped that Markdown or GitHub would make something of."""
    escaped = _SPECIAL.sub(r"\\\1", neutralise(text)).replace("&", "&amp;").replace("<", "&lt;")
    # GitHub makes a mention of "@name" and a link of "www." and "://": an empty comment parts them.
    return re.sub(r"@|:(?=//)|(?i:www)(?=\.)", r"\g<0><!-- -->", escaped.replace(">", "&gt;"))


def code(text: str) -> str:
    """Return a code span; its fence is longer than any run of backticks in it (CommonMark 0.31, 6.1)."""
    plain = neutralise(text)
    if not plain:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    return f"{fence} {plain} {fence}" if len(fence) > 1 else f"`{plain}`"


def code_span(text: str) -> str:
    """Return a code span for a table's cell, where a bar would end the cell."""
    return code(text.replace("|", "\\|"))


def sentence(text: str) -> str:
    """Return a text in which words between backticks become code spans, and everything else stays text."""
    parts = _SPAN.split(text)
    return "".join(code(part) if i % 2 else plain_text(part) for i, part in enumerate(parts))


def fenced(lines: Iterable[str], language: str = "") -> str:
    """Return a code block; its fence is longer than any run of backticks in it."""
    body = "\n".join(neutralise(line) for line in lines)
    fence = "`" * max(3, max(map(len, re.findall("`+", body)), default=0) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def bullets(items: Iterable[str]) -> str:
    """Return a list of plain texts."""
    return "\n".join(f"- {plain_text(item)}" for item in items)


def table(head: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], *, title: str) -> str:
    """Return a table under a heading, or nothing without rows; cells are Markdown already."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return ""
    names, rules = zip(*head, strict=True)
    return "\n".join((f"### {title}", "", f"| {' | '.join(names)} |", f"| {' | '.join(rules)} |", *body))
