"""What a holder says, as JSON for other programs (docs/json-schema/hold-1.json)."""

from typing import Any

from hitless.holding import SCHEMA, HoldStatus
from hitless.report.document import render_document, whole_schema

__all__ = ["json_schema", "render"]


def render(status: HoldStatus) -> str:
    """Return the document."""
    return render_document(status)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    return whole_schema(
        HoldStatus, "What `hitless hold status --format json` writes", version_key="schema", version=SCHEMA
    )
