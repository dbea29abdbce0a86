"""Each step's effect on disk and on the machine; the trigger and the proof are played, the rest is real."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from hitless.reload.disk import Disk
from hitless.reload.instance_files import InstanceFiles
from hitless.reload.keeping import read_good, read_pending
from hitless.reload.look import TargetOptions
from hitless.reload.machine import Machine
from hitless.reload.options import ReloadOptions
from hitless.reload.plan import Goal, Step
from hitless.reload.steps import Steps
from hitless.reload.story import Story
from hitless.reload.takeover import Proof
from hitless.reloads import ListenerChange, ListenerFate, ReloadOutcome
from tests.reload.test_disk import using

if TYPE_CHECKING:
    from hitless.reload.attempt import Attempt

PROVEN = Proof(pid=20, how=("all",))
NOT_PROVEN = Proof(pid=20, missing=("process 20 does not listen on 0.0.0.0:80",))


class FakeWatch:
    def __init__(self, after: dict[str, frozenset[int]]) -> None:
        self.after = after

    def look(self) -> None:
        return None

    def endpoints(self, _seen: None, _pid: int) -> dict[str, frozenset[int]]:
        return self.after


@dataclass
class FakeAttempt:
    """An attempt that comes out as it is told."""

    refuses: str = ""
    proof: Proof = PROVEN
    old_proof: Proof = PROVEN
    complains: bool = False
    after: dict[str, frozenset[int]] = field(default_factory=lambda: {"0.0.0.0:80": frozenset({1})})
    refused: str = ""
    triggered_ns: int = 5
    messages: tuple[str, ...] = ("[ALERT] bad",)
    before: dict[str, frozenset[int]] = field(default_factory=lambda: {"0.0.0.0:80": frozenset({1})})

    @property
    def watch(self) -> FakeWatch:
        return FakeWatch(self.after)

    def start(self, **_: float) -> str:
        self.refused = self.refuses
        return self.refuses

    def prove(self, **_: float) -> Proof:
        return self.proof

    def prove_old(self, **_: float) -> Proof:
        return self.old_proof

    def handed_over(self) -> bool:
        return not self.complains


@dataclass
class Bed:
    configuration: Path
    files: InstanceFiles
    disk: Disk
    attempts: list[FakeAttempt]

    def run(self, goal: Goal, new: bytes = b"") -> Machine:
        path = str(self.configuration)
        texts = {path: new} if new else {}
        self.disk.stage(texts)
        story = Story()
        story.planned_listeners = (ListenerChange(endpoint="0.0.0.0:80", fate=ListenerFate.INHERITED),)
        steps = Steps(
            options=ReloadOptions(target=TargetOptions()),
            files=self.files,
            disk=self.disk,
            on_disk=self.disk.read(),
            new=texts,
            target=self.disk.target,
            story=story,
            make_attempt=lambda: cast("Attempt", self.attempts.pop(0)),
            net=False,
            **cast("dict[str, Any]", {"guard": None, "clients": None}),
        )
        machine = Machine(goal)
        while (step := machine.command) is not None:
            machine.handle(steps.take(step, machine))
        self.story = story
        return machine


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    configuration = tmp_path / "h.cfg"
    configuration.write_bytes(b"old\n")
    with InstanceFiles(str(tmp_path / "state" / "one")) as files:
        yield Bed(configuration, files, Disk(using(configuration)), [])


NEW = Goal(new=True, rollback=True)


def test_a_new_configuration_that_is_proven_is_the_last_known_good_one(bed: Bed) -> None:
    bed.attempts = [FakeAttempt()]
    machine = bed.run(NEW, b"new\n")
    assert machine.outcome is ReloadOutcome.TAKEN_OVER
    assert bed.configuration.read_bytes() == b"new\n"
    good = read_good(bed.files)
    assert good is not None
    assert (good.proven, good.files[0].size_bytes) == (True, 4)
    assert read_pending(bed.files) is None


def test_one_that_haproxy_refuses_is_taken_back(bed: Bed) -> None:
    bed.attempts = [FakeAttempt(refuses="bad line")]
    machine = bed.run(NEW, b"new\n")
    assert machine.outcome is ReloadOutcome.REJECTED_BY_HAPROXY
    assert machine.reason == "bad line"
    assert bed.configuration.read_bytes() == b"old\n"
    assert read_pending(bed.files) is None
    assert bed.story.messages == ["[ALERT] bad"]


def test_one_that_does_not_take_over_is_taken_back_by_another_reload(bed: Bed) -> None:
    bed.attempts = [FakeAttempt(proof=NOT_PROVEN), FakeAttempt()]
    machine = bed.run(NEW, b"new\n")
    assert machine.outcome is ReloadOutcome.ROLLED_BACK
    assert bed.configuration.read_bytes() == b"old\n"
    assert bed.attempts == []


def test_where_the_way_back_fails_it_is_said(bed: Bed) -> None:
    bed.attempts = [FakeAttempt(proof=NOT_PROVEN), FakeAttempt(refuses="still bad")]
    machine = bed.run(NEW, b"new\n")
    assert machine.outcome is ReloadOutcome.ROLLBACK_FAILED
    assert machine.second_reason == "still bad"
    assert bed.configuration.read_bytes() == b"old\n"


def test_a_file_that_was_changed_meanwhile_stops_it_before_the_trigger(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Disk.put

    def changed_by_somebody(disk: Disk) -> None:
        bed.configuration.write_bytes(b"theirs\n")
        original(disk)

    monkeypatch.setattr(Disk, "put", changed_by_somebody)
    machine = bed.run(NEW, b"new\n")
    assert machine.outcome is ReloadOutcome.REJECTED_BY_PREFLIGHT
    assert "somebody else" in machine.reason
    assert bed.configuration.read_bytes() == b"theirs\n"


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        (FakeAttempt(complains=True), "did not get the listening sockets"),
        (FakeAttempt(after={"0.0.0.0:80": frozenset({2})}), "opened anew"),
    ],
)
def test_what_was_to_be_handed_over_and_was_not_is_degraded(bed: Bed, attempt: FakeAttempt, why: str) -> None:
    bed.attempts = [attempt]
    machine = bed.run(Goal())
    assert machine.outcome is ReloadOutcome.DEGRADED
    assert why in machine.degraded


def test_a_plain_reload_that_is_refused_asks_whether_the_old_one_serves(bed: Bed) -> None:
    bed.attempts = [FakeAttempt(refuses="bad", old_proof=NOT_PROVEN)]
    assert bed.run(Goal()).outcome is ReloadOutcome.NOT_TAKEN_OVER
    bed.attempts = [FakeAttempt(refuses="bad")]
    assert bed.run(Goal()).outcome is ReloadOutcome.REJECTED_BY_HAPROXY


def test_every_step_is_a_phase(bed: Bed) -> None:
    bed.attempts = [FakeAttempt()]
    bed.run(NEW, b"new\n")
    assert [p.name for p in bed.story.phases] == [
        str(s) for s in (Step.KEEP, Step.PUT, Step.TRIGGER, Step.PROVE, Step.CLOSE)
    ]
