"""Every rule at once: its documentation, and fixtures where it must fire and where it must not."""

import pytest

from hitless.audit.engine import audit
from hitless.audit.rule import HEADINGS, read_page
from hitless.audit.table import FAMILIES, MODULES, load_rule, rule_module
from hitless.causes import CAUSES
from tests.audit.fixtures import Case, cases

CODES = sorted(MODULES)
CASES = [case for code in CODES for case in cases(code)]


def test_the_lists_are_not_empty() -> None:
    assert CODES
    assert CASES


@pytest.mark.parametrize("code", CODES)
def test_the_documentation_is_complete(code: str) -> None:
    page = read_page(rule_module(code))
    assert tuple(page.sections) == HEADINGS
    assert all(page.sections.values()), "a heading without a text"
    assert page.title
    assert "\n" not in page.title, "one sentence, on one line"


@pytest.mark.parametrize("code", CODES)
def test_code_and_name_are_one_thing(code: str) -> None:
    rule = load_rule(code)
    assert rule.code == code
    assert code[2] in FAMILIES
    assert rule.name.replace("-", "_") == MODULES[code].rpartition(".")[2]
    if code in CAUSES:
        assert CAUSES[code].name == rule.name, "a code has one meaning in proofs and in audits"


def test_names_are_unique() -> None:
    names = [load_rule(code).name for code in CODES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("code", CODES)
def test_each_rule_has_both_kinds_of_fixtures(code: str) -> None:
    assert {case.fires for case in CASES if case.code == code} == {True, False}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.title}")
def test_it_fires_where_it_must_and_only_there(case: Case) -> None:
    result = audit(case.snapshot, [load_rule(case.code)])
    assert not result.not_checked, "the fixture lacks facts that the rule needs"
    assert not result.internal_errors, result.findings
    assert bool(result.findings) is case.fires, result.findings
    assert {finding.code for finding in result.findings} <= {case.code}
