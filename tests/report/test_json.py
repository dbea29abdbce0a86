"""The document for programs. That it keeps to its schema, tests/test_verdict.py tests."""

import json

import pytest

from hitless.report.json import json_schema, render
from hitless.verdict import SCHEMA
from tests.report.synthetic import HOSTILE, HOSTILE_TERMINAL, make_hostile, make_run, replace


def test_the_document_says_what_the_result_says() -> None:
    result = make_run().result
    text = render(result)
    document = json.loads(text)
    assert text.endswith("}\n")
    assert document["schema"] == SCHEMA
    assert document["verdict"]["passed"] is False
    assert document["clients"]["naive"]["failed"] == result.judged.failed
    assert [cause["code"] for cause in document["causes"]] == [cause.code for cause in result.causes]
    assert len(document["victims_sample"]) == len(result.victims_sample)


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE_TERMINAL])
def test_hostile_text_stays_text_that_a_terminal_survives(text: str) -> None:
    rendered = render(make_hostile(text).result)
    rendered.encode()  # no lone surrogate is left
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(rendered)
    assert "\\u001b" not in rendered
    assert json.loads(rendered)["mode"]


def test_names_are_readable_and_undecodable_bytes_are_visible() -> None:
    result = replace(make_run().result, configuration=("/etc/häproxy-\udcff.cfg",))
    document = json.loads(render(result))
    assert document["configuration"] == [r"/etc/häproxy-\xff.cfg"]
    assert "häproxy" in render(result)


def test_the_schema_holds_the_version_fast() -> None:
    schema = json_schema()
    properties = schema["$defs"]["ProofResult"]["properties"]
    assert properties["schema"]["const"] == SCHEMA
    assert schema["$schema"].endswith("2020-12/schema")
    json.dumps(schema)
