"""Entries of maps and ACLs that were changed over the runtime API, found by comparing `show map` with the file.

Formats seen on 2.2.9 to 3.2.26. Source: HAProxy 2.8 src/pattern.c pat_ref_read_from_file_smp() (maps: a key, blanks,
the value without blanks at its end), pat_ref_read_from_file() (ACLs: the whole line without blanks at its start); lines
that begin with "#" and empty ones are skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.control.command import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "PatternDifference",
    "compare_patterns",
    "parse_acl_file",
    "parse_map_file",
    "parse_references",
    "parse_shown",
]

_REFERENCE = re.compile(r"^\d+ \((.+)\) pattern loaded from file '", re.MULTILINE)
_SHOWN = re.compile(r"^0x[0-9a-f]+ ?(.*)$", re.MULTILINE)
_BLANKS = " \t"
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class PatternDifference:
    """What a list holds that its file does not (`added`: a reload loses it), and the other way round (`removed`)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def describe(self) -> str:
        """Return what a reload undoes, in a few words."""
        parts = []
        if self.added:
            parts.append(f"{len(self.added)} entries only in the running process ({_examples(self.added)})")
        if self.removed:
            parts.append(
                f"{len(self.removed)} entries of the file that it does not have ({_examples(self.removed)})"
            )
        return ", ".join(parts)


def parse_references(reply: str) -> tuple[str, ...]:
    """Return the files in `show map` or `show acl`, as the configuration names them; lists without a file are left out.

    "virt@" names (3.0) stand for no file, "opt@" for one that may be missing, "file@" for any.
    """
    return tuple(dict.fromkeys(name for name in _REFERENCE.findall(reply) if not name.startswith("virt@")))


def parse_shown(reply: str) -> frozenset[str]:
    """Return the entries of `show map FILE` or `show acl FILE`: "KEY VALUE", or a pattern."""
    return frozenset(entry.rstrip(_BLANKS) for entry in _SHOWN.findall(reply))


def parse_map_file(data: bytes) -> frozenset[str]:
    """Return a map file's entries in the form of `parse_shown`."""
    return frozenset(_map_entry(line) for line in _lines(data))


def parse_acl_file(data: bytes) -> frozenset[str]:
    """Return an ACL file's entries in the form of `parse_shown`."""
    return frozenset(line.rstrip(_BLANKS) for line in _lines(data))


def compare_patterns(shown: frozenset[str], in_file: frozenset[str]) -> PatternDifference:
    """Return how they differ."""
    return PatternDifference(tuple(sorted(shown - in_file)), tuple(sorted(in_file - shown)))


def _lines(data: bytes) -> Iterator[str]:
    for raw in data.split(b"\n"):
        line = decode(raw.split(b"\r", 1)[0])
        if not line.startswith("#") and line.strip(_BLANKS):
            yield line.lstrip(_BLANKS)


def _map_entry(line: str) -> str:
    key = re.split(r"[ \t]", line, maxsplit=1)[0]
    value = line[len(key) :].strip(_BLANKS)
    return f"{key} {value}".rstrip(_BLANKS)


def _examples(entries: tuple[str, ...]) -> str:
    more = ", …" if len(entries) > _EXAMPLES else ""
    return ", ".join(entry[:60] for entry in entries[:_EXAMPLES]) + more
