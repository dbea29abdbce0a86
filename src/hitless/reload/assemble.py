"""Make the receipt (or, of a dry run, the plan) of what the story of a reload holds. Pure."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec

from hitless import __version__
from hitless.reload.plan import Failure, Side
from hitless.reloads import (
    DrainForecast,
    Receipt,
    ReloadedProcess,
    ReloadOutcome,
    ReloadPlan,
    RollbackResult,
)
from hitless.subject.lifetimes import hard_stop

if TYPE_CHECKING:
    from hitless.reload.machine import Machine
    from hitless.reload.plan import Step
    from hitless.reload.story import Story
    from hitless.reload.target import Target
    from hitless.reloads import Requester

__all__ = ["coalesced_receipt", "forecast_drain", "label_of", "make_plan", "make_receipt"]

_STEPS = {
    "keep": "keep a copy of the configuration that is known to be good",
    "put": "rename the new configuration into place",
    "net-on": "let the kernel move waiting connections (net.ipv4.tcp_migrate_req=1)",
    "prove": "prove that the new process has taken over",
    "guard": "watch the traffic",
    "net-off": "set net.ipv4.tcp_migrate_req back",
    "close": "remember what was proven, write the receipt",
}


def label_of(target: Target) -> str:
    """Return the name of an instance that stays the same across reloads: its unit, else its configuration."""
    if target.instance.unit:
        return target.instance.unit.name
    return next((file.path for file in target.instance.configuration), target.instance.name)


def describe_step(step: Step, story: Story) -> str:
    """Return a step in words."""
    if step == "trigger" and story.choice is not None:
        return f"reload through {story.choice.trigger}: {story.choice.why}"
    return _STEPS.get(str(step), str(step))


def forecast_drain(target: Target, old: Target | None = None) -> tuple[DrainForecast, ...]:
    """Return what each process that is old then carries, and when its hard stop comes.

    `old` has the configuration that the running process was started with, where it is another one.
    """
    limit = hard_stop((old or target).subject)
    found = []
    for process in target.carriers:
        view = target.worker_view(process.pid)
        found.append(
            DrainForecast(
                pid=process.pid,
                connections=view.current_connections if view else process.connections,
                hard_stop_after_s=limit.seconds if limit else None,
            )
        )
    return tuple(found)


def make_plan(target: Target, story: Story) -> ReloadPlan:
    """Return what a reload would do."""
    assert story.choice is not None, "the preflight has run"
    return ReloadPlan(
        instance=label_of(target),
        mode=str(target.mode),
        mechanism=str(story.choice.trigger),
        mechanism_why=story.choice.why,
        haproxy_version=target.instance.binary.version_text if target.instance.binary else "",
        configuration=story.change,
        steps=story.steps,
        checks=story.checks,
        listeners=story.planned_listeners,
        drain=story.drain,
        notes=tuple(story.notes),
    )


def reason_of(story: Story, machine: Machine) -> str:
    """Return in one sentence why it ended as it did."""
    outcome = machine.outcome
    if outcome is ReloadOutcome.TAKEN_OVER:
        return ""
    if outcome is ReloadOutcome.DEGRADED:
        return machine.degraded or machine.reason
    if outcome is ReloadOutcome.ROLLBACK_FAILED:
        return f"{machine.reason}; the way back failed: {machine.second_reason}"
    if outcome is ReloadOutcome.REJECTED_BY_HAPROXY and story.proof is not None and story.proof.proven:
        return f"{machine.reason} (process {story.proof.pid} is proven to serve on)"
    return machine.reason


def make_receipt(target: Target, story: Story, machine: Machine, requester: Requester) -> Receipt:
    """Return the record of a reload that has come to its end."""
    outcome = machine.outcome
    new_pid = story.proof.pid if story.proof and story.proof.proven else 0
    return Receipt(
        id=_new_id(story),
        instance=label_of(target),
        outcome=outcome,
        reason=reason_of(story, machine),
        requester=requester,
        started_at=story.started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        started_ns=story.started_ns,
        duration_s=round(story.duration_s, 4),
        tool_version=__version__,
        mode=str(target.mode),
        mechanism=str(story.choice.trigger) if story.choice else "",
        mechanism_why=story.choice.why if story.choice else "",
        haproxy_version=target.instance.binary.version_text if target.instance.binary else "",
        new_pid=new_pid,
        old_pids=story.old_pids,
        configuration=story.change,
        checks=story.checks,
        forced=tuple(check.name for check in story.checks if check.state == "forced"),
        plan=story.steps,
        phases=story.seen(),
        processes=_processes(target, new_pid),
        listeners=story.listeners or story.planned_listeners,
        clients=story.clients,
        guard=story.guard,
        rollback=_rollback(story, machine),
        drain=story.drain,
        messages=tuple(story.messages),
        coalesced_requests=story.coalesced,
        recovered=story.recovered,
        notes=tuple(story.notes),
    )


def _new_id(story: Story) -> str:
    return f"{story.started_at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _processes(target: Target, new_pid: int) -> tuple[ReloadedProcess, ...]:
    found = [
        ReloadedProcess(
            pid=process.pid,
            role="master" if process is target.master else "new" if process.pid == new_pid else "old",
            version=process.version,
        )
        for process in ((target.master,) if target.master else ()) + target.carriers
        if process is not None
    ]
    if new_pid and new_pid not in {process.pid for process in found}:
        found.append(ReloadedProcess(pid=new_pid, role="new"))
    return tuple(found)


def _rollback(story: Story, machine: Machine) -> RollbackResult | None:
    state = machine.state
    if not state.going_back and machine.outcome is not ReloadOutcome.ROLLBACK_FAILED:
        return None
    proven = story.proof is not None and story.proof.proven and state.disk is Side.OLD
    if state.failure is Failure.NOT_TRIGGERED:
        outcome, message = ReloadOutcome.TAKEN_OVER, "Nothing had been loaded; the file is as it was."
    elif proven:
        outcome, message = ReloadOutcome.TAKEN_OVER, "The last known good configuration is proven to serve."
    else:
        outcome, message = ReloadOutcome.NOT_TAKEN_OVER, machine.second_reason
    return RollbackResult(
        why=machine.reason,
        outcome=outcome,
        configuration=story.change.before if state.disk is Side.OLD else (),
        new_pid=story.proof.pid if proven and story.proof else 0,
        message=message,
    )


def coalesced_receipt(receipt: Receipt) -> Receipt:
    """Return the receipt of another call's reload as the answer of this one."""
    note = "This call came while another reload ran; the one that began after it answers both."
    return msgspec.structs.replace(receipt, notes=(*receipt.notes, note))
