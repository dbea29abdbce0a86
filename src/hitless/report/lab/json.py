"""The lab's result as JSON: docs/json-schema/lab-1.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from hitless.records import writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.labs import LabReport, ScenarioEntry

__all__ = ["render", "render_list"]


def render(report: LabReport) -> str:
    """Return the document."""
    return _text(report)


def render_list(entries: Sequence[ScenarioEntry]) -> str:
    """Return the scenarios as a list."""
    return _text(list(entries))


def _text(value: object) -> str:
    return json.dumps(writable(msgspec.to_builtins(value)), indent=2, ensure_ascii=False) + "\n"
