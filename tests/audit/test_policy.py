"""What a team decides about rules."""

import pytest

from hitless.audit.policy import Accepted, Policy, apply_policy, chosen_codes, matching
from hitless.errors import UsageError
from hitless.findings import Place, Severity, Suppression
from tests.report.audit.synthetic import finding, make

NAMES = {
    "HL109": "misplaced-expose-fd",
    "HL501": "idle-close-under-clients",
    "HL510": "idle-close-without-bound",
}


@pytest.mark.parametrize(
    ("selector", "codes"),
    [
        ("HL501", {"HL501"}),
        ("hl501", {"HL501"}),
        ("Misplaced-Expose-FD", {"HL109"}),
        ("HL5", {"HL501", "HL510"}),
        ("HL5xx", {"HL501", "HL510"}),
        ("hl50X", {"HL501"}),
        ("HL", set(NAMES)),
    ],
)
def test_codes_names_and_families(selector: str, codes: set[str]) -> None:
    assert matching(selector, NAMES) == codes


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("HL502", "HL1 to HL8"),
        ("idle-close-under-client", "idle-close-under-clients"),
        ("zzzz", "`hitless rules`"),
    ],
)
def test_an_unknown_rule_is_wrong_usage_with_what_is_near(selector: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        matching(selector, NAMES)
    assert hint in caught.value.hint


def test_ignored_goes_before_selected() -> None:
    policy = Policy(select=frozenset({"HL109", "HL501"}), ignore=frozenset({"HL501"}))
    assert chosen_codes(policy, NAMES) == ["HL109"]
    assert chosen_codes(Policy(), NAMES) == list(NAMES)


def test_another_severity_sorts_anew() -> None:
    policy = Policy(severity={"HL501": Severity.ERROR})
    result = apply_policy(make(finding("HL203"), finding("HL501")), policy)
    assert [(f.code, f.severity) for f in result.findings] == [("HL501", "error"), ("HL203", "warning")]


@pytest.mark.parametrize(
    ("path", "covers"),
    [
        ("", True),
        ("haproxy.cfg", True),
        ("haproxy/*.cfg", True),
        ("/etc/*", True),
        ("*.cfg", True),
        ("proxy.cfg", False),
        ("/haproxy/*.cfg", False),
    ],
)
def test_an_entry_accepts_where_its_path_matches(path: str, *, covers: bool) -> None:
    entry = Accepted(code="HL501", reason="r", where="w", path=path)
    (found,) = apply_policy(make(finding()), Policy(suppress=(entry,))).findings
    assert (found.suppressed == Suppression(reason="r", where="w")) is covers


def test_what_has_no_file_needs_an_entry_without_a_path() -> None:
    entry = Accepted(code="HL501", reason="r", where="w", path="*")
    (found,) = apply_policy(make(finding(place=None)), Policy(suppress=(entry,))).findings
    assert found.suppressed is None


def test_a_comment_goes_before_an_entry() -> None:
    by_comment = Suppression(reason="c", where="/x:1")
    entry = Accepted(code="HL501", reason="r", where="w")
    (found,) = apply_policy(make(finding(suppressed=by_comment)), Policy(suppress=(entry,))).findings
    assert found.suppressed == by_comment


def test_a_broken_rule_cannot_be_accepted() -> None:
    broken = finding("HL000", severity=Severity.ERROR, place=Place(file="x"))
    policy = Policy(
        ignore=frozenset({"HL000"}),
        severity={"HL000": Severity.NOTE},
        suppress=(Accepted(code="HL000", reason="r", where="w"),),
    )
    assert apply_policy(make(broken), policy).findings == (broken,)


def test_what_an_audit_says_of_itself_can_be_ignored() -> None:
    assert apply_policy(make(finding("HL001")), Policy(ignore=frozenset({"HL001"}))).findings == ()
