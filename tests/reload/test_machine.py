import pytest

from hitless.reload.machine import Done, Failed, Machine
from hitless.reload.plan import Failure, Goal, Side, Step
from hitless.reloads import ReloadOutcome

PLAIN = Goal()
NEW = Goal(new=True, rollback=True)
GUARDED = Goal(new=True, rollback=True, guard=True)

Script = list[Step | tuple[Step, Failure]]
"""What is commanded, in order; a pair fails."""


def play(goal: Goal, script: Script) -> Machine:
    machine = Machine(goal)
    for entry in script:
        step, failure = entry if isinstance(entry, tuple) else (entry, None)
        assert machine.command is step
        machine.handle(Done(step) if failure is None else Failed(step, failure, f"{step} failed"))
    assert machine.command is None
    return machine


K, P, T, V, G, R, C = (
    *(Step.KEEP, Step.PUT, Step.TRIGGER, Step.PROVE, Step.GUARD, Step.RESTORE, Step.CLOSE),
)
REJECTED, NOT_TAKEN_OVER = Failure.REJECTED, Failure.NOT_TAKEN_OVER


def run_to_the_end(machine: Machine) -> list[Step]:
    steps = []
    while (command := machine.command) is not None:
        steps.append(command)
        machine.handle(Done(command))
    return steps


@pytest.mark.parametrize(
    ("goal", "script", "outcome"),
    [
        (PLAIN, [T, V, C], ReloadOutcome.TAKEN_OVER),
        (PLAIN, [(T, REJECTED), V, C], ReloadOutcome.REJECTED_BY_HAPROXY),
        (PLAIN, [(T, REJECTED), (V, NOT_TAKEN_OVER), C], ReloadOutcome.NOT_TAKEN_OVER),
        (PLAIN, [T, (V, NOT_TAKEN_OVER), V, C], ReloadOutcome.NOT_TAKEN_OVER),
        (PLAIN, [(T, Failure.NOT_TRIGGERED), C], ReloadOutcome.REJECTED_BY_PREFLIGHT),
        (NEW, [K, P, T, V, C], ReloadOutcome.TAKEN_OVER),
        (NEW, [(K, Failure.NOT_TRIGGERED), C], ReloadOutcome.REJECTED_BY_PREFLIGHT),
        (NEW, [K, P, (T, REJECTED), R, V, C], ReloadOutcome.REJECTED_BY_HAPROXY),
        (NEW, [K, P, T, (V, NOT_TAKEN_OVER), R, T, V, C], ReloadOutcome.ROLLED_BACK),
        (NEW, [K, P, T, (V, NOT_TAKEN_OVER), R, (T, REJECTED), C], ReloadOutcome.ROLLBACK_FAILED),
        (NEW, [K, P, T, (V, NOT_TAKEN_OVER), (R, Failure.NOT_TRIGGERED), C], ReloadOutcome.ROLLBACK_FAILED),
        (GUARDED, [K, P, T, V, G, C], ReloadOutcome.TAKEN_OVER),
        (GUARDED, [K, P, T, V, (G, Failure.GUARD), R, T, V, C], ReloadOutcome.ROLLED_BACK),
        (Goal(guard=True), [T, V, (G, Failure.GUARD), C], ReloadOutcome.DEGRADED),
    ],
)
def test_a_reload_and_what_it_comes_to(goal: Goal, script: Script, outcome: ReloadOutcome) -> None:
    assert play(goal, script).outcome is outcome


def test_degraded_is_remembered() -> None:
    machine = Machine(PLAIN)
    machine.handle(Done(T))
    machine.handle(Done(V, degraded="one socket was opened anew"))
    machine.handle(Done(C))
    assert machine.outcome is ReloadOutcome.DEGRADED
    assert machine.degraded == "one socket was opened anew"


def test_the_first_reason_is_kept_and_the_second_beside_it() -> None:
    machine = play(NEW, [K, P, T, (V, NOT_TAKEN_OVER), R, (T, REJECTED), C])
    assert (machine.reason, machine.second_reason) == ("prove failed", "trigger failed")


def test_what_cannot_be_tidied_up_is_said_and_undoes_nothing() -> None:
    machine = play(Goal(net=True), [Step.NET_ON, T, V, (Step.NET_OFF, Failure.NOT_TRIGGERED), C])
    assert machine.outcome is ReloadOutcome.TAKEN_OVER
    assert machine.left_behind == "net-off failed"


def test_an_event_that_was_not_commanded_is_a_defect() -> None:
    with pytest.raises(ValueError, match="not commanded"):
        Machine(PLAIN).handle(Done(V))


def test_an_interruption_before_the_trigger_takes_everything_back() -> None:
    machine = Machine(Goal(new=True, net=True, rollback=True))
    for step in (K, P):
        machine.handle(Done(step))
    machine.interrupt("Ctrl-C")
    steps = run_to_the_end(machine)
    assert steps == [R, C]
    assert machine.state.disk is Side.OLD
    assert machine.outcome is ReloadOutcome.INTERRUPTED


def test_an_interruption_after_the_trigger_only_looks_after_it() -> None:
    machine = Machine(Goal(new=True, net=True, rollback=True))
    for step in (K, P, Step.NET_ON, T):
        machine.handle(Done(step))
    machine.interrupt("Ctrl-C")
    steps = run_to_the_end(machine)
    assert steps == [V, Step.NET_OFF, C]
    assert machine.state.disk is Side.NEW
    assert machine.outcome is ReloadOutcome.INTERRUPTED
