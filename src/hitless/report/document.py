"""Documents for other programs: every key is there, also one whose value is the default; and their schemas."""

import json
from typing import Any

import msgspec

from hitless.report.plain import neutralise_all

__all__ = ["render_document", "whole", "whole_schema"]


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


def whole_schema(
    record: type[msgspec.Struct], title: str, *, version_key: str, version: int
) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what `whole` makes of a record, whose `version_key` says its shape."""
    schema = msgspec.json.schema(record)
    for definition in schema["$defs"].values():
        if "properties" in definition:
            definition["required"] = list(definition["properties"])
    properties = schema["$defs"][record.__name__]["properties"]
    properties[version_key] = {"const": version, "description": "Version of this document's shape."}
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}
    plain: dict[str, Any] = json.loads(json.dumps(document))  # msgspec leaves tuples as defaults
    return plain
