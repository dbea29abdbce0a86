"""The answer of an audit as SARIF 2.1.0, for GitHub code scanning and other readers of static analysis.

Source: OASIS SARIF 2.1.0 with errata 01; section numbers below are its. Columns count Unicode code points (3.14.17).
"""

import json
from collections.abc import Mapping
from typing import Any

from hitless.findings import AuditResult, Finding, Severity
from hitless.report.audit.answer import Answer, answer, open_findings, suppressed_findings
from hitless.report.audit.rule_page import render_markdown
from hitless.report.audit.rule_text import RuleText, rule_url
from hitless.report.audit.sarif_places import fingerprints, location_of
from hitless.report.audit.wording import edit_lines, fix_words, unreadable
from hitless.report.plain import neutralise_all

__all__ = ["render"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BROKEN = "HL000"
_EXIT_CODES = {Answer.CLEAN: 0, Answer.FOUND: 1, Answer.UNKNOWN: 3}


def render(
    result: AuditResult, rules: Mapping[str, RuleText], *, threshold: Severity, directory: str = ""
) -> str:
    """Return the document. Files below `directory` (absolute) get relative addresses, as code scanning needs them."""
    results = [f for f in (*open_findings(result), *suppressed_findings(result)) if f.code != _BROKEN]
    numbers = {code: number for number, code in enumerate(sorted(rules))}
    marks = fingerprints(results, directory)
    outcome = answer(result, threshold)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "hitless",
                "version": result.tool_version,
                "semanticVersion": result.tool_version,
                "informationUri": rule_url("").rstrip("/") + "/",
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": outcome is not Answer.UNKNOWN,
                "exitCode": _EXIT_CODES[outcome],
                "toolExecutionNotifications": _notifications(result, numbers),
            }
        ],
        "results": [_result(f, numbers, mark, directory) for f, mark in zip(results, marks, strict=True)],
    }
    document = neutralise_all({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})
    # The rules' own pages keep their line ends: they are the project's, not what was found.
    document["runs"][0]["tool"]["driver"]["rules"] = [_rule(rules[code]) for code in numbers]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: RuleText) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why or rule.summary},
        # GitHub shows the Markdown; the text is required beside it (3.12.3).
        "help": {"text": f"hitless rule {rule.code}", "markdown": render_markdown(rule)},
        "helpUri": rule_url(rule.code),
        "defaultConfiguration": {"level": str(rule.severity)},
        "properties": {"tags": ["haproxy", "reload"], "family": rule.family, "versions": rule.versions},
    }


def _result(finding: Finding, numbers: Mapping[str, int], mark: str, directory: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "level": str(finding.severity),
        "message": {"text": _message(finding)},
        "partialFingerprints": {"hitless/v1": mark},
        "locations": [location_of(finding, directory)],
        "properties": {
            "instance": finding.instance,
            "evidence": [f"{e.text} [{e.source}]" for e in finding.evidence],
            "prices": list(finding.prices),
            "fix": _fix(finding),
        },
    }
    if finding.code in numbers:
        found["ruleIndex"] = numbers[finding.code]
    if finding.suppressed is not None:
        external = "[[audit.suppress]]" in finding.suppressed.where
        found["suppressions"] = [
            {
                "kind": "external" if external else "inSource",
                "status": "accepted",
                "justification": f"{finding.suppressed.reason} [{finding.suppressed.where}]",
            }
        ]
    return found


def _message(finding: Finding) -> str:
    fix = f" Fix: {finding.fix.summary}." if finding.fix else ""
    return f"{finding.message}.{fix}"


def _fix(finding: Finding) -> dict[str, Any]:
    fix = finding.fix
    if fix is None:
        return {}
    return {
        "summary": fix.summary,
        "safety": f"{fix.safety}: {fix_words(fix)}",
        "changes": list(edit_lines(fix.edits, [finding.place])),
        "commands": list(fix.commands),
    }


def _notifications(result: AuditResult, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return what was not looked at: the absence of a finding must not be read as its passing (3.20.21)."""
    broken = [
        _notification("error", f"{f.message} [{'; '.join(e.text for e in f.evidence)}]", f.instance)
        for f in result.findings
        if f.code == _BROKEN
    ]
    unread = [_notification("error", f"not read: {text}", "") for text in unreadable(result)]
    unseen = [
        _notification("warning", f"not seen: {item.what}: {item.why}", item.instance)
        for item in result.unknown
    ]
    unchecked = []
    for item in result.not_checked:
        note = _notification(
            "note", f"{item.code} {item.name} not checked: without {item.why}", item.instance
        )
        if item.code in numbers:
            note["associatedRule"] = {"id": item.code, "index": numbers[item.code]}
        unchecked.append(note)
    return [*broken, *unread, *unseen, *unchecked]


def _notification(level: str, text: str, instance: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": f"{text} ({instance})" if instance else text}}
