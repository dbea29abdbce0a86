from dataclasses import replace

import msgspec

from hitless.facts import Process, Role
from hitless.facts.unit import Unit
from hitless.reload.assemble import (
    coalesced_receipt,
    forecast_drain,
    label_of,
    make_plan,
    make_receipt,
    reason_of,
)
from hitless.reload.choice import Choice, Trigger
from hitless.reload.machine import Done, Failed, Machine
from hitless.reload.plan import Failure, Goal, Step
from hitless.reload.story import Story
from hitless.reload.takeover import Proof
from hitless.reloads import ReloadOutcome
from tests.reload.made_receipts import REQUESTER
from tests.reload.made_receipts import make_receipt as made_receipt
from tests.reload.test_target import target

MASTER = Process(pid=1, parent_pid=0, role=Role.MASTER)
CURRENT = Process(pid=3, parent_pid=1, role=Role.WORKER, generation=0, connections=5)
CHOICE = Choice(Trigger.MASTER_CLI, "it answers", transfer=True, transfer_why="by itself")


def story() -> Story:
    return Story(choice=CHOICE, old_pids=(3,), proof=Proof(pid=7, how=("all",)))


def ended(*events: Done | Failed, goal: Goal | None = None) -> Machine:
    machine = Machine(goal or Goal())
    for event in events:
        machine.handle(event)
    return machine


def test_a_good_reload() -> None:
    machine = ended(Done(Step.TRIGGER), Done(Step.PROVE), Done(Step.CLOSE))
    receipt = make_receipt(target(MASTER, CURRENT), story(), machine, REQUESTER)
    assert (receipt.outcome, receipt.new_pid, receipt.old_pids) == (ReloadOutcome.TAKEN_OVER, 7, (3,))
    assert {(p.pid, p.role) for p in receipt.processes} == {(1, "master"), (3, "old"), (7, "new")}
    assert receipt.reason == ""
    assert receipt.rollback is None


def test_two_receipts_have_two_names() -> None:
    machine = ended(Done(Step.TRIGGER), Done(Step.PROVE), Done(Step.CLOSE))
    seen = target(MASTER, CURRENT)
    assert (
        make_receipt(seen, story(), machine, REQUESTER).id
        != make_receipt(seen, story(), machine, REQUESTER).id
    )


def test_a_rollback_says_why_and_how_it_went() -> None:
    goal = Goal(new=True, rollback=True)
    machine = ended(
        Done(Step.KEEP),
        Done(Step.PUT),
        Done(Step.TRIGGER),
        Failed(Step.PROVE, Failure.NOT_TAKEN_OVER, "nobody listens"),
        Done(Step.RESTORE),
        Done(Step.TRIGGER),
        Done(Step.PROVE),
        Done(Step.CLOSE),
        goal=goal,
    )
    receipt = make_receipt(target(MASTER, CURRENT), story(), machine, REQUESTER)
    assert receipt.outcome is ReloadOutcome.ROLLED_BACK
    assert receipt.rollback is not None
    assert (receipt.rollback.why, receipt.rollback.new_pid) == ("nobody listens", 7)
    assert receipt.rollback.outcome is ReloadOutcome.TAKEN_OVER


def test_who_serves_on_after_a_refusal_is_named() -> None:
    machine = ended(Failed(Step.TRIGGER, Failure.REJECTED, "bad line"), Done(Step.PROVE), Done(Step.CLOSE))
    assert reason_of(story(), machine) == "bad line (process 7 is proven to serve on)"


def test_the_name_is_the_units_else_the_configurations() -> None:
    seen = target(MASTER, CURRENT)
    assert label_of(seen) == "haproxy"
    unit = Unit(name="haproxy.service", source="here")
    assert label_of(replace(seen, instance=msgspec.structs.replace(seen.instance, unit=unit))) == unit.name


def test_what_the_old_process_carries_is_forecast() -> None:
    (entry,) = forecast_drain(target(MASTER, CURRENT))
    assert (entry.pid, entry.connections, entry.hard_stop_after_s) == (3, 5, None)


def test_a_plan_has_what_was_asked_and_nothing_that_happened() -> None:
    plan = make_plan(target(MASTER, CURRENT), story())
    assert (plan.mechanism, plan.instance) == ("master-cli", "haproxy")


def test_who_was_answered_by_another_reload_is_told() -> None:
    receipt = coalesced_receipt(made_receipt())
    assert receipt.id == made_receipt().id
    assert "another reload" in receipt.notes[-1]
