"""Read from a bundle what the renderers draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.evidence.bundle import Bundle
from hitless.verdict import ProofResult

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_result", "render_bundle_html"]


def read_result(path: Path) -> ProofResult:
    """Return the result that a bundle holds.

    Raises: EvidenceError if it is no bundle or is damaged.
    """
    return Bundle.open(path).verdict(ProofResult)


def render_bundle_html(path: Path) -> str:
    """Return the page for a bundle.

    Raises: EvidenceError if it is no bundle or is damaged.
    """
    from hitless.report.html import render_html

    bundle = Bundle.open(path)
    return render_html(
        bundle.verdict(ProofResult), bundle.attempts(), bundle.meta.streams, list(bundle.events())
    )
