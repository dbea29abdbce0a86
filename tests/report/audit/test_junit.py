"""JUnit that build servers read."""

from xml.etree import ElementTree as ET

from hitless.findings import AuditResult, Evidence, Severity
from hitless.report.audit.junit import render
from tests.report.audit.synthetic import RULES, finding, make, make_full, make_hostile


def cases(result: AuditResult, threshold: Severity = Severity.WARNING) -> dict[str, ET.Element]:
    root = ET.fromstring(render(result, RULES, threshold=threshold))
    found = {f"{e.get('classname')} {e.get('name')}": e for e in root.iter("testcase")}
    assert int(root.get("tests", "0")) == len(list(root.iter("testcase")))
    assert int(root.get("failures", "0")) == len(list(root.iter("failure")))
    assert int(root.get("skipped", "0")) == len(list(root.iter("skipped")))
    return found


def test_a_case_for_each_rule_and_instance() -> None:
    found = cases(make_full())
    own = "hitless.audit.haproxy.service"
    assert found[f"{own} HL109 misplaced-expose-fd"].find("failure") is not None
    assert found["hitless.audit.host HL121 migrate-req-off"].find("failure") is None
    assert "set it" in (found["hitless.audit.host HL121 migrate-req-off"].findtext("system-out") or "")
    skipped = found[f"{own} HL203 no-hard-stop-after"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "not checked: without the systemd unit"
    accepted = found[f"{own} HL501 idle-close-under-clients"].find("skipped")
    assert accepted is not None
    assert accepted.get("message") == "suppressed: we know"


def test_a_rule_of_the_host_is_one_case_for_many_instances() -> None:
    assert len([name for name in cases(make(instances=3)) if "HL121" in name]) == 1
    assert len([name for name in cases(make(instances=3)) if "HL501" in name]) == 3


def test_the_threshold_decides_what_fails() -> None:
    warning = make(finding())
    assert any(e.find("failure") is not None for e in cases(warning).values())
    assert not any(e.find("failure") is not None for e in cases(warning, Severity.ERROR).values())


def test_broken_and_unread_are_errors() -> None:
    broken = finding(
        "HL000", severity=Severity.ERROR, place=None, evidence=(Evidence(text="KeyError", source="x:1"),)
    )
    assert any(e.find("error") is not None for e in cases(make(broken, internal_errors=1)).values())
    assert any(e.find("error") is not None for e in cases(make(instances=0)).values())


def test_hostile_text_stays_text() -> None:
    text = render(make_hostile(), RULES, threshold=Severity.NOTE)
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(text)
    ET.fromstring(text)
