"""A plan as unified diffs. Secrets are redacted in them, so they are for reading; --apply makes the change."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from hitless.fixes import ChangedFile
from hitless.host.redact import redact_configuration, redact_text

if TYPE_CHECKING:
    from hitless.fixes import FileChange

__all__ = ["show_change"]

_NOWHERE = "/dev/null"


def show_change(change: FileChange) -> ChangedFile:
    """Return a change as its diff, line by line without line ends."""
    hide = redact_configuration if change.kind == "configuration" else redact_text
    old = [] if change.before is None else _lines(hide(change.before))
    diff = difflib.unified_diff(
        old,
        _lines(hide(change.after)),
        _NOWHERE if change.before is None else change.path,
        change.path,
        lineterm="",
    )
    shown = tuple(part for line in diff for part in line.split("\n"))
    return ChangedFile(path=change.path, kind=change.kind, new=change.before is None, diff=shown)


def _lines(text: str) -> list[str]:
    """Return the lines; one without an end has the remark that `diff` makes, as a line of its own."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines
