"""The verdict as the JSON document that other programs rely on (docs/json-schema/prove-1.json)."""

import json
from typing import Any

import msgspec

from hitless.report.document import record_schema, state_version
from hitless.report.plain import neutralise_all
from hitless.verdict import SCHEMA, ProofResult

__all__ = ["json_schema", "render"]


def render(result: ProofResult) -> str:
    r"""Return the document, indented; undecodable bytes in names are written as \xNN."""
    return json.dumps(neutralise_all(msgspec.to_builtins(result)), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    schema = record_schema(ProofResult, "The verdict of `hitless prove --format json`")
    state_version(schema, ProofResult, key="schema", version=SCHEMA)
    return schema
