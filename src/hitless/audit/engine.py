"""Apply rules to a snapshot: what they find, what could not be checked, what a broken rule says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless import __version__
from hitless.audit.needs import missing_need
from hitless.audit.suppression import suppress
from hitless.facts import Unknown
from hitless.findings import (
    AuditedInstance,
    AuditResult,
    Evidence,
    Finding,
    NotChecked,
    Severity,
)
from hitless.subject import Subject, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitless.audit.rule import Rule
    from hitless.facts import Snapshot

__all__ = ["INTERNAL_ERROR", "audit", "order"]

INTERNAL_ERROR = "HL000"
"""The code of a finding about a rule that broke: a defect of hitless, never silence."""

_LONGEST_ERROR = 300
_LONGEST_TEXT = 2000
_TRANSFERS = {
    Transfer.AUTOMATIC: "listening sockets are handed over by the master's own socket pair",
    Transfer.STATS_SOCKET: "listening sockets are handed over through a stats socket",
    Transfer.NONE: "listening sockets are not handed over",
    Transfer.UNKNOWN: "it is not known whether listening sockets are handed over",
}


def audit(snapshot: Snapshot, rules: Sequence[Rule]) -> AuditResult:
    """Return what the rules say of a snapshot. Never raises for what a snapshot holds."""
    findings: list[Finding] = []
    not_checked: list[NotChecked] = []
    errors = 0
    subjects = [Subject(snapshot, instance) for instance in snapshot.instances]
    # What such a rule says is about the host: one instance with the facts is enough, and the worst answer stands.
    host_wide = {rule.code for rule in rules if rule.host_wide}
    applied: set[str] = set()
    for subject in subjects:
        found: list[Finding] = []
        for rule in rules:
            missing = missing_need(subject, rule)
            if missing:
                not_checked.append(
                    NotChecked(code=rule.code, name=rule.name, why=missing, instance=subject.instance.name)
                )
                continue
            applied.add(rule.code)
            errors += _apply(rule, subject, found)
        findings += suppress(subject, [_bounded(finding) for finding in found])
    return AuditResult(
        tool_version=__version__,
        instances=tuple(_describe(subject) for subject in subjects),
        findings=tuple(_unique(sorted(findings, key=order))),
        rules_applied=len(rules),
        not_checked=tuple(n for n in not_checked if n.code not in host_wide & applied),
        unknown=tuple(
            Unknown(what=_short(u.what), why=_short(u.why), instance=u.instance) for u in snapshot.unknown
        ),
        internal_errors=errors,
        files_alone=snapshot.host is None,
    )


def _apply(rule: Rule, subject: Subject, found: list[Finding]) -> int:
    """Add what a rule finds, also what it found before it broke. Returns 1 if it broke."""
    try:
        found.extend(rule.check(subject))
    except Exception as error:  # noqa: BLE001 - a rule's crash is a finding and a non-zero exit, never silence
        found.append(_broken(rule, subject, error))
        return 1
    return 0


def _bounded(finding: Finding) -> Finding:
    """Return the finding with texts that a person can read: a command line may have two megabytes."""
    evidence = tuple(Evidence(text=_short(e.text), source=_short(e.source)) for e in finding.evidence)
    return msgspec.structs.replace(finding, message=_short(finding.message), evidence=evidence)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def _broken(rule: Rule, subject: Subject, error: Exception) -> Finding:
    return Finding(
        code=INTERNAL_ERROR,
        name="internal-error",
        severity=Severity.ERROR,
        message=f"{rule.code} {rule.name} broke and was not checked: this is a defect of hitless, please report it",
        instance=subject.instance.name,
        evidence=(
            Evidence(text=f"{type(error).__name__}: {error}"[:_LONGEST_ERROR], source=_raised_at(error)),
        ),
    )


def _raised_at(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_filename.rpartition('hitless/')[2]}:{trace.tb_lineno}"


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    seen: set[tuple[str, str, str, str]] = set()
    kept = []
    for finding in findings:
        where = finding.place.where if finding.place else ""
        key = (finding.code, finding.instance, where, finding.message)
        if key not in seen:
            seen.add(key)
            kept.append(finding)
    return kept


def order(finding: Finding) -> tuple[int, str, str, str, int, str]:
    """Return by what findings are sorted: the worst first, then by code and place."""
    place = finding.place
    return (
        finding.severity.rank,
        finding.code,
        finding.instance,
        place.file if place else "",
        place.line if place else 0,
        finding.message,
    )


def _describe(subject: Subject) -> AuditedInstance:
    instance = subject.instance
    return AuditedInstance(
        name=instance.name,
        version=subject.version_text,
        mode=str(instance.mode),
        mechanism=_mechanism(subject),
        configuration=tuple(_short(file.path) for file in instance.configuration if not file.problem),
        unreadable=tuple(
            _short(f"{file.path}: {file.problem}") for file in instance.configuration if file.problem
        ),
        processes=tuple(process.pid for process in subject.processes),
        running=None if subject.host is None or instance.processes is None else bool(instance.processes),
    )


def _mechanism(subject: Subject) -> str:
    try:
        return _TRANSFERS[subject.transfer]
    except Exception:  # noqa: BLE001 - the head of a report; each rule that met the same has said so as a finding
        return _TRANSFERS[Transfer.UNKNOWN]
