"""From "FILE:LINE" to a place with its line and the column of the word that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.findings import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

    from hitless.config.tree import ConfigFile
    from hitless.facts import FileText
    from hitless.subject import Subject

__all__ = ["config_line", "config_place", "same_for_more", "split_where", "text_place"]


def split_where(where: str) -> tuple[str, int]:
    """Return file and line of "FILE:LINE"; line 0 where there is none."""
    file, colon, line = where.rpartition(":")
    return (file, int(line)) if colon and line.isascii() and line.isdigit() else (where, 0)


def config_line(subject: Subject, where: str) -> tuple[ConfigFile, int] | None:
    """Return the tree and the line number that a "FILE:LINE" of the model means."""
    name, number = split_where(where)
    for file in subject.files:
        if file.filename == name and 1 <= number <= len(file.lines):
            return file, number
    return None


def config_place(subject: Subject, where: str, word: str = "") -> Place:
    """Return the place of a configuration line; `word` is underlined, without it all but a comment."""
    found = config_line(subject, where)
    if found is None:
        name, number = split_where(where)
        return Place(file=name, line=number)
    file, number = found
    line = file.line(number)
    text = (line.indent + line.body + line.trail).decode("utf-8", "surrogateescape")
    if word not in text or not word:  # a comment is shown, and nothing is wrong with it
        word = line.body.decode("utf-8", "surrogateescape")
    return _place(file.filename, number, text, word)


def text_place(files: Iterable[FileText], where: str, word: str = "") -> Place:
    """Return the place of a line of a unit file, a script or any other text that the snapshot holds."""
    name, number = split_where(where)
    for file in files:
        lines = file.text.splitlines()
        if file.path == name and 1 <= number <= len(lines):
            return _place(name, number, lines[number - 1], word)
    return Place(file=name, line=number)


def _place(file: str, number: int, text: str, word: str) -> Place:
    column = text.find(word) + 1 if word else 0
    if not column:
        stripped = text.strip()
        return Place(
            file=file,
            line=number,
            column=text.find(stripped) + 1 if stripped else 0,
            length=len(stripped),
            text=text,
        )
    return Place(file=file, line=number, column=column, length=len(word), text=text)


def same_for_more(lines: Sized) -> str:
    """Return the end of a message about the first of several lines; "" where there is only one."""
    more = len(lines) - 1
    return f"; the same holds for {more} more line{'s' if more > 1 else ''}" if more > 0 else ""
