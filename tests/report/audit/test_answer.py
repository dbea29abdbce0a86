"""Clean, found, not known."""

import pytest

from hitless.findings import AuditedInstance, Severity, Suppression
from hitless.report.audit.answer import Answer, answer, count, is_examined, open_findings, suppressed_findings
from tests.report.audit.synthetic import finding, make


@pytest.mark.parametrize(
    ("severity", "threshold", "expected"),
    [
        ("error", "error", Answer.FOUND),
        ("warning", "error", Answer.CLEAN),
        ("warning", "warning", Answer.FOUND),
        ("note", "warning", Answer.CLEAN),
        ("note", "note", Answer.FOUND),
    ],
)
def test_the_threshold_decides(severity: str, threshold: str, expected: Answer) -> None:
    assert answer(make(finding(severity=Severity(severity))), Severity(threshold)) is expected


def test_an_accepted_finding_does_not_count() -> None:
    accepted = finding(suppressed=Suppression(reason="r", where="w"))
    result = make(accepted, finding("HL121"))
    assert answer(result, Severity.WARNING) is Answer.CLEAN
    assert list(suppressed_findings(result)) == [accepted]
    assert [f.code for f in open_findings(result)] == ["HL121"]
    assert count(result.findings) == {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 1}


def test_a_broken_rule_and_an_unreadable_configuration_are_no_pass() -> None:
    assert answer(make(finding(), internal_errors=1), Severity.ERROR) is Answer.UNKNOWN
    unread = make(instances=0)
    assert answer(unread, Severity.ERROR) is Answer.UNKNOWN
    nothing = AuditedInstance(name="x", unreadable=("/x: Permission denied",))
    assert not is_examined(type(unread)(tool_version="0", instances=(nothing,), findings=(), rules_applied=1))
