"""The document for programs, and its published schema."""

import json
from pathlib import Path

import jsonschema
import pytest

from hitless.findings import AuditResult, Severity
from hitless.report.audit.json import json_schema, render
from tests.report.audit.synthetic import RULES, make, make_full, make_hostile

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "audit-1.json"


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), (
        "write it again: python -m tests.report.audit.test_json"
    )


@pytest.mark.parametrize("result", [make(), make_full(), make_hostile()])
def test_the_document_keeps_to_its_schema(result: AuditResult) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(render(result, RULES, threshold=Severity.WARNING))
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)


def test_it_says_what_the_result_says() -> None:
    document = json.loads(render(make_full(), RULES, threshold=Severity.ERROR))
    assert (document["schema"], document["answer"], document["threshold"]) == (1, "found", "error")
    assert document["counts"] == {
        "error": 1,
        "warning": 0,
        "note": 1,
        "suppressed": 1,
        "not_checked": 1,
        "internal_errors": 0,
    }
    first = document["findings"][0]
    assert first["fix"]["edits"][0]["type"] == "config"
    assert first["suppressed"] is None, "a key is there also when it is empty"
    assert document["rules"]["HL109"]["why"].startswith("First")


def test_hostile_text_stays_text() -> None:
    text = render(make_hostile(), RULES, threshold=Severity.NOTE)
    text.encode()
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
