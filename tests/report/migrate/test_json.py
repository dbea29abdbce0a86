import json
from pathlib import Path

from jsonschema import Draft202012Validator

from hitless.report.migrate.json import json_schema, render
from tests.report.migrate.test_text import MIGRATED, REJECTED

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "migrate-1.json"


def test_the_document_is_of_its_schema() -> None:
    validator = Draft202012Validator(json_schema())
    for found in (MIGRATED, REJECTED):
        validator.validate(json.loads(render(found)))


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), "write docs/json-schema/migrate-1.json anew"
