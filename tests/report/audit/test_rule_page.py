"""A rule's page on a terminal and as Markdown."""

import json
import re

import pytest

from hitless.report.audit.rule_page import render_markdown, render_terminal, rule_document
from tests.report.audit.synthetic import RULES


@pytest.mark.parametrize("width", [40, 80])
def test_the_terminal_gets_headings_text_and_code(width: int) -> None:
    text = render_terminal(RULES["HL501"], width=width)
    assert text.startswith("HL501  idle-close-under-clients\n")
    assert "\nWhy it drops connections\n  First sentence." in text
    assert "\nExample\n    global\n        expose-fd listeners\n\n  Some text.\n" in text
    assert "\n  - one\n  - two\n" in text
    assert "```" not in text
    assert max(map(len, text.splitlines())) <= width
    assert "\n\n\n" not in text


def test_colour_only_where_asked() -> None:
    coloured = render_terminal(RULES["HL501"], colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_terminal(RULES["HL501"])


def test_markdown_has_every_section() -> None:
    text = render_markdown(RULES["HL501"])
    assert re.findall("^## (.*)$", text, re.MULTILINE) == list(RULES["HL501"].sections)
    assert "**Severity:** warning · **HAProxy versions:** 2.4 and later" in text


def test_programs_get_everything() -> None:
    document = json.loads(json.dumps(rule_document(RULES["HL501"])))
    assert document["code"] == "HL501"
    assert document["sections"]["References"] == "- one\n- two"
