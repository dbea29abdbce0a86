import json
from pathlib import Path

import jsonschema
import msgspec
from msgspec.structs import replace

from hitless.drains import DrainReport
from hitless.report.drain.json import json_schema, render
from tests.report.drain.synthetic import CLASSIC, OLD, PLAN, RESULT, SERVES, report

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "drain-1.json"


def test_the_schema_is_current_and_describes_the_document() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema == json_schema(), "write docs/json-schema/drain-1.json anew"
    full = report(SERVES, OLD, CLASSIC, plan=PLAN, result=RESULT, timed_out=True)
    jsonschema.validate(json.loads(render(full)), schema)
    jsonschema.validate(json.loads(render(report(SERVES))), schema)


def test_every_key_is_there() -> None:
    document = json.loads(render(report(SERVES)))
    assert document["schema"] == 1
    assert document["result"] is None
    assert document["view"]["generations"][0]["sessions"] is None


def test_nothing_is_lost() -> None:
    full = report(SERVES, OLD, CLASSIC, plan=PLAN, result=RESULT)
    assert msgspec.json.decode(render(full).encode(), type=DrainReport) == full


def test_as_one_line_and_harmless() -> None:
    text = render(report(replace(SERVES, version="\x1b[31m")), lines=True)
    assert text.count("\n") == 1
    assert "\x1b" not in text
