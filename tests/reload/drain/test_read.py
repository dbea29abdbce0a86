"""What can be said without a running HAProxy; tests/system/test_drain.py has the rest."""

import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hitless.control.errors import CouldNotAsk
from hitless.control.inspect import Deadline
from hitless.control.replies import parse_processes
from hitless.errors import HitlessError
from hitless.facts import Process, Role, Unknown
from hitless.host.errors import HostError
from hitless.reload.drain import read
from hitless.reload.drain.reach import Reach
from hitless.reload.drain.read import DrainReader
from hitless.reload.target import Target
from tests.reload.drain.made import subject
from tests.reload.test_target import target

PID = os.getpid()
SERVES = Process(pid=PID, parent_pid=1, role=Role.CLASSIC, generation=0, arguments=("haproxy", "-f", "h.cfg"))
SHOW_PROC = (
    "1  master  3 [failed: 0]  0d00h00m09s  2.8.25\n# workers\n# old workers\n"
    "{pid}  worker  4  0d00h00m01s  2.8.25\n"
)


def looked_at(*processes: Process) -> Target:
    return replace(target(*processes), subject=subject())


def seen(monkeypatch: pytest.MonkeyPatch, *processes: Process, unknown: tuple[Unknown, ...] = ()) -> None:
    monkeypatch.setattr(read, "read_haproxy_processes", lambda _root: (processes, unknown))


def test_processes_are_looked_for_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = DrainReader(looked_at(SERVES))
    seen(monkeypatch, SERVES)
    view, facts = reader.look()
    assert [g.pid for g in view.generations] == [PID]
    assert [f.pid for f in facts] == [PID]
    assert view.generations[0].cpu_share is not None
    seen(monkeypatch)
    view, _ = reader.look()
    assert view.generations == ()


def test_processes_that_cannot_be_seen_are_not_processes_that_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen(monkeypatch, unknown=(Unknown(what="processes", why="no right"),))
    with pytest.raises(HostError, match="no right"):
        DrainReader(looked_at(SERVES)).look()


def test_other_services_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Process(
        pid=4_000_001, parent_pid=1, role=Role.CLASSIC, generation=0, arguments=("haproxy", "-f", "other.cfg")
    )
    seen(monkeypatch, SERVES, other)
    view, _ = DrainReader(looked_at(SERVES)).look()
    assert [g.pid for g in view.generations] == [PID]


def replies(monkeypatch: pytest.MonkeyPatch, answer: str | HitlessError) -> None:
    def ask(_self: Reach, *, timeout_s: float, patient: bool = True) -> object:
        assert timeout_s > 0
        assert isinstance(patient, bool)
        if isinstance(answer, HitlessError):
            raise answer
        return parse_processes(answer)

    monkeypatch.setattr(Reach, "ask_processes", ask)


def test_reloads_are_those_that_the_master_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    replies(monkeypatch, SHOW_PROC.format(pid=PID))
    reader = DrainReader(looked_at(SERVES))
    assert reader._reloads(Deadline(5), crowded=False) == ({PID: 4}, "")


def test_a_master_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    replies(monkeypatch, CouldNotAsk("it is silent"))
    reader = DrainReader(looked_at(SERVES))
    assert reader._reloads(Deadline(5), crowded=False) == (
        None,
        "`show proc` could not be asked: it is silent",
    )
    assert reader._reloads(Deadline(5), crowded=True) == ({}, "")


def test_old_ones_that_show_proc_does_not_list_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    replies(monkeypatch, SHOW_PROC.format(pid=1234))
    old = Process(
        pid=PID, parent_pid=1, role=Role.CLASSIC, generation=1, age_s=9, arguments=("haproxy", "-f", "h.cfg")
    )
    seen(monkeypatch, old)
    view, _ = DrainReader(looked_at(old)).look()
    assert view.hidden_from_show_proc == 1
    assert view.generations[0].why_not_closable


def test_a_stopped_process_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise AssertionError("asked")

    monkeypatch.setattr(Reach, "ask", fail)
    seen(
        monkeypatch,
        Process(
            pid=PID,
            parent_pid=1,
            role=Role.CLASSIC,
            generation=0,
            state="T",
            arguments=("haproxy", "-f", "h.cfg"),
        ),
    )
    _, (facts,) = DrainReader(looked_at(SERVES), sessions_of_current=True).look()
    assert facts.why_not_asked == "it is stopped, and answers nobody"


def test_when_the_configuration_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "h.cfg"
    path.write_text("global\n")
    reader = DrainReader(looked_at(SERVES))
    assert reader._changed_s() is None  # h.cfg of the test is nowhere
    made = looked_at(SERVES)
    instance = msgspec.structs.replace(
        made.instance,
        configuration=(msgspec.structs.replace(subject().instance.configuration[0], path=str(path)),),
    )
    changed_s = DrainReader(replace(made, instance=instance))._changed_s()
    assert changed_s is not None
    assert -1 < changed_s < 60
