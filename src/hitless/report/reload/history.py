"""Many receipts: a table for people, a document for programs (docs/json-schema/history-1.json)."""

from typing import Any

from hitless.records import Record
from hitless.reloads import Receipt
from hitless.report.document import render_document, whole_schema
from hitless.report.gfm import LEFT, RIGHT, bullets, code_span, plain_text, table
from hitless.report.page import Page
from hitless.report.plain import cells, clip, neutralise
from hitless.report.reload.clients import resets_in_short
from hitless.report.reload.json import as_measured
from hitless.report.reload.text import STYLES
from hitless.report.reload.wording import headline
from hitless.report.wording import plural
from hitless.units import format_duration

__all__ = ["HISTORY_FORMAT", "ReloadHistory", "json_schema", "render", "render_json", "render_markdown"]

HISTORY_FORMAT = 1
_INDENT = 2
_WIDEST_CELL = 32
_MOST_UNREADABLE = 5


class ReloadHistory(Record, frozen=True):
    """The receipts that were asked for, the newest first."""

    tool_version: str
    directory: str
    receipts: tuple[Receipt, ...]
    more: bool = False
    """There are further ones, beyond the limit."""
    unreadable: tuple[str, ...] = ()
    """Lines that are no receipt: the file, the byte, and why."""
    notes: tuple[str, ...] = ()
    format: int = HISTORY_FORMAT


def render(history: ReloadHistory, *, width: int = 80, colour: bool = False) -> str:
    """Return the table as lines of at most `width` columns (at least 40), styled only with `colour`."""
    page = Page(max(width, 40), colour=colour)
    rows = [_cells(receipt) for receipt in history.receipts]
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for receipt, row in zip(history.receipts, rows, strict=True):
        _write_row(page, receipt, row, widths)
        more = f"{receipt.id}  by {_who(receipt)}: {receipt.reason}"
        page.hanging("", more, indent=2 * _INDENT, styles=("dim",))
    page.blank()
    page.hanging("", _sum(history), indent=_INDENT)
    for line in history.unreadable[:_MOST_UNREADABLE]:
        page.hanging("unreadable  ", line, indent=_INDENT, label_styles=("yellow",))
    if len(history.unreadable) > _MOST_UNREADABLE:
        page.hanging("", f"and {len(history.unreadable) - _MOST_UNREADABLE} more lines", indent=14)
    for note in history.notes:
        page.hanging("note  ", note, indent=_INDENT, label_styles=("dim",))
    return str(page)


def render_json(history: ReloadHistory) -> str:
    """Return the document; each receipt is whole."""
    return render_document(
        ReloadHistory(
            tool_version=history.tool_version,
            directory=history.directory,
            receipts=tuple(map(as_measured, history.receipts)),
            more=history.more,
            unreadable=history.unreadable,
            notes=history.notes,
        )
    )


def render_markdown(history: ReloadHistory) -> str:
    """Return the table as GitHub-flavoured Markdown."""
    head = (
        *(("when", LEFT), ("outcome", LEFT), ("instance", LEFT), ("took", RIGHT), ("clients", LEFT)),
        *(("by", LEFT), ("receipt", LEFT), ("reason", LEFT)),
    )
    rows = [
        [
            *map(plain_text, (receipt.started_at, headline(receipt.outcome))),
            code_span(receipt.instance),
            *map(plain_text, _cells(receipt)[3:]),
            code_span(_who(receipt)),
            code_span(receipt.id),
            code_span(receipt.reason),
        ]
        for receipt in history.receipts
    ]
    blocks = (
        table(head, rows, title="Reloads"),
        plain_text(_sum(history)),
        bullets((*(f"unreadable: {line}" for line in history.unreadable), *history.notes)),
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    title = "Receipts, as `hitless history --format json` writes them"
    return whole_schema(ReloadHistory, title, version_key="format", version=HISTORY_FORMAT)


def _cells(receipt: Receipt) -> tuple[str, ...]:
    values = (
        receipt.started_at,
        headline(receipt.outcome),
        receipt.instance,
        format_duration(receipt.duration_s),
        resets_in_short(receipt),
    )
    return tuple(clip(neutralise(value), _WIDEST_CELL) for value in values)


def _who(receipt: Receipt) -> str:
    return receipt.requester.login_user or receipt.requester.user


def _write_row(page: Page, receipt: Receipt, row: tuple[str, ...], widths: list[int]) -> None:
    padded = [text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True)]
    styles = [(), STYLES[receipt.outcome], ("bold",), *[()] * (len(row) - 3)]
    if _INDENT + sum(widths) + 2 * (len(widths) - 1) <= page.width:
        painted = [page.paint(text, *style) for text, style in zip(padded, styles, strict=True)]
        page.line("  ".join(painted), indent=_INDENT)
    else:
        page.row(
            [(text, style) for text, style in zip(row, styles, strict=True) if text],
            indent=_INDENT,
            hang=2 * _INDENT,
        )


def _sum(history: ReloadHistory) -> str:
    if not history.receipts:
        return f"No receipt in {history.directory} is what was asked for, or there is none."
    more = "; there are older ones (--limit, --until)" if history.more else ""
    return f"{plural(len(history.receipts), 'receipt')} of {history.directory}, the newest first{more}"
