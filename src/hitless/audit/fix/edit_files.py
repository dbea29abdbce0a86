"""Make the edits of findings in a configuration's tree: several at once, all by the line numbers it has before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.findings import ConfigEdit, EditAction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitless.config.tree import ConfigFile

__all__ = ["apply_edits", "conflicts"]

_CHANGES_THE_LINE = frozenset({EditAction.REPLACE, EditAction.REMOVE})


def conflicts(edit: ConfigEdit, taken: Iterable[ConfigEdit]) -> bool:
    """Return whether an edit changes a line that another edit changes in another way."""
    return any(
        other.file == edit.file
        and other.line == edit.line
        and other != edit
        and (other.action in _CHANGES_THE_LINE and edit.action in _CHANGES_THE_LINE)
        for other in taken
    )


def apply_edits(file: ConfigFile, edits: Sequence[ConfigEdit]) -> ConfigFile:
    """Return the file with its edits made, each once; those at one place in their order."""
    unique = list(dict.fromkeys(edit for edit in edits if edit.file == file.filename))
    for edit in sorted(unique, key=lambda e: (e.line, _side(e), unique.index(e)), reverse=True):
        if not 1 <= edit.line <= len(file.lines):
            continue
        if edit.action is EditAction.REPLACE:
            file = file.replace(edit.line, edit.text)
        elif edit.action is EditAction.REMOVE:
            file = file.remove(edit.line)
        elif edit.action is EditAction.INSERT_AFTER:
            file = file.insert_after(edit.line, edit.text)
        else:
            file = file.insert_before(edit.line, edit.text)
    return file


def _side(edit: ConfigEdit) -> int:
    """Order what happens at one line from the file's end upwards: after it, then to it, then before it."""
    return {
        EditAction.INSERT_BEFORE: 0,
        EditAction.REPLACE: 1,
        EditAction.REMOVE: 1,
        EditAction.INSERT_AFTER: 2,
    }[edit.action]
