from collections.abc import Mapping

import jsonschema
import msgspec

from hitless.records import Record
from hitless.report.document import whole, whole_schema


class Part(Record, frozen=True, tag="part"):
    name: str = ""


class Made(Record, frozen=True):
    schema: int = 3
    parts: tuple[Part, ...] = ()
    by_name: Mapping[str, Part] = msgspec.field(default_factory=dict)
    number: int | None = None


def test_defaults_are_written_too() -> None:
    assert whole(Made()) == {"schema": 3, "parts": [], "by_name": {}, "number": None}
    part = {"type": "part", "name": ""}
    assert whole(Made(parts=(Part(),), by_name={"x": Part()})) == {
        "schema": 3,
        "parts": [part],
        "by_name": {"x": part},
        "number": None,
    }


def test_the_schema_wants_every_key() -> None:
    schema = whole_schema(Made, "A title", version=3)
    assert schema["title"] == "A title"
    assert schema["$defs"]["Made"]["required"] == ["schema", "parts", "by_name", "number"]
    jsonschema.validate(whole(Made(parts=(Part(name="x"),))), schema)
