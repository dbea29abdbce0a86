"""A migration as a JSON document (docs/json-schema/migrate-1.json)."""

from typing import Any

from hitless.migrations import MIGRATION_FORMAT, Migration
from hitless.report.document import render_document, whole_schema

__all__ = ["json_schema", "render"]


def render(found: Migration) -> str:
    """Return it as a document."""
    return render_document(found)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    title = "What `hitless migrate --format json` writes"
    return whole_schema(Migration, title, version_key="format", version=MIGRATION_FORMAT)
