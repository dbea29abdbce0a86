"""What `hitless drain` found and did, as JSON for other programs (docs/json-schema/drain-1.json)."""

import json
from typing import Any

from hitless.drains import SCHEMA, DrainReport
from hitless.report.document import whole, whole_schema
from hitless.report.plain import neutralise_all

__all__ = ["json_schema", "render"]


def render(report: DrainReport, *, lines: bool = False) -> str:
    r"""Return the document, indented, or with `lines` as a single line; control characters are written as \xNN."""
    document = neutralise_all(whole(report))
    return json.dumps(document, indent=None if lines else 2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    return whole_schema(DrainReport, "What `hitless drain --format json` writes", version=SCHEMA)
