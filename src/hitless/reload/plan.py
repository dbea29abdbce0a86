"""Which step comes next, from any state: also from the one that a call which was killed has left. Pure.

A plan is not a list that is worked off but a question that is asked again after each step: `next_step(goal, state)`.
Whoever knows the state, be it from the file that an interrupted call left behind, can go on from there.

What holds in every state (`violations` says where it does not):

- the configuration on disk is the old one or the new one, whole, and the new one is there only while the old one is
  kept;
- no step ends a process that serves: HAProxy itself lets the old one go, once the new one has bound everything;
- what was changed on the host besides (`net`) is on record before it is changed, and taken back before the end;
- the new configuration counts as good only when the process that loaded it has been proven to serve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Failure",
    "Goal",
    "Side",
    "State",
    "Step",
    "apply_step",
    "fail",
    "next_step",
    "plan_steps",
    "recovered",
    "violations",
]


class Side(StrEnum):
    """Which configuration: the one that was proven last, or the one that this reload brings."""

    OLD = "old"
    NEW = "new"


class Step(StrEnum):
    """One step. Each can be interrupted at any moment, and be taken again."""

    KEEP = "keep"
    """Store the last known good configuration beside, synced."""
    PUT = "put"
    """Rename the new configuration into its place."""
    NET_ON = "net-on"
    """Let the kernel move waiting connections (tcp_migrate_req), where sockets are not handed over."""
    TRIGGER = "trigger"
    PROVE = "prove"
    """Of the process that now is to serve: current, owns every socket, answers, nobody else holds one."""
    GUARD = "guard"
    RESTORE = "restore"
    """Rename the last known good configuration back into its place."""
    NET_OFF = "net-off"
    CLOSE = "close"
    """Remember what was proven as good, and that nothing is pending."""


class Failure(StrEnum):
    """Why a reload does not go on."""

    NOT_TRIGGERED = "not-triggered"
    """Something before the trigger could not be done."""
    REJECTED = "rejected"
    """HAProxy refused; the old process serves."""
    NOT_TAKEN_OVER = "not-taken-over"
    GUARD = "guard"
    """The new process serves, and clients fare worse."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Goal:
    """What is asked for."""

    new: bool = False
    """There is a new configuration to put in place (or one that an earlier call has put there, unproven)."""
    net: bool = False
    """Sockets are not handed over, and the kernel's help is needed and to be had."""
    guard: bool = False
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Where a reload stands."""

    disk: Side = Side.OLD
    running: Side = Side.OLD
    """What the process that serves has loaded, as far as is known: after a failed proof the worse is assumed."""
    kept: bool = False
    net: bool = False
    triggered: bool = False
    """The present `disk` has been loaded, or is being."""
    proven: bool = False
    guarded: bool = False
    closed: bool = False
    failure: Failure | None = None
    going_back: bool = False
    """The last known good configuration is back in its place, because of `failure`."""
    stuck: bool = False
    """The way back failed as well: nothing more is tried."""


def next_step(goal: Goal, state: State) -> Step | None:
    """Return the step that comes next, None at the end."""
    if state.failure is not None:
        return _next_after_failure(goal, state)
    if goal.new and state.disk is Side.OLD:
        return Step.PUT if state.kept else Step.KEEP
    if not state.triggered:
        return Step.NET_ON if goal.net and not state.net else Step.TRIGGER
    if not state.proven:
        return Step.PROVE
    if goal.guard and not state.guarded:
        return Step.GUARD
    return _tidy_up(state)


def _next_after_failure(goal: Goal, state: State) -> Step | None:
    if state.stuck:
        return _tidy_up(state)
    before_trigger = state.failure is Failure.NOT_TRIGGERED
    if state.disk is Side.NEW and state.kept and (goal.rollback or before_trigger):
        return Step.RESTORE
    if state.going_back and state.running is Side.NEW and not state.triggered:
        return Step.NET_ON if goal.net and not state.net else Step.TRIGGER
    if not state.proven and not before_trigger:
        return Step.PROVE  # that the old one serves still, or the one that was put back
    return _tidy_up(state)


def _tidy_up(state: State) -> Step | None:
    if state.net:
        return Step.NET_OFF
    return None if state.closed else Step.CLOSE


def apply_step(step: Step, state: State) -> State:
    """Return the state after a step that went well."""
    match step:
        case Step.KEEP:
            after = replace(state, kept=True)
        case Step.PUT:
            after = replace(state, disk=Side.NEW, triggered=False, proven=False)
        case Step.RESTORE:
            again = state.running is Side.OLD
            after = replace(state, disk=Side.OLD, triggered=again, proven=False, going_back=True)
        case Step.NET_ON | Step.NET_OFF:
            after = replace(state, net=step is Step.NET_ON)
        case Step.TRIGGER:
            after = replace(state, triggered=True, proven=False)
        case Step.PROVE:
            after = replace(state, proven=True, running=_loaded(state))
        case Step.GUARD:
            after = replace(state, guarded=True)
        case Step.CLOSE:
            after = replace(state, closed=True)
    return after


def _loaded(state: State) -> Side:
    """Return what the proven process has loaded."""
    if state.failure is Failure.REJECTED and not state.going_back:
        return state.running
    return state.disk if state.triggered else state.running


def fail(step: Step, state: State, failure: Failure) -> State:
    """Return the state after a step that failed: where to is decided by `next_step`."""
    if state.failure is not None:
        return replace(state, stuck=True)
    running = state.running
    if failure in {Failure.NOT_TAKEN_OVER, Failure.GUARD, Failure.INTERRUPTED} and state.triggered:
        running = state.disk
    return replace(state, failure=failure, running=running, proven=state.proven and step is not Step.PROVE)


def recovered(*, disk: Side, kept: bool) -> State:
    """Return where to go on after a call that was killed: what is on disk is loaded (again) and proven.

    Whether that call had triggered a reload does not matter: loading the same again hurts nobody.
    """
    return State(disk=disk, running=Side.OLD, kept=kept)


def plan_steps(goal: Goal, state: State | None = None) -> Iterator[Step]:
    """Yield the steps of a reload in which everything goes well."""
    state = state or State()
    while (step := next_step(goal, state)) is not None:
        yield step
        state = apply_step(step, state)


def violations(goal: Goal, state: State) -> Iterator[str]:
    """Yield what must hold in every state and does not."""
    if state.disk is Side.NEW and not state.kept and goal.new:
        yield "the new configuration is in place, and the old one is not kept"
    if state.closed and state.net:
        yield "the reload is over, and the kernel's setting is not as it was"
    if state.running is Side.NEW and state.disk is Side.OLD and state.closed and not state.stuck:
        yield "the reload is over, and what runs is not what is on disk"
    if state.guarded and state.failure is None and not state.proven:
        yield "guarded, and not proven"
