"""The lab's result as JSON: docs/json-schema/lab-1.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from hitless.labs import SCHEMA, LabReport
from hitless.records import writable
from hitless.report.document import render_document, whole_schema
from hitless.report.plain import neutralise_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.labs import ScenarioEntry

__all__ = ["json_schema", "render", "render_list"]


def render(report: LabReport) -> str:
    """Return the document."""
    return render_document(report)


def render_list(entries: Sequence[ScenarioEntry]) -> str:
    """Return the scenarios as a list."""
    plain = neutralise_all(writable(msgspec.to_builtins(list(entries))))
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the report."""
    title = "What the lab found, as `hitless lab run --format json` writes it"
    return whole_schema(LabReport, title, version_key="schema", version=SCHEMA)
