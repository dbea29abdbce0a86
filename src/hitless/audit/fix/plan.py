"""Plan the changes: audit, make what may be made, audit the result, until nothing more can be made. Pure.

A finding is only called fixed if the audit of the changed facts no longer has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.engine import audit
from hitless.audit.fix.draft import Draft
from hitless.findings import ConfigEdit, Safety
from hitless.fixes import FixPlan, Left

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hitless.audit.rule import Rule
    from hitless.facts import Snapshot
    from hitless.findings import AuditResult, Finding

__all__ = ["plan_fixes"]

_ROUNDS = 12
"""Each round makes the edits that do not stand in each other's way; real configurations need two or three."""


def plan_fixes(
    snapshot: Snapshot,
    rules: Sequence[Rule],
    *,
    unsafe: bool = False,
    judge: Callable[[AuditResult], AuditResult] = lambda result: result,
) -> FixPlan:
    """Return the smallest set of changes that removes the findings that may be removed.

    The configuration's text must be the files' own, not redacted. `judge` applies the project's policy.
    """
    draft = Draft(snapshot)
    before = result = judge(audit(snapshot, rules))
    tried: set[tuple[str, str, object]] = set()
    for _ in range(_ROUNDS):
        if not _make_round(draft, result, tried, unsafe=unsafe):
            break
        result = judge(audit(draft.snapshot, rules))
    remaining = {_identity(finding) for finding in result.findings}
    made = {code for code, _, _ in tried}
    fixed = tuple(f for f in _open(before) if f.code in made and _identity(f) not in remaining)
    return FixPlan(
        changes=draft.changes(),
        fixed=fixed,
        left=tuple(Left(finding=f, why=_why_left(f, made, unsafe=unsafe)) for f in _open(result)),
        next=draft.next_steps(),
        before=before,
        after=result,
    )


def _make_round(
    draft: Draft, result: AuditResult, tried: set[tuple[str, str, object]], *, unsafe: bool
) -> bool:
    """Make every edit that may be made and was not tried before; return whether there was one."""
    taken: list[ConfigEdit] = []
    progress = False
    for finding in _open(result):
        fix = finding.fix
        if fix is None or not fix.edits or not _may(fix.safety, unsafe=unsafe):
            continue
        key = (finding.code, finding.instance, tuple(draft.anchor(edit) for edit in fix.edits))
        if key in tried or not draft.accepts(fix.edits, taken):
            continue
        tried.add(key)
        taken += [edit for edit in fix.edits if isinstance(edit, ConfigEdit)]
        draft.take(finding, fix.edits)
        progress = True
    draft.finish_round(taken)
    return progress


def _may(safety: Safety, *, unsafe: bool) -> bool:
    return safety is Safety.SAFE or (unsafe and safety is Safety.UNSAFE)


def _open(result: AuditResult) -> list[Finding]:
    return [finding for finding in result.findings if finding.suppressed is None]


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    """Return what makes a finding the same one after lines have moved."""
    place = finding.place
    return (finding.code, finding.instance, place.file if place else "", place.text.strip() if place else "")


def _why_left(finding: Finding, made: set[str], *, unsafe: bool) -> str:
    fix = finding.fix
    if fix is None or not fix.edits or fix.safety is Safety.MANUAL:
        return "for a person to decide"
    if not _may(fix.safety, unsafe=unsafe):
        return "its fix changes behaviour: --unsafe makes it"
    if finding.code in made:
        return "its edit alone did not remove it"
    return "its edit stands in the way of another one: run `hitless fix` again"
