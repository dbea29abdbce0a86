"""Steps about a unit: what they observe of what systemd says."""

from types import SimpleNamespace
from typing import Any

import pytest

from hitless.control.command import Completed
from hitless.errors import SandboxError
from hitless.lab.verbs.systemd import journal, systemctl, unit


class FakeStage(SimpleNamespace):
    """A stage whose programs answer what they were told to; HAProxy's listeners are `before` and then `after`."""

    def __init__(self, done: Completed, before: Any = None, after: Any = None) -> None:
        super().__init__(done=done, ran=[], seen={}, under_load=False, looks=[before or {}])
        self.after = after or {}

    def run(self, argv: list[str], **_: float) -> Completed:
        self.ran.append(argv)
        return self.done  # type: ignore[no-any-return]

    def check(self, argv: list[str]) -> str:
        return self.run(argv).stdout

    def listening(self) -> Any:
        return self.looks.pop() if self.looks else self.after

    def listens(self) -> bool:
        return True

    def until(self, condition: Any, **_: float) -> bool:
        return bool(condition())

    def observe(self, name: str, value: object) -> None:
        self.seen[name] = value


def said(returncode: int, stdout: str = "", stderr: str = "") -> Completed:
    return Completed(returncode=returncode, stdout=stdout, stderr=stderr)


def test_a_reload_that_took_over_and_one_that_did_not() -> None:
    sockets = frozenset({11})
    stage: Any = FakeStage(said(0), {1: sockets}, {2: sockets})
    systemctl(stage, "reload")
    assert stage.ran == [["systemctl", "reload", "haproxy.service"]]
    assert stage.seen == {"reload.status": 0, "reload.said": "", "reload.ok": True, "reload.sockets": "same"}
    stage = FakeStage(said(0), {1: sockets}, {1: sockets})
    systemctl(stage, "reload")
    assert stage.seen["reload.ok"] is False


def test_under_load_a_failure_is_told_as_one() -> None:
    stage: Any = FakeStage(said(1, stderr="Job failed.\n"))
    stage.under_load = True
    with pytest.raises(SandboxError, match="Job failed"):
        systemctl(stage, "reload")


def test_daemon_reload_names_no_unit() -> None:
    stage: Any = FakeStage(said(0))
    systemctl(stage, "daemon-reload")
    assert stage.ran == [["systemctl", "daemon-reload"]]


def test_properties_and_journal() -> None:
    stage: Any = FakeStage(said(0, "ActiveState=active\nResult=\n"))
    unit(stage, "ActiveState", "Result")
    assert stage.seen == {"unit.ActiveState": "active", "unit.Result": ""}
    stage = FakeStage(said(0, "line one\nline two\n"))
    journal(stage)
    assert stage.seen == {"journal": "line one\nline two"}
