"""Write a result in the format asked for, to standard output or to a file."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from hitless.cli.streams import is_stream
from hitless.errors import HitlessError

if TYPE_CHECKING:
    from hitless.verdict import ProofResult

__all__ = ["FORMATS", "STDOUT", "text_style", "write_result", "write_text"]

FORMATS = ("text", "json", "junit", "markdown")
STDOUT = "-"
_WIDEST = 110
_FILE_WIDTH = 100


def write_result(result: ProofResult, output_format: str, *, bundle: str, target: str = STDOUT) -> None:
    """Write the result; `bundle` is named as where the evidence lies.

    Raises: HitlessError if `target` cannot be written.
    """
    write_text(_render(result, output_format, bundle, target), target)


def write_text(text: str, target: str = STDOUT) -> None:
    """Write to a file, whole or not at all, or to standard output.

    Raises: HitlessError if that cannot be written; BrokenPipeError if nobody reads standard output any more.
    """
    try:
        if target == STDOUT:
            if (
                sys.stdout is None
            ):  # closed by whoever started us: Python then has none, and click says nothing
                raise HitlessError("standard output cannot be written: it is closed.")
            click.echo(text, nl=False)
            return
        # A device or a pipe is written to; renaming a file over /dev/null would take it from everybody.
        atomic = not is_stream(target)
        with click.open_file(target, "w", encoding="utf-8", errors="backslashreplace", atomic=atomic) as file:
            file.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "standard output" if target == STDOUT else target
        raise HitlessError(f"{name} cannot be written: {error.strerror}.") from error


def _render(result: ProofResult, output_format: str, bundle: str, target: str) -> str:
    if output_format == "text":
        from hitless.report import terminal

        width, colour = text_style(target)
        return terminal.render(result, width=width, colour=colour, bundle=bundle)
    if output_format == "json":
        from hitless.report import json

        return json.render(result)
    if output_format == "junit":
        from hitless.report import junit

        return junit.render(result)
    from hitless.report import markdown

    return markdown.render(result)


def text_style(target: str) -> tuple[int, bool]:
    """Return how many columns a text may have that goes to `target`, and whether it may be coloured."""
    if target != STDOUT or sys.stdout is None or not sys.stdout.isatty():
        return _FILE_WIDTH, False
    return min(shutil.get_terminal_size().columns, _WIDEST), _wants_colour()


def _wants_colour() -> bool:
    """Whether the terminal may be coloured (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
