import json
from pathlib import Path

from jsonschema import Draft202012Validator

from hitless.reloads import Readiness
from hitless.report.reload.ready import json_schema, render, render_json

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "ready-1.json"
READY = Readiness(instance="haproxy.service", ready=True, pid=7, waited_s=0.4, how=("the master lists it",))
NOT_READY = Readiness(instance="", ready=False, missing=("process 3 still serves\x1b[31m",))


def test_it_says_who_is_ready() -> None:
    text = render(READY)
    assert "READY" in text
    assert "pid 7" in text
    assert "the master lists it" in text


def test_it_says_what_is_missing_and_no_escape_gets_through() -> None:
    text = render(NOT_READY, width=40)
    assert "NOT READY" in text
    assert "\x1b" not in text
    assert all(len(line) <= 40 for line in text.splitlines())


def test_what_could_not_be_seen_is_not_called_not_ready() -> None:
    assert "NOT KNOWN" in render(Readiness(instance="x", ready=False, unknown=True, missing=("x",)))


def test_the_document_is_of_its_schema() -> None:
    validator = Draft202012Validator(json_schema())
    for found in (READY, NOT_READY):
        validator.validate(json.loads(render_json(found)))


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()
