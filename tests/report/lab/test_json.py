"""The document for programs, and its published schema."""

import json
from pathlib import Path

import jsonschema
import msgspec

from hitless.labs import LabReport
from hitless.report.lab.json import json_schema, render, render_list
from tests.lab.made import make_report, make_result, make_run, make_scenario

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "lab-1.json"


def test_the_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), (
        "write it again: python -m tests.report.lab.test_json"
    )
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_a_report_keeps_to_its_schema_and_is_read_back() -> None:
    text = render(make_report())
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(text))
    assert msgspec.json.decode(text, type=LabReport) == make_report()


def test_what_came_from_outside_is_harmless() -> None:
    hostile = make_result(broken=make_run("broken", why="\x1b[31m\u202e"))
    assert not {"\x1b", "\u202e"} & set(render(make_report(hostile)))


def test_the_list_is_a_list() -> None:
    from hitless.lab.catalogue import entry

    (one,) = json.loads(render_list([entry(make_scenario())]))
    assert (one["code"], one["modes"]) == ("HL501", ["master-worker"])


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n")
