"""The answer of an audit as the JSON document that other programs rely on (docs/json-schema/audit-1.json)."""

from collections.abc import Mapping
from typing import Any

from hitless.facts.snapshot import Unknown
from hitless.findings import AuditedInstance, AuditResult, Finding, NotChecked, Severity
from hitless.records import Record
from hitless.report.audit.answer import Answer, answer, count, open_findings, suppressed_findings
from hitless.report.audit.rule_text import RuleText, rule_url
from hitless.report.document import render_document, whole_schema

__all__ = ["SCHEMA", "json_schema", "render"]

SCHEMA = 1


class Counts(Record, frozen=True):
    """How many findings there are that nobody accepted, and what else there is."""

    error: int
    warning: int
    note: int
    suppressed: int
    not_checked: int
    internal_errors: int


class RuleNote(Record, frozen=True):
    """What a rule is about that something was found of."""

    name: str
    family: str
    summary: str
    why: str
    url: str


class AuditDocument(Record, frozen=True):
    """The answer of `hitless audit`."""

    schema: int
    tool_version: str
    answer: Answer
    threshold: Severity
    counts: Counts
    instances: tuple[AuditedInstance, ...]
    findings: tuple[Finding, ...]
    rules: dict[str, RuleNote]
    rules_applied: int
    not_checked: tuple[NotChecked, ...]
    unknown: tuple[Unknown, ...]


def render(result: AuditResult, rules: Mapping[str, RuleText], *, threshold: Severity) -> str:
    r"""Return the document, indented; undecodable bytes in names are written as \xNN."""
    open_ones = count(open_findings(result))
    document = AuditDocument(
        schema=SCHEMA,
        tool_version=result.tool_version,
        answer=answer(result, threshold),
        threshold=threshold,
        counts=Counts(
            error=open_ones[Severity.ERROR],
            warning=open_ones[Severity.WARNING],
            note=open_ones[Severity.NOTE],
            suppressed=sum(1 for _ in suppressed_findings(result)),
            not_checked=len(result.not_checked),
            internal_errors=result.internal_errors,
        ),
        instances=result.instances,
        findings=result.findings,
        rules={
            code: _note(rules[code]) for code in sorted({f.code for f in result.findings}) if code in rules
        },
        rules_applied=result.rules_applied,
        not_checked=result.not_checked,
        unknown=result.unknown,
    )
    return render_document(document)


def _note(rule: RuleText) -> RuleNote:
    return RuleNote(
        name=rule.name, family=rule.family, summary=rule.summary, why=rule.why, url=rule_url(rule.code)
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    title = "The answer of `hitless audit --format json`"
    return whole_schema(AuditDocument, title, version_key="schema", version=SCHEMA)
