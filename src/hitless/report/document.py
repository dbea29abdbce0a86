"""Documents for other programs: every key is there, also one whose value is the default; and their schemas."""

import inspect
import json
from typing import Any

import msgspec

from hitless.report.plain import neutralise_all

__all__ = ["record_schema", "render_document", "state_version", "whole", "whole_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render_document(value: Any, *, one_line: bool = False) -> str:
    r"""Return the document, indented; undecodable bytes and control characters in names are written as \xNN."""
    indent = None if one_line else 2
    return json.dumps(neutralise_all(whole(value)), indent=indent, ensure_ascii=False) + "\n"


def whole(value: Any) -> Any:
    """Return plain values with every key, also those whose value is the default, which records leave out."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {config.tag_field: config.tag} if config.tag_field is not None else {}
        return tag | {name: whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [whole(item) for item in value]
    return msgspec.to_builtins(value)


def record_schema(record: type[msgspec.Struct], title: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record, the same whichever version of msgspec is installed.

    Descriptions are docstrings without their indentation, and nothing is said about the keys of mappings: msgspec
    does the first since 0.23, and left out the second before.
    """
    document = {"$schema": DIALECT, "title": title, **msgspec.json.schema(record)}
    plain = json.loads(json.dumps(document))  # msgspec leaves tuples as defaults
    schema: dict[str, Any] = _settled(plain)
    return schema


def _settled(value: Any) -> Any:
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    settled = {key: _settled(item) for key, item in value.items() if key != "propertyNames"}
    description = settled.get("description")
    return (
        settled | {"description": inspect.cleandoc(description)} if isinstance(description, str) else settled
    )


def whole_schema(
    record: type[msgspec.Struct], title: str, *, version_key: str, version: int
) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what `whole` makes of a record, whose `version_key` says its shape."""
    schema = record_schema(record, title)
    for definition in schema["$defs"].values():
        if "properties" in definition:
            definition["required"] = list(definition["properties"])
    state_version(schema, record, key=version_key, version=version)
    return schema


def state_version(schema: dict[str, Any], record: type[msgspec.Struct], *, key: str, version: int) -> None:
    """Let a record's schema say that `key` is the version of the document's shape."""
    properties = schema["$defs"][record.__name__]["properties"]
    properties[key] = {"const": version, "description": "Version of this document's shape."}
