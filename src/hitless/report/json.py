"""The verdict as the JSON document that other programs rely on (docs/json-schema/prove-1.json)."""

import json
from typing import Any

import msgspec

from hitless.report.plain import neutralise_all
from hitless.verdict import SCHEMA, ProofResult

__all__ = ["json_schema", "render"]


def render(result: ProofResult) -> str:
    r"""Return the document, indented; undecodable bytes in names are written as \xNN."""
    return json.dumps(neutralise_all(msgspec.to_builtins(result)), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    schema = msgspec.json.schema(ProofResult)
    properties = schema["$defs"]["ProofResult"]["properties"]
    properties["schema"] = {"const": SCHEMA, "description": "Version of this document's shape."}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The verdict of `hitless prove --format json`",
        **schema,
    }
    plain: dict[str, Any] = json.loads(json.dumps(document))  # msgspec leaves tuples as defaults
    return plain
