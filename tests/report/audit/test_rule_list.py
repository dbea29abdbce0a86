"""All rules by family."""

from hitless.report.audit.rule_list import documents, render_markdown, render_terminal
from tests.report.audit.synthetic import RULES

FAMILIES = {"1": "The reload is not graceful", "2": "The old process", "5": "Clients are reset", "8": "State"}


def test_every_rule_stands_under_its_family() -> None:
    text = render_terminal(
        [*RULES.values()], [("HL401", "unbindable-address", "no | bind")], FAMILIES, width=60
    )
    assert text.index("HL1xx  The reload") < text.index("HL109") < text.index("HL2xx") < text.index("HL203")
    assert "HL8xx" not in text
    assert "HL401  unbindable-address" in text
    assert max(map(len, text.splitlines())) <= 60


def test_markdown_is_a_table_for_each_family() -> None:
    text = render_markdown([*RULES.values()], FAMILIES)
    assert "## HL5xx · Clients are reset\n" in text
    assert "| [HL501](HL501.md) | idle-close-under-clients | warning |" in text


def test_programs_get_a_list_without_pages() -> None:
    (first, *_) = documents(RULES.values())
    assert first["code"] == "HL109"
    assert "sections" not in first
