"""What an audit answers as a whole, which its exit status says, too: clean, found, or not known."""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

from hitless.findings import AuditResult, Finding, Severity

__all__ = ["Answer", "answer", "at_or_above", "count", "is_examined", "open_findings", "suppressed_findings"]


class Answer(StrEnum):
    """The three answers."""

    CLEAN = "clean"
    FOUND = "found"
    UNKNOWN = "unknown"


def answer(result: AuditResult, threshold: Severity) -> Answer:
    """Return UNKNOWN where a rule broke or nothing could be examined, FOUND for a finding at the threshold or above."""
    if result.internal_errors or not is_examined(result):
        return Answer.UNKNOWN
    return Answer.FOUND if any(at_or_above(f, threshold) for f in open_findings(result)) else Answer.CLEAN


def is_examined(result: AuditResult) -> bool:
    """Return whether a configuration could be read at all."""
    return any(instance.configuration for instance in result.instances)


def at_or_above(finding: Finding, threshold: Severity) -> bool:
    """Return whether a finding is as bad as the threshold, or worse."""
    return finding.severity.rank <= threshold.rank


def open_findings(result: AuditResult) -> Iterator[Finding]:
    """Yield the findings that nobody accepted."""
    return (finding for finding in result.findings if finding.suppressed is None)


def suppressed_findings(result: AuditResult) -> Iterator[Finding]:
    """Yield the findings that somebody accepted."""
    return (finding for finding in result.findings if finding.suppressed is not None)


def count(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many findings there are of each severity, the worst first, none left out."""
    seen = Counter(finding.severity for finding in findings)
    return {severity: seen[severity] for severity in Severity}
