"""Write a result to standard output in the format asked for."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hitless.verdict import ProofResult

__all__ = ["FORMATS", "write_result"]

FORMATS = ("text", "json", "junit", "markdown")
_WIDEST = 110


def write_result(result: ProofResult, output_format: str, *, bundle: str) -> None:
    """Print the result; `bundle` is named as where the evidence lies."""
    click.echo(_render(result, output_format, bundle), nl=False)


def _render(result: ProofResult, output_format: str, bundle: str) -> str:
    if output_format == "text":
        from hitless.report import terminal

        return terminal.render(result, width=_width(), colour=wants_colour(), bundle=bundle)
    if output_format == "json":
        from hitless.report import json

        return json.render(result)
    if output_format == "junit":
        from hitless.report import junit

        return junit.render(result)
    from hitless.report import markdown

    return markdown.render(result)


def wants_colour() -> bool:
    """Whether standard output is a terminal that may be coloured (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST) if sys.stdout.isatty() else 100
