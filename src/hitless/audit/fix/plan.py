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
_ATTEMPTS = 3
"""An edit after which its finding is still there is not made: the plan begins anew without it."""


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
    barred: set[tuple[object, ...]] = set()
    before = judge(audit(snapshot, rules))
    for _ in range(_ATTEMPTS):
        draft = Draft(snapshot)
        named_before = [(finding, _identity(finding, draft)) for finding in _open(before)]
        tried: set[tuple[object, ...]] = set()
        result = before
        for _ in range(_ROUNDS):
            if not _make_round(draft, result, tried, barred, unsafe=unsafe):
                break
            result = judge(audit(draft.snapshot, rules))
        in_vain = {_key(finding, draft) for finding in _open(result)} & tried
        if not in_vain:
            break
        barred |= in_vain
    remaining = {_identity(finding, draft) for finding in result.findings}
    made = {code for code, *_ in tried}
    fixed = tuple(f for f, identity in named_before if f.code in made and identity not in remaining)
    return FixPlan(
        changes=draft.changes(),
        fixed=fixed,
        left=tuple(Left(finding=f, why=_why_left(f, barred, draft, unsafe=unsafe)) for f in _open(result)),
        next=draft.next_steps(),
        before=before,
        after=result,
    )


def _make_round(
    draft: Draft,
    result: AuditResult,
    tried: set[tuple[object, ...]],
    barred: set[tuple[object, ...]],
    *,
    unsafe: bool,
) -> bool:
    """Make every edit that may be made and was not tried before; return whether there was one."""
    taken: list[ConfigEdit] = []
    progress = False
    for finding in _open(result):
        fix = finding.fix
        if fix is None or not fix.edits or not _may(fix.safety, unsafe=unsafe):
            continue
        key = _key(finding, draft)
        if key in tried | barred or not (draft.can_make(fix.edits) and draft.accepts(fix.edits, taken)):
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


def _identity(finding: Finding, draft: Draft) -> tuple[object, ...]:
    """Return what makes a finding the same one after lines have moved."""
    place = finding.place
    if place is None:
        return (finding.code, finding.instance)
    line, rank = draft.line_and_rank(place.file, place.line)
    return (finding.code, finding.instance, place.file, line.strip() or place.text.strip(), rank)


def _key(finding: Finding, draft: Draft) -> tuple[object, ...]:
    """Return what makes an attempt the same one: the finding, and what its edits would write."""
    edits = finding.fix.edits if finding.fix else ()
    written = tuple((e.file, e.action, e.text) if isinstance(e, ConfigEdit) else e for e in edits)
    return (*_identity(finding, draft), written)


def _why_left(finding: Finding, barred: set[tuple[object, ...]], draft: Draft, *, unsafe: bool) -> str:
    fix = finding.fix
    if fix is None or not fix.edits or fix.safety is Safety.MANUAL:
        return "for a person to decide"
    if not _may(fix.safety, unsafe=unsafe):
        return "its fix changes behaviour: --unsafe makes it"
    if not draft.can_make(fix.edits):
        return "it changes the host, not these files: run `hitless fix` there"
    if _key(finding, draft) in barred:
        return "its edit does not remove it here: left to a person"
    return "its edit stands in the way of another one: run `hitless fix` again"
