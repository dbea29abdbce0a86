import json
from pathlib import Path

import jsonschema

from hitless.holding import parse_status
from hitless.report.hold.json import json_schema, render
from tests.report.hold.synthetic import ALONE, CLOSED, ELSEWHERE, UNSEEN, held, instance, status

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "hold-1.json"


def test_the_schema_is_current_and_describes_the_document() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema == json_schema(), "write docs/json-schema/hold-1.json anew"
    full = status(
        instance(held(), ALONE, ELSEWHERE, UNSEEN, let_go=(CLOSED,)), instance(name="b", problem="why")
    )
    document = json.loads(render(full))
    jsonschema.validate(document, schema)
    assert parse_status(document) == full
