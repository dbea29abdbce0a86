"""What `hitless ready` found, as text and as JSON (docs/json-schema/ready-1.json)."""

from typing import Any

from hitless.reloads import RECEIPT_FORMAT, Readiness
from hitless.report.document import render_document, whole_schema
from hitless.report.page import Page
from hitless.report.reload.parts import INDENT, write_several
from hitless.units import format_duration

__all__ = ["json_schema", "render", "render_json"]


def render(found: Readiness, *, width: int = 80, colour: bool = False) -> str:
    """Return it as lines of at most `width` columns (at least 40), styled only with `colour`."""
    page = Page(max(width, 40), colour=colour)
    word, style = ("READY", "green") if found.ready else ("NOT READY", "red")
    if found.unknown:
        word, style = "NOT KNOWN", "yellow"
    about = f"{found.instance or 'HAProxy'} after {format_duration(found.waited_s)}"
    row: list[tuple[str, tuple[str, ...]]] = [(word, ("bold", style)), (about, ("bold",))]
    if found.ready:
        row.append((f"(pid {found.pid})", ()))
    page.row(row, indent=INDENT, hang=2 * INDENT)
    write_several(page, "missing", found.missing)
    write_several(page, "seen", found.how)
    return f"{str(page).rstrip()}\n"


def render_json(found: Readiness) -> str:
    """Return it as a document."""
    return render_document(found)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    title = "What `hitless ready --format json` writes"
    return whole_schema(Readiness, title, version_key="format", version=RECEIPT_FORMAT)
