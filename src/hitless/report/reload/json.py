"""A reload, and a plan of one, as JSON documents (docs/json-schema/reload-1.json, reload-plan-1.json)."""

from typing import Any

import msgspec

from hitless.reloads import RECEIPT_FORMAT, Receipt, ReloadPlan
from hitless.report.document import render_document, whole_schema

__all__ = ["as_measured", "json_schema", "plan_schema", "render", "render_plan"]


def render(receipt: Receipt) -> str:
    """Return the receipt; a figure that was not measured is null."""
    return render_document(as_measured(receipt))


def render_plan(plan: ReloadPlan) -> str:
    """Return the plan."""
    return render_document(plan)


def as_measured(receipt: Receipt) -> Receipt:
    """Return the receipt without figures that their source cannot give."""
    if receipt.clients is None:
        return receipt
    return msgspec.structs.replace(receipt, clients=receipt.clients.as_measured())


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a reload's document."""
    title = "The receipt of a reload, as `hitless history ID --format json` writes it"
    return whole_schema(Receipt, title, version_key="format", version=RECEIPT_FORMAT)


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a plan's document."""
    title = "What a reload would do, as `hitless reload --dry-run --format json` writes it"
    return whole_schema(ReloadPlan, title, version_key="format", version=RECEIPT_FORMAT)
