"""An explanation as a JSON document (docs/json-schema/explain-1.json)."""

from typing import Any

from hitless.explanations import EXPLANATION_FORMAT, Explanation
from hitless.report.document import render_document, whole_schema

__all__ = ["json_schema", "render"]


def render(explanation: Explanation) -> str:
    """Return the document."""
    return render_document(explanation)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    title = "What happened, as `hitless explain --format json` writes it"
    return whole_schema(Explanation, title, version_key="format", version=EXPLANATION_FORMAT)
