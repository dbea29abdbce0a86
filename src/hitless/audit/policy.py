"""What a team decides about rules: which apply, how bad they are, which findings are accepted. Pure."""

from __future__ import annotations

import difflib
import fnmatch
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from hitless.audit.engine import INTERNAL_ERROR, order
from hitless.errors import UsageError
from hitless.findings import Suppression

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hitless.findings import AuditResult, Finding, Severity

__all__ = ["Accepted", "Policy", "apply_policy", "chosen_codes", "matching"]

_FAMILY = re.compile(r"HL\d{0,3}X*", re.IGNORECASE)
_LONGEST_CODE = 5


@dataclass(frozen=True, slots=True)
class Accepted:
    """An entry of a project file that accepts findings of one rule, everywhere or in the files that `path` matches."""

    code: str
    reason: str
    where: str
    path: str = ""
    """A glob: `*` and `?`, where `*` goes beyond "/"; without a leading "/" it matches at the end of a path."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Decisions from a project file and the command line. Codes are of rules that exist."""

    select: frozenset[str] | None = None
    """Only these; None: all."""
    ignore: frozenset[str] = frozenset()
    threshold: Severity | None = None
    severity: Mapping[str, Severity] = field(default_factory=dict)
    suppress: tuple[Accepted, ...] = ()


def matching(selector: str, names: Mapping[str, str]) -> frozenset[str]:
    """Return the codes that a selector means: a code, a name, or a family ("HL5", "HL5xx", "HL50").

    `names` are the rules' names by code. Raises: UsageError for a selector that means none, with what is near.
    """
    upper = selector.upper()
    if upper in names:
        return frozenset({upper})
    if _FAMILY.fullmatch(selector) and len(selector) <= _LONGEST_CODE:
        prefix = upper.rstrip("X")
        family = frozenset(code for code in names if code.startswith(prefix))
        if family and (len(prefix) < _LONGEST_CODE):
            return family
    named = frozenset(code for code, name in names.items() if name == selector.lower())
    if named:
        return named
    if _FAMILY.fullmatch(selector):
        raise UsageError(
            f"There is no rule {selector}.", hint="Families are HL1 to HL8; `hitless rules` lists all rules."
        )
    known = [*names, *names.values()]
    near = difflib.get_close_matches(upper, known, 1) or difflib.get_close_matches(selector.lower(), known, 1)
    raise UsageError(
        f"There is no rule {selector}.",
        hint=f"Did you mean {near[0]}? `hitless rules` lists them."
        if near
        else "`hitless rules` lists them.",
    )


def chosen_codes(policy: Policy, codes: Iterable[str]) -> list[str]:
    """Return the codes of the rules to apply, in order."""
    return [
        code
        for code in codes
        if (policy.select is None or code in policy.select) and code not in policy.ignore
    ]


def apply_policy(result: AuditResult, policy: Policy) -> AuditResult:
    """Return the result with the severities and acceptances of the policy. A broken rule is never accepted."""
    findings = [_decide(finding, policy) for finding in result.findings if _is_wanted(finding, policy)]
    return msgspec.structs.replace(result, findings=tuple(sorted(findings, key=order)))


def _is_wanted(finding: Finding, policy: Policy) -> bool:
    """Return whether a finding stays: those about the audit itself (HL0xx) come without having been chosen."""
    return finding.code == INTERNAL_ERROR or finding.code not in policy.ignore


def _decide(finding: Finding, policy: Policy) -> Finding:
    if finding.code == INTERNAL_ERROR:
        return finding
    severity = policy.severity.get(finding.code, finding.severity)
    accepted = next((entry for entry in policy.suppress if _covers(entry, finding)), None)
    suppressed = finding.suppressed
    if suppressed is None and accepted is not None:
        suppressed = Suppression(reason=accepted.reason, where=accepted.where)
    return msgspec.structs.replace(finding, severity=severity, suppressed=suppressed)


def _covers(entry: Accepted, finding: Finding) -> bool:
    if entry.code != finding.code:
        return False
    if not entry.path:
        return True
    if finding.place is None:
        return False
    path = posixpath.normpath(finding.place.file)
    return fnmatch.fnmatchcase(path, entry.path) or (
        not entry.path.startswith("/") and fnmatch.fnmatchcase(path, f"*/{entry.path}")
    )
