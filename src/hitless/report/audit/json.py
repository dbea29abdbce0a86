"""The answer of an audit as the JSON document that other programs rely on (docs/json-schema/audit-1.json)."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from hitless.facts.snapshot import Unknown
from hitless.findings import AuditedInstance, AuditResult, Finding, NotChecked, Severity
from hitless.records import Record
from hitless.report.audit.answer import Answer, answer, count, open_findings, suppressed_findings
from hitless.report.audit.rule_text import RuleText, rule_url
from hitless.report.plain import neutralise_all

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
    return json.dumps(neutralise_all(_whole(document)), indent=2, ensure_ascii=False) + "\n"


def _note(rule: RuleText) -> RuleNote:
    return RuleNote(
        name=rule.name, family=rule.family, summary=rule.summary, why=rule.why, url=rule_url(rule.code)
    )


def _whole(value: Any) -> Any:
    """Return plain values with every key, also those whose value is the default, which records leave out."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {config.tag_field: config.tag} if config.tag_field is not None else {}
        return tag | {name: _whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_whole(item) for item in value]
    return msgspec.to_builtins(value)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    schema = msgspec.json.schema(AuditDocument)
    for definition in schema["$defs"].values():
        if "properties" in definition:
            definition["required"] = list(definition["properties"])
    properties = schema["$defs"]["AuditDocument"]["properties"]
    properties["schema"] = {"const": SCHEMA, "description": "Version of this document's shape."}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The answer of `hitless audit --format json`",
        **schema,
    }
    plain: dict[str, Any] = json.loads(json.dumps(document))  # msgspec leaves tuples as defaults
    return plain
