"""The edits that fixes are made of, placed where a person would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.findings import ConfigEdit, EditAction
from hitless.subject.places import config_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.config.tree import ConfigFile, Section
    from hitless.subject import Subject

__all__ = ["add_to_global", "add_to_section", "remove_line", "replace_line", "with_words"]


def add_to_section(
    subject: Subject, where: str, text: str, *, beside: Sequence[str] = ()
) -> tuple[ConfigEdit, ...]:
    """Return the edit that adds a line to the section whose header is at `where`; () if it is not in the files.

    The line goes after the last one whose keyword is in `beside`, else after the section's last line with words.
    """
    found = config_line(subject, where)
    if found is None:
        return ()
    file, header = found
    section = file.section_at(header)
    return () if section is None else (_add(file, section, text, beside),)


def add_to_global(subject: Subject, text: str, *, beside: Sequence[str] = ()) -> tuple[ConfigEdit, ...]:
    """Return the edit that adds a line to the first `global` section, or makes one before all others."""
    active = {section.header.where for section in subject.active}
    for file, section in subject.sections("global"):
        if file.where(section.header) in active:
            return (_add(file, section, text, beside),)
    for file in subject.files:
        for section in file.sections:
            before = EditAction.INSERT_BEFORE
            place = _outside_conditions(file, section.header)
            # All go before the same line, in this order.
            return tuple(
                ConfigEdit(file=file.filename, line=place, action=before, text=line)
                for line in ("global", text, "")
            )
    return ()


def replace_line(subject: Subject, where: str, text: str) -> tuple[ConfigEdit, ...]:
    """Return the edit that gives a line other words; its indentation and comment stay."""
    found = config_line(subject, where)
    if found is None:
        return ()
    return (ConfigEdit(file=found[0].filename, line=found[1], action=EditAction.REPLACE, text=text),)


def remove_line(subject: Subject, where: str) -> tuple[ConfigEdit, ...]:
    """Return the edit that takes a line away."""
    found = config_line(subject, where)
    return (
        ()
        if found is None
        else (ConfigEdit(file=found[0].filename, line=found[1], action=EditAction.REMOVE),)
    )


def with_words(subject: Subject, where: str, words: str) -> tuple[ConfigEdit, ...]:
    """Return the edit that adds words at the end of a line, what stands there kept byte for byte."""
    found = config_line(subject, where)
    if found is None:
        return ()
    file, number = found
    body = file.line(number).body.decode("utf-8", "surrogateescape")
    return (ConfigEdit(file=file.filename, line=number, action=EditAction.REPLACE, text=f"{body} {words}"),)


def _add(file: ConfigFile, section: Section, text: str, beside: Sequence[str]) -> ConfigEdit:
    with_body = [n for n in _unconditional(file, section) if file.line(n).body]
    near = [n for n in with_body if n > section.header and file.line(n).keyword in beside]
    line = max(near, default=max(with_body))
    return ConfigEdit(file=file.filename, line=line, action=EditAction.INSERT_AFTER, text=text)


def _unconditional(file: ConfigFile, section: Section) -> Iterator[int]:
    """Yield the lines of a section after which a line is in force whenever the section is: no `.if` cuts it off."""
    depths = _depths(file)
    own = depths[section.header - 1]
    for number in range(section.header, section.stop):
        if depths[number - 1] < own:
            return
        if depths[number - 1] == own:
            yield number


def _outside_conditions(file: ConfigFile, number: int) -> int:
    """Return the line itself, or that of the outermost `.if` around it."""
    depths = _depths(file)
    if not depths[number - 1]:
        return number
    return max((n + 1 for n in range(1, number) if not depths[n - 1]), default=1)


def _depths(file: ConfigFile) -> list[int]:
    """Return for each line how many `.if` are open after it (HAProxy 2.8 configuration.txt section 2.4)."""
    depths, depth = [], 0
    for line in file.lines:
        depth = max(0, depth + (line.keyword == ".if") - (line.keyword == ".endif"))
        depths.append(depth)
    return depths
