"""The edits that fixes are made of, placed where a person would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.places import config_line
from hitless.findings import ConfigEdit, EditAction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.audit.subject import Subject
    from hitless.config.tree import ConfigFile, Section

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
    for file, section in subject.sections("global"):
        return (_add(file, section, text, beside),)
    for file in subject.files:
        for section in file.sections:
            before = EditAction.INSERT_BEFORE
            # All go before the same line, in this order.
            return tuple(
                ConfigEdit(file=file.filename, line=section.header, action=before, text=line)
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
    with_body = [n for n in range(section.header, section.stop) if file.line(n).body]
    near = [n for n in with_body if n > section.header and file.line(n).keyword in beside]
    line = max(near, default=max(with_body))
    return ConfigEdit(file=file.filename, line=line, action=EditAction.INSERT_AFTER, text=text)
