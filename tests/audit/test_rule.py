"""What a rule makes: findings that carry its name, and its page."""

from types import ModuleType

import pytest

from hitless.audit.rule import HEADINGS, Need, Rule, read_page
from hitless.facts import Instance, Snapshot
from hitless.findings import Evidence, Fix, Place, Severity
from hitless.subject import Subject

RULE = Rule(
    "HL999", "a-bad-thing", Severity.WARNING, "a bad thing", "all", frozenset({Need.UNIT}), lambda _: ()
)


def subject() -> Subject:
    snapshot = Snapshot("0", "", (Instance("haproxy.service"),))
    return Subject(snapshot, snapshot.instances[0])


def test_a_finding_has_the_rules_name_and_usual_severity() -> None:
    found = RULE.finding(subject())
    assert (found.code, found.name, found.severity) == ("HL999", "a-bad-thing", Severity.WARNING)
    assert found.message == RULE.summary, "a finding always says something"
    assert found.instance == "haproxy.service"


def test_a_finding_may_say_more() -> None:
    place, evidence, fix = Place("f", 3), (Evidence("seen", "f:3"),), Fix("do this")
    found = RULE.finding(
        subject(), "here", severity=Severity.NOTE, place=place, evidence=evidence, fix=fix, prices=("a", "b")
    )
    assert (found.message, found.severity, found.place) == ("here", Severity.NOTE, place)
    assert (found.evidence, found.fix, found.prices) == (evidence, fix, ("a", "b"))


def test_a_page_is_read_from_the_docstring() -> None:
    module = ModuleType("m", "A sentence.\n\n" + "\n\n".join(f"## {h}\n\ntext of {h}" for h in HEADINGS))
    page = read_page(module)
    assert page.title == "A sentence."
    assert tuple(page.sections) == HEADINGS
    assert page.sections["Example"] == "text of Example"


@pytest.mark.parametrize("text", [None, "", "Only a title."])
def test_a_module_without_sections(text: str | None) -> None:
    assert read_page(ModuleType("m", text)).sections == {}
