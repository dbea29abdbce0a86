"""Starting HAProxy: until it serves, until it is refused, or until time is up."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hitless.clock import now_ns
from hitless.errors import ConfigError, SandboxError
from hitless.evidence.haproxy_log import to_event
from hitless.prove import scene
from hitless.prove.targets import Targets
from hitless.records import Event, Target
from tests.prove.pipes import Pipes


@dataclass
class FakeInstance:
    """Lives unless it is told which status it ends with."""

    statuses: list[int | None]
    starts: int = 0

    def start(self) -> None:
        self.starts += 1

    def exit_status(self) -> int | None:
        return self.statuses[min(self.starts, len(self.statuses)) - 1]


@dataclass
class FakeObserver:
    """Sees a process serve from some look on."""

    serves_from: int
    looks: int = 0

    def serving(self) -> frozenset[int]:
        self.looks += 1
        return frozenset({1}) if self.looks >= self.serves_from else frozenset()


@dataclass
class FakeMessages:
    """What HAProxy printed."""

    lines: list[str]

    def since(self, t_ns: int) -> list[Event]:
        del t_ns
        return [to_event(now_ns(), line.encode()) for line in self.lines]


@dataclass
class FakeAcceptance:
    """Can meet so many refusals."""

    can_meet: int
    met: list[str] = field(default_factory=list)

    def meet(self, said: str) -> bool:
        self.met.append(said)
        return len(self.met) <= self.can_meet

    def refused(self, alerts: list[str], said: str) -> ConfigError:
        del said
        return ConfigError("\n".join(alerts))


def start(
    directory: Path, instance: FakeInstance, observer: FakeObserver, lines: list[str], can_meet: int = 0
) -> FakeAcceptance:
    acceptance = FakeAcceptance(can_meet)
    with Pipes(directory) as pipes:
        scene._start(instance, observer, FakeMessages(lines), acceptance, pipes.channel)  # type: ignore[arg-type]
    return acceptance


def test_it_waits_until_haproxy_serves(tmp_path: Path) -> None:
    instance = FakeInstance([None])
    start(tmp_path, instance, FakeObserver(serves_from=3), [])
    assert instance.starts == 1


def test_a_refusal_that_can_be_met_is_met(tmp_path: Path) -> None:
    instance = FakeInstance([1, None])
    acceptance = start(tmp_path, instance, FakeObserver(3), ["[ALERT]    (1) : no such file"], can_meet=1)
    assert instance.starts == 2
    assert acceptance.met == ["no such file"]


def test_a_refusal_that_cannot_be_met_is_the_users(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot bind"):
        start(tmp_path, FakeInstance([1]), FakeObserver(99), ["[ALERT]    (1) : cannot bind"])


def test_refusals_are_not_met_for_ever(tmp_path: Path) -> None:
    instance = FakeInstance([1])
    with pytest.raises(ConfigError, match="did not start"):
        start(tmp_path, instance, FakeObserver(10**9), ["x"], can_meet=10**9)
    assert instance.starts == scene.MAX_STARTS


def test_haproxy_that_lives_and_never_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "START_DEADLINE_S", 0.1)
    with pytest.raises(SandboxError, match="did not listen on all its addresses"):
        start(tmp_path, FakeInstance([None]), FakeObserver(10**9), ["[NOTICE]   (1) : waiting"])


def test_the_trace_is_asked_for_before_the_start(tmp_path: Path) -> None:
    target = Target(frontend="f", where="h.cfg:2", address="192.0.2.1", port=80, source_address="10.7.1.0/24")
    unix = Target(frontend="f", where="h.cfg:3", address="/run/x.sock")
    with Pipes(tmp_path) as pipes:
        pipes.answer()
        scene._watch(pipes.channel, Targets((target,), (unix,), ()), frozenset({"0.0.0.0:81"}))
        (watch,) = pipes.said()
    assert watch.endpoints == ("0.0.0.0:81", "192.0.2.1:80")  # type: ignore[union-attr]
    assert watch.client_addresses == ("10.7.1.0/24",)  # type: ignore[union-attr]
