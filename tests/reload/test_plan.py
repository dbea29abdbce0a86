from collections.abc import Iterator
from itertools import product

import pytest

from hitless.reload.plan import (
    Failure,
    Goal,
    Side,
    State,
    Step,
    apply_step,
    fail,
    next_step,
    plan_steps,
    recovered,
    violations,
)

GOALS = [
    Goal(new=new, net=net, guard=guard, rollback=rollback)
    for new, net, guard, rollback in product((False, True), repeat=4)
]
FAILURES = {
    Step.KEEP: (Failure.NOT_TRIGGERED,),
    Step.PUT: (Failure.NOT_TRIGGERED,),
    Step.NET_ON: (Failure.NOT_TRIGGERED,),
    Step.TRIGGER: (Failure.NOT_TRIGGERED, Failure.REJECTED),
    Step.PROVE: (Failure.REJECTED, Failure.NOT_TAKEN_OVER),
    Step.GUARD: (Failure.GUARD,),
    Step.RESTORE: (Failure.NOT_TRIGGERED,),
}


def reachable(goal: Goal) -> Iterator[State]:
    """Every state that a reload can be in, whatever goes wrong."""
    seen: set[State] = set()
    waiting = [State()]
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        yield state
        step = next_step(goal, state)
        if step is None:
            continue
        waiting.append(apply_step(step, state))
        waiting += [fail(step, state, failure) for failure in FAILURES.get(step, ())]


@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_what_must_hold_holds_in_every_state(goal: Goal) -> None:
    states = list(reachable(goal))
    assert len(states) > 5
    assert [(state, broken) for state in states for broken in violations(goal, state)] == []


@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_every_state_comes_to_an_end(goal: Goal) -> None:
    for state in reachable(goal):
        current = state
        for _ in range(20):
            step = next_step(goal, current)
            if step is None:
                break
            current = apply_step(step, current)
        assert next_step(goal, current) is None
        assert current.closed
        assert not current.net


@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_after_a_call_that_was_killed_in_any_state_the_next_one_ends_well(goal: Goal) -> None:
    """What survives a kill is what is on disk and what was kept; the process that serves goes on."""
    for state in reachable(goal):
        start = recovered(disk=state.disk, kept=state.kept)
        plain = Goal(new=state.disk is Side.NEW, rollback=True)
        steps = list(plan_steps(plain, start))
        assert steps[-1] is Step.CLOSE
        assert Step.TRIGGER in steps
        assert Step.PROVE in steps
        assert Step.PUT not in steps, "a plain reload puts nothing in place"
        current = start
        for step in steps:
            current = apply_step(step, current)
            assert list(violations(plain, current)) == []


def test_a_plain_reload() -> None:
    assert list(plan_steps(Goal())) == [Step.TRIGGER, Step.PROVE, Step.CLOSE]


def test_a_reload_with_everything() -> None:
    assert list(plan_steps(Goal(new=True, net=True, guard=True, rollback=True))) == [
        *(Step.KEEP, Step.PUT, Step.NET_ON, Step.TRIGGER, Step.PROVE, Step.GUARD, Step.NET_OFF, Step.CLOSE)
    ]


def after(goal: Goal, *steps: Step) -> State:
    state = State()
    for step in steps:
        assert next_step(goal, state) is step
        state = apply_step(step, state)
    return state


def rest(goal: Goal, state: State) -> list[Step]:
    return list(plan_steps(goal, state))


NEW = Goal(new=True, rollback=True)


def test_refused_by_haproxy_puts_the_file_back_and_proves_the_old_process() -> None:
    state = fail(Step.TRIGGER, after(NEW, Step.KEEP, Step.PUT), Failure.REJECTED)
    assert rest(NEW, state) == [Step.RESTORE, Step.PROVE, Step.CLOSE]


def test_not_taken_over_goes_back_by_another_reload() -> None:
    state = fail(Step.PROVE, after(NEW, Step.KEEP, Step.PUT, Step.TRIGGER), Failure.NOT_TAKEN_OVER)
    assert rest(NEW, state) == [Step.RESTORE, Step.TRIGGER, Step.PROVE, Step.CLOSE]


def test_the_guard_goes_back_by_another_reload() -> None:
    goal = Goal(new=True, rollback=True, guard=True)
    state = fail(Step.GUARD, after(goal, Step.KEEP, Step.PUT, Step.TRIGGER, Step.PROVE), Failure.GUARD)
    assert rest(goal, state) == [Step.RESTORE, Step.TRIGGER, Step.PROVE, Step.CLOSE]


def test_without_a_way_back_what_serves_is_looked_at_and_left() -> None:
    state = fail(Step.PROVE, after(Goal(), Step.TRIGGER), Failure.NOT_TAKEN_OVER)
    assert rest(Goal(), state) == [Step.PROVE, Step.CLOSE]


def test_what_fails_before_the_trigger_leaves_the_old_file() -> None:
    state = fail(Step.TRIGGER, after(NEW, Step.KEEP, Step.PUT), Failure.NOT_TRIGGERED)
    end = state
    for step in (steps := rest(NEW, state)):
        end = apply_step(step, end)
    assert steps == [Step.RESTORE, Step.CLOSE]
    assert end.disk is Side.OLD


def test_a_second_failure_ends_it() -> None:
    back = fail(Step.PROVE, after(NEW, Step.KEEP, Step.PUT, Step.TRIGGER), Failure.NOT_TAKEN_OVER)
    back = apply_step(Step.TRIGGER, apply_step(Step.RESTORE, back))
    stuck = fail(Step.PROVE, back, Failure.NOT_TAKEN_OVER)
    assert stuck.stuck
    assert rest(NEW, stuck) == [Step.CLOSE]


def test_violations_are_found() -> None:
    assert list(violations(NEW, State(disk=Side.NEW)))
    assert list(violations(NEW, State(net=True, closed=True)))
    assert list(violations(NEW, State(running=Side.NEW, closed=True)))
    assert list(violations(NEW, State(guarded=True)))
