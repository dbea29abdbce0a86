"""Comments in the configuration that accept a finding: `# hitless: ignore=HL501,HL203 reason`, reason required.

A comment on a line is for findings at that line; on a line of its own, for the next line with words; on the line that
begins a section (or just before it), for the whole section; before the first section, for the whole instance.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hitless.audit.places import config_place
from hitless.config.tree import SECTION_KEYWORDS
from hitless.findings import Finding, Severity, Suppression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.audit.subject import Subject
    from hitless.config.tree import ConfigFile

__all__ = ["WITHOUT_REASON", "suppress"]

WITHOUT_REASON = "HL001"
"""The code of a finding about a suppression that gives no reason, and so does not count."""

_COMMENT = re.compile(r"hitless:\s*ignore=([A-Za-z0-9,-]+)[ \t]*(.*)")


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
    if finding.code not in rule.codes and finding.name not in rule.codes:
        return False
    if not rule.first:
        return True
    place = finding.place
    return place is not None and place.file == rule.file and rule.first <= place.line <= rule.last


def _rules(subject: Subject) -> list[_Rule]:
    return [rule for file in subject.files for rule in _in_file(file)]


def _in_file(file: ConfigFile) -> Iterator[_Rule]:
    for number, line in enumerate(file.lines, 1):
        if b"hitless:" not in line.trail:
            continue
        match = _COMMENT.search(line.comment.decode("utf-8", "replace"))
        if match:
            first, last = _range(file, number)
            codes = frozenset(c if c[:2] != "hl" else c.upper() for c in match[1].split(",") if c)
            yield _Rule(codes, match[2].strip(), file.where(number), file.filename, first, last)


def _range(file: ConfigFile, number: int) -> tuple[int, int]:
    target = number
    while target < len(file.lines) and not file.line(target).body:
        target += 1
    sections = file.sections
    if not sections or (number < sections[0].header and target != number + 1):
        return 0, 0
    if file.line(target).keyword in SECTION_KEYWORDS:
        section = next(s for s in sections if s.header == target)
        return number, section.stop - 1
    return target, target


def _nameless(subject: Subject, rule: _Rule) -> Finding:
    return Finding(
        code=WITHOUT_REASON,
        name="suppression-without-reason",
        severity=Severity.WARNING,
        message=f"this comment suppresses {', '.join(sorted(rule.codes))} and gives no reason: it does not count",
        instance=subject.instance.name,
        place=config_place(subject, rule.where, "hitless:"),
    )
