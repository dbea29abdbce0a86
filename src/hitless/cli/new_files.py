"""Show files that are to be written, or write them below a directory where nothing is in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.cli.output import write_text
from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["show_or_write"]


def show_or_write(files: Mapping[str, str], directory: str | None) -> None:
    """Print the texts behind their paths; with a directory write them, laid out as below /, and print where.

    Raises: UsageError if one is there already: nothing is written then; ChangeError.
    """
    if directory is None:
        write_text("\n".join(f"# ---- {path}\n{text}" for path, text in files.items()))
        return
    from pathlib import Path

    from hitless.store import put_in_place, stage

    there = [path for path in files if Path(directory + path).exists()]
    if there:
        raise UsageError(
            f"{directory}{there[0]} is there already; nothing was written.",
            hint="Name another directory, and take from it what you need.",
        )
    for path, text in files.items():
        put_in_place(stage(directory + path, text.encode()))
        write_text(f"{directory}{path}\n")
