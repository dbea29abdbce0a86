"""Judge the addresses of a reload: one check for each problem, or one that says what was looked at. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.findings import Evidence
from hitless.reload.preflight.bind_conflicts import judge_addresses
from hitless.reload.preflight.bind_facts import CHECK, BindFacts
from hitless.reload.preflight.neighbours import Neighbours
from hitless.reload.preflight.receivers import Kind, NameQuery
from hitless.reload.preflight.unix_paths import judge_paths
from hitless.reloads import CheckState, ListenerFate, PreflightCheck

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["judge_binds"]

_MOST_LISTED = 50
"""Checks of one state; of the others it is said how many they are."""


def judge_binds(facts: BindFacts) -> tuple[PreflightCheck, ...]:
    """Return what is wrong, the worst first; without anything, that all is well."""
    found = [
        *_unresolved(facts),
        *_not_passed_on(facts),
        *judge_addresses(facts, Neighbours(facts.views)),
        *judge_paths(facts),
        *_not_tried(facts),
        *_under_another_label(facts),
    ]
    if not found:
        return (PreflightCheck(name=CHECK, state=CheckState.PASSED, message=_all_well(facts)),)
    order = (CheckState.FAILED, CheckState.UNKNOWN, CheckState.WARNED)
    return tuple(
        check for state in order for check in _bounded([c for c in found if c.state is state], state)
    )


def _bounded(checks: Sequence[PreflightCheck], state: CheckState) -> Iterator[PreflightCheck]:
    yield from checks[:_MOST_LISTED]
    more = checks[_MOST_LISTED:]
    if more:
        yield PreflightCheck(
            name=CHECK,
            state=state,
            message=f"and {len(more)} more addresses, the first of them: {more[0].message}",
            required=any(check.required for check in more),
        )


def _unresolved(facts: BindFacts) -> Iterator[PreflightCheck]:
    for planned in facts.plan.binds:
        receiver = planned.receiver
        if receiver.kind is not Kind.NAME:
            continue
        result = facts.names.get(NameQuery(receiver.host, receiver.family))
        why = result.error if result else "nobody asked"
        final = result is not None and result.final
        then = (
            "HAProxy would refuse the new configuration"
            if final
            else "HAProxy may refuse the new configuration"
        )
        yield PreflightCheck(
            name=CHECK,
            state=CheckState.FAILED if final else CheckState.UNKNOWN,
            message=f"{receiver.title} has no address ({why}): {then}",
            hint="An IP address in place of the name does not depend on DNS.",
            required=not final,
        )


def _not_passed_on(facts: BindFacts) -> Iterator[PreflightCheck]:
    for planned in facts.plan.of(ListenerFate.NEW):
        if planned.receiver.kind is Kind.DESCRIPTOR:
            yield PreflightCheck(
                name=CHECK,
                state=CheckState.FAILED,
                message=f"{planned.receiver.title}: {facts.binder.title} has no listening socket as descriptor "
                f"{planned.receiver.host}: HAProxy would refuse the new configuration",
                hint="Sockets that systemd passes on come with a start, not with a reload.",
            )


def _not_tried(facts: BindFacts) -> Iterator[PreflightCheck]:
    """Yield one check for what nobody could try; a new TCP address among it stops the reload."""
    skipped = [
        bind
        for position, bind in enumerate(facts.plan.binds)
        if bind.is_bound and position not in facts.tried and position not in facts.paths
    ]
    if facts.problem and skipped:
        more = f" and {len(skipped) - 1} more" if len(skipped) > 1 else ""
        first = next((bind for bind in skipped if bind.is_new_tcp), skipped[0])
        yield PreflightCheck(
            name=CHECK,
            state=CheckState.UNKNOWN,
            message=f"{first.receiver.title}{more} could not be tried: {facts.problem}",
            hint="Run hitless as root, in the network namespace of HAProxy or above it.",
            required=any(bind.is_new_tcp for bind in skipped),
        )


def _under_another_label(facts: BindFacts) -> Iterator[PreflightCheck]:
    label = facts.binder.label
    bound = [bind for bind in facts.plan.binds if bind.is_bound and bind.receiver.inet is not None]
    if label and bound:
        yield PreflightCheck(
            name=CHECK,
            state=CheckState.UNKNOWN,
            message=f"whether the security module lets {facts.binder.title} bind {bound[0].receiver.endpoint} was not "
            "tried: it has a label of its own",
            hint="SELinux: semanage port -l; seinfo, or ausearch -m avc after a failure.",
            evidence=(Evidence(text=label, source="/proc/PID/attr/current"),),
        )


def _all_well(facts: BindFacts) -> str:
    plan = facts.plan
    inherited = len(plan.of(ListenerFate.INHERITED))
    bound = [bind for bind in plan.binds if bind.is_bound]
    anew = sum(bind.change.fate is ListenerFate.OPENED_ANEW for bind in bound)
    parts = [f"{inherited} handed over"] if inherited else []
    parts += [f"{anew} opened anew"] if anew else []
    parts += [f"{len(bound) - anew} new"] if len(bound) > anew else []
    parts += [f"{len(plan.removed)} closed"] if plan.removed else []
    tried = f"; {len(facts.tried)} tried, all can be bound" if facts.tried else ""
    return f"listening addresses: {', '.join(parts) or 'none'}{tried}"
