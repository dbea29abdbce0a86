from pathlib import Path

import pytest
import rules_pages

from hitless.audit.table import FAMILIES, MODULES
from hitless.cli.rule_texts import rule_names, whole_text
from tests.report.audit.synthetic import RULES

CAUSES = {f"HL{digit}": {"a cause": ["HL109"]} for digit in FAMILIES} | {
    "HL5": {"b": ["HL501", "HL203"], "c": ["HL121"]}
}


def test_causes_and_rules_fit() -> None:
    assert rules_pages.problems(rules_pages.read_causes(), MODULES) == []


def test_the_pages_are_current() -> None:
    names = rule_names()
    written = rules_pages.pages([whole_text(code) for code in names], rules_pages.read_causes())
    assert rules_pages.differences(written, rules_pages.DOCS) == [], "run scripts/rules_pages.py"


def test_a_fitting_table_has_no_problem() -> None:
    assert rules_pages.problems(CAUSES, RULES) == []


@pytest.mark.parametrize(
    ("causes", "part"),
    [
        (CAUSES | {"HL5": {"b": ["HL501", "HL203"]}}, "the rule HL121 belongs to no cause"),
        (CAUSES | {"HL6": {"b": ["HL699"]}}, "there is no rule HL699"),
        (CAUSES | {"HL6": {"b": []}}, "no rule finds “b”"),
        (CAUSES | {"HL6": {}}, "no family HL6"),
    ],
)
def test_what_does_not_fit_is_said(causes: rules_pages.Causes, part: str) -> None:
    (problem,) = rules_pages.problems(causes, RULES)
    assert part in problem


def test_pages_are_written_and_strays_are_taken_away(tmp_path: Path) -> None:
    written = rules_pages.pages([*RULES.values()], CAUSES)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "HL999.md").write_text("old")
    assert len(rules_pages.differences(written, tmp_path)) == len(written) + 1
    rules_pages.write(written, tmp_path)
    assert rules_pages.differences(written, tmp_path) == []
    assert not (tmp_path / "rules" / "HL999.md").exists()
    assert "[HL501](rules/HL501.md) idle-close-under-clients" in (tmp_path / "causes-to-rules.md").read_text()


def test_a_page_has_heading_origin_and_sections() -> None:
    page = rules_pages.rule_page(RULES["HL501"])
    assert page.startswith("# HL501 idle-close-under-clients\n\n<!-- Written by")
    assert "## Why it drops connections" in page
    assert "](../causes.md#hl501-" in page
