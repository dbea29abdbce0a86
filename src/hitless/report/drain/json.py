"""What `hitless drain` found and did, as JSON for other programs (docs/json-schema/drain-1.json)."""

from typing import Any

from hitless.drains import SCHEMA, DrainReport
from hitless.report.document import render_document, whole_schema

__all__ = ["json_schema", "render"]


def render(report: DrainReport, *, lines: bool = False) -> str:
    """Return the document, indented, or with `lines` as a single line."""
    return render_document(report, one_line=lines)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    title = "What `hitless drain --format json` writes"
    return whole_schema(DrainReport, title, version_key="schema", version=SCHEMA)
