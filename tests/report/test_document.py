import jsonschema
import msgspec
import pytest

from hitless.records import Record
from hitless.report.document import record_schema, render_document, whole, whole_schema


class Inner(Record, frozen=True, tag="inner", tag_field="type"):
    text: str = ""


class Outer(Record, frozen=True):
    inner: tuple[Inner, ...] = ()
    table: dict[str, Inner] = {}  # noqa: RUF012 - msgspec copies it
    size: int | None = None
    version: int = 3


def test_every_key_is_there() -> None:
    assert whole(Outer(inner=(Inner(),), table={"a": Inner(text="b")})) == {
        "inner": [{"type": "inner", "text": ""}],
        "table": {"a": {"type": "inner", "text": "b"}},
        "size": None,
        "version": 3,
    }


def test_text_is_harmless() -> None:
    assert "\\\\x1b" in render_document(Outer(inner=(Inner(text="\x1b"),)))
    assert render_document(Outer(inner=(Inner(text="\udcff"),))).isascii()


def test_the_schema_wants_every_key_and_the_version() -> None:
    schema = whole_schema(Outer, "It", version_key="version", version=3)
    check = jsonschema.Draft202012Validator(schema)
    check.validate(msgspec.json.decode(render_document(Outer(inner=(Inner(),)))))
    wrongs: tuple[dict[str, object], ...] = ({"inner": []}, whole(Outer(version=2)))
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            check.validate(wrong)


def test_the_schema_is_the_same_with_any_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    older = {"$defs": {"A": {"description": "One.\n\n    Two.", "type": "object"}}}
    newer = {
        "$defs": {"A": {"description": "One.\n\nTwo.", "type": "object", "propertyNames": {"enum": ["a"]}}}
    }
    made = []
    for schema in (older, newer):
        monkeypatch.setattr(msgspec.json, "schema", lambda _record, schema=schema: schema)
        made.append(record_schema(Outer, "It"))
    assert made[0] == made[1]
    assert made[0]["$defs"] == {"A": {"description": "One.\n\nTwo.", "type": "object"}}
