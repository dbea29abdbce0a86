"""A plan as a unified diff. Secrets are redacted in it, so it is for reading; --apply makes the change."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from hitless.host.redact import redact_configuration, redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hitless.audit.fix.model import FileChange

__all__ = ["diff_lines"]


def diff_lines(changes: Iterable[FileChange]) -> Iterator[str]:
    """Yield the lines of the diff, without line ends."""
    for change in changes:
        hide = redact_configuration if change.kind == "configuration" else redact_text
        old = hide(change.before).splitlines() if change.before is not None else []
        yield from difflib.unified_diff(
            old,
            hide(change.after).splitlines(),
            change.path if change.before is not None else "/dev/null",
            change.path,
            lineterm="",
        )
