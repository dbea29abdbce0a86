"""SARIF that code scanning accepts: valid against the standard's own schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hitless.findings import AuditResult, Evidence, Severity, Suppression
from hitless.report.audit.sarif import render
from tests.report.audit.synthetic import RULES, finding, make, make_full, make_hostile

SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text())


def run_of(result: AuditResult, directory: str = "/etc/haproxy") -> dict[str, Any]:
    document = json.loads(render(result, RULES, threshold=Severity.WARNING, directory=directory))
    jsonschema.Draft4Validator(SCHEMA).validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


@pytest.mark.parametrize("result", [make(), make_full(), make_hostile(), make(instances=0)])
def test_it_is_valid(result: AuditResult) -> None:
    assert run_of(result)["tool"]["driver"]["name"] == "hitless"


def test_the_schema_would_see_a_mistake() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SCHEMA).validate({"version": "2.1.0", "runs": [{"tool": {}}]})


def test_results_name_their_rule_and_place() -> None:
    run = run_of(make_full())
    (first, second, third) = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "HL109"
    assert rules[0]["helpUri"].startswith("https://")
    assert "\n## Example\n" in rules[0]["help"]["markdown"]
    assert rules[0]["defaultConfiguration"] == {"level": "error"}
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "haproxy.cfg", "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": 3,
            "startColumn": 5,
            "endColumn": 14,
            "snippet": {"text": "    expose-fd listeners  # why"},
        },
    }
    assert second["locations"][0]["logicalLocations"][0]["name"] == "net.ipv4.tcp_migrate_req"
    assert third["suppressions"][0]["kind"] == "inSource"
    assert third["suppressions"][0]["justification"].startswith("we know")


def test_an_entry_of_the_project_file_is_an_external_suppression() -> None:
    accepted = Suppression(reason="r", where=".hitless.toml, [[audit.suppress]] number 1")
    (result,) = run_of(make(finding(suppressed=accepted)))["results"]
    assert result["suppressions"][0]["kind"] == "external"


def test_what_was_not_looked_at_is_said() -> None:
    invocation = run_of(make_full())["invocations"][0]
    assert invocation["executionSuccessful"] is True
    assert invocation["exitCode"] == 1
    notes = invocation["toolExecutionNotifications"]
    assert [note["level"] for note in notes] == ["warning", "note"]
    assert notes[1]["associatedRule"]["id"] == "HL203"


def test_a_broken_rule_is_a_failed_run() -> None:
    broken = finding("HL000", place=None, evidence=(Evidence(text="KeyError: 1", source="x.py:3"),))
    run = run_of(make(broken, internal_errors=1))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "KeyError" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
