"""Comments in the configuration that accept a finding: `# hitless: ignore=HL501,HL203 reason`, reason required.

Several codes or names stand with commas between them. A comment on a line is for findings at that line; on a line of
its own, for the next line with words; on the line that begins a section, or above it, for the whole section. Above the
first section of the file, with an empty line between, it is for the whole instance.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hitless.findings import Finding, Severity, Suppression
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.config.tree import ConfigFile, Section
    from hitless.subject import Subject

__all__ = ["WITHOUT_REASON", "suppress"]

WITHOUT_REASON = "HL001"
"""The code of a finding about a suppression that gives no reason, and so does not count."""

_COMMENT = re.compile(
    r"hitless:[ \t]*ignore=[ \t]*([A-Za-z0-9-]+(?:[ \t]*,[ \t]*[A-Za-z0-9-]+)*)[ \t,]*(.*)", re.DOTALL
)
_CODE = re.compile(r"hl\d+", re.IGNORECASE)
_NEVER = frozenset({"HL000", WITHOUT_REASON})
_LONGEST_REASON = 300


class _Rule(NamedTuple):
    codes: frozenset[str]
    reason: str
    where: str
    file: str
    first: int
    last: int
    """Lines it is for, both included; 0 to 0 for the whole instance."""


def suppress(subject: Subject, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings, those that a comment accepts with their suppression."""
    rules = _rules(subject) if findings else []
    for finding in findings:
        rule = next((r for r in rules if r.reason and _covers(r, finding)), None)
        if rule is None:
            yield finding
            yield from (_nameless(subject, r) for r in rules if not r.reason and _covers(r, finding))
        else:
            yield msgspec.structs.replace(
                finding, suppressed=Suppression(reason=rule.reason, where=rule.where)
            )


def _covers(rule: _Rule, finding: Finding) -> bool:
    if finding.code in _NEVER or (finding.code not in rule.codes and finding.name not in rule.codes):
        return False
    if not rule.first:
        return True
    place = finding.place
    return place is not None and place.file == rule.file and rule.first <= place.line <= rule.last


def _rules(subject: Subject) -> list[_Rule]:
    return [rule for file in subject.files for rule in _in_file(file)]


def _in_file(file: ConfigFile) -> Iterator[_Rule]:
    comments = [n for n, line in enumerate(file.lines, 1) if b"hitless:" in line.trail]
    sections = file.sections if comments else ()
    for number in comments:
        match = _COMMENT.search(file.line(number).comment.decode("utf-8", "replace"))
        if match:
            first, last = _range(file, sections, number)
            words = (word.strip() for word in match[1].split(","))
            codes = frozenset(word.upper() if _CODE.fullmatch(word) else word.lower() for word in words)
            yield _Rule(codes, _reason(match[2]), file.where(number), file.filename, first, last)


def _reason(text: str) -> str:
    """Return the reason, fit to be shown: it comes from outside. Punctuation alone is none."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:_LONGEST_REASON].strip())
    return shown.lstrip(":-\u2013\u2014 ") if any(c.isalnum() for c in shown) else ""


def _range(file: ConfigFile, sections: tuple[Section, ...], number: int) -> tuple[int, int]:
    target, apart = number, False
    while target < len(file.lines) and not file.line(target).body:
        target += 1
        apart = apart or not (file.line(target).body or file.line(target).comment)
    if not sections or (apart and number < sections[0].header):
        return 0, 0
    section = next((s for s in sections if s.header == target), None)
    return (target, target) if section is None else (number, section.stop - 1)


def _nameless(subject: Subject, rule: _Rule) -> Finding:
    return Finding(
        code=WITHOUT_REASON,
        name="suppression-without-reason",
        severity=Severity.WARNING,
        message=f"this comment suppresses {', '.join(sorted(rule.codes))} and gives no reason: it does not count",
        instance=subject.instance.name,
        place=config_place(subject, rule.where, "hitless:"),
    )
