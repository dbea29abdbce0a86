from hitless.findings import Severity
from hitless.report.audit.rule_text import RULES_URL, RuleText, rule_url
from tests.report.audit.synthetic import RULES


def test_why_is_the_first_two_sentences() -> None:
    assert RULES["HL501"].why == "First sentence. Second one of 2.4 is here."


def test_a_rule_without_a_why_has_none() -> None:
    assert RuleText(code="HL1", name="x", severity=Severity.NOTE, summary="s").why == ""


def test_each_rule_has_an_address() -> None:
    assert RULES_URL.startswith("https://")
    assert rule_url("HL501") == f"{RULES_URL}HL501/"
