"""The command with looks that were made up; tests/system/test_drain.py runs it against real HAProxies."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from hitless.drains import DrainView
from hitless.errors import ExitCode
from hitless.facts import Process
from hitless.reload.drain.process_facts import ProcessFacts
from hitless.reload.look import TargetOptions
from hitless.reload.target import Target
from tests.cli.commands import Done, hitless
from tests.reload.drain.fake_worker import Workers
from tests.reload.drain.made import facts, process, session, subject
from tests.reload.test_target import target
from tests.report.drain.synthetic import CLASSIC, OLD, SERVES, view

SCRIPT = "import time; time.sleep(600)"


@dataclass
class Looks:
    """Stands for a `DrainReader`: what each look finds, the last one again and again."""

    views: list[DrainView]
    facts: tuple[ProcessFacts, ...] = ()
    workers: Workers = field(default_factory=Workers)
    current: bool = False

    @property
    def reach(self) -> Workers:
        return self.workers

    @property
    def target(self) -> Target:
        made = target()
        return Target(made.instance, subject(), made.place)

    def look(self) -> tuple[DrainView, tuple[ProcessFacts, ...]]:
        seen = self.views.pop(0) if len(self.views) > 1 else self.views[0]
        return seen, self.facts


class Living(Workers):
    """In our time: their sessions grow older while a command runs."""

    def ask(self, of: Process, command: str, *, timeout_s: float, patient: bool = True) -> str:
        self.now_s = time.monotonic()
        return super().ask(of, command, timeout_s=timeout_s, patient=patient)


@pytest.fixture
def a_process() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", SCRIPT]) as process:
        yield process.pid
        process.kill()


def drain(monkeypatch: pytest.MonkeyPatch, looks: Looks, *words: str) -> Done:
    def found(_options: TargetOptions, *, views: bool) -> Target:
        assert not views
        return looks.target

    def reader(_target: Target, *, sessions_of_current: bool = False) -> Looks:
        looks.current = sessions_of_current
        return looks

    monkeypatch.setattr("hitless.reload.look.read_target", found)
    monkeypatch.setattr("hitless.reload.drain.read.DrainReader", reader)
    return hitless("drain", *words)


def test_an_old_generation_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    done = drain(monkeypatch, Looks([view(SERVES, OLD)]))
    assert done.status == ExitCode.FOUND
    assert "1 OLD GENERATION" in done.stdout
    assert done.stderr == ""


def test_no_old_generation_is_clean_and_quiet_if_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks([view(SERVES)])
    done = drain(monkeypatch, looks, "--current")
    assert (done.status, looks.current) == (ExitCode.CLEAN, True)
    assert "NO OLD GENERATION" in done.stdout
    assert drain(monkeypatch, Looks([view(SERVES)]), "-q") == Done(ExitCode.CLEAN, "", "")
    assert drain(monkeypatch, Looks([view(SERVES, OLD)]), "-q").stdout != ""


def test_json_is_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    done = drain(monkeypatch, Looks([view(SERVES, OLD)]), "--format", "json")
    document = json.loads(done.stdout)
    assert [g["pid"] for g in document["view"]["generations"]] == [30, 20]
    assert document["plan"] is None


def test_one_generation_is_shown_beside_the_one_that_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    done = drain(monkeypatch, Looks([view(SERVES, OLD, CLASSIC)]), "--generation", "10", "--format", "json")
    assert [g["pid"] for g in json.loads(done.stdout)["view"]["generations"]] == [30, 10]
    assert drain(monkeypatch, Looks([view(SERVES)]), "--generation", "30").status == ExitCode.CLEAN
    assert drain(monkeypatch, Looks([view(SERVES)]), "--generation", "99").status == ExitCode.USAGE


def test_an_instance_that_has_ended_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    done = drain(monkeypatch, Looks([view()]))
    assert (done.status, done.stdout) == (ExitCode.UNKNOWN, "")
    assert "has ended" in done.stderr


def closing(pid: int, *, sessions: int = 5) -> Looks:
    """An old worker of a real pid that answers from here."""
    made = Living(now_s=time.monotonic())
    held = made.add(*(session(n, pid=pid) for n in range(1, sessions + 1)))
    old = replace(OLD, pid=pid, sessions=sessions)
    gone = view(SERVES)
    return Looks([view(SERVES, old), gone], (facts(held, of=process(pid)),), made)


def test_sessions_are_closed(monkeypatch: pytest.MonkeyPatch, a_process: int) -> None:
    looks = closing(a_process)
    done = drain(monkeypatch, looks, "--close", "--over", "200ms", "--format", "json")
    document = json.loads(done.stdout)
    assert (done.status, document["result"]["closed"]) == (ExitCode.CLEAN, 5)
    assert looks.workers.sessions[a_process] == {}
    assert document["view"]["generations"][0]["pid"] == 30


def test_sessions_that_stay_are_found(monkeypatch: pytest.MonkeyPatch, a_process: int) -> None:
    looks = closing(a_process)
    looks.workers.refuses = "Something is wrong.\n"
    done = drain(monkeypatch, looks, "--close", "--over", "0")
    assert done.status == ExitCode.FOUND
    assert "5 could not be closed" in done.stdout


def test_a_dry_run_closes_nothing(monkeypatch: pytest.MonkeyPatch, a_process: int) -> None:
    looks = closing(a_process)
    done = drain(monkeypatch, looks, "--close", "--dry-run", "--over", "1m")
    assert done.status == ExitCode.CLEAN
    assert "closes 5 sessions over 60 s, one every 12 s, the oldest first" in done.stdout
    assert len(looks.workers.sessions[a_process]) == 5


def test_ctrl_c_says_how_far_it_has_come(monkeypatch: pytest.MonkeyPatch, a_process: int) -> None:
    looks = closing(a_process)

    def interrupt(made: Workers, _command: str) -> None:
        if len(made.closed) == 2:
            raise KeyboardInterrupt

    looks.workers.meanwhile = interrupt
    done = drain(monkeypatch, looks, "--close", "--over", "0", "--wait")
    assert done.status == ExitCode.INTERRUPTED
    assert "stopped    2 of 5 sessions closed" in done.stdout
    assert "left as they are" in done.stdout


def test_a_frontend_that_is_not_there(monkeypatch: pytest.MonkeyPatch, a_process: int) -> None:
    done = drain(monkeypatch, closing(a_process), "--close", "--frontend", "wwww")
    assert done.status == ExitCode.USAGE
    assert "There are: web" in done.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--close", "--current"), ExitCode.USAGE),
        (("--close", "--generation", "30"), ExitCode.USAGE),
        (("--close", "--generation", "10"), ExitCode.UNKNOWN),
        (("--close", "--generation", "99"), ExitCode.USAGE),
        (("--over", "5m"), ExitCode.USAGE),
    ],
)
def test_what_may_not_be_closed(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], status: ExitCode
) -> None:
    done = drain(monkeypatch, Looks([view(SERVES, OLD, CLASSIC)]), *words)
    assert (done.status, done.stdout) == (status, "")
    assert done.stderr.startswith("hitless: ")


def test_waiting_ends_with_the_time(monkeypatch: pytest.MonkeyPatch, a_process: int) -> None:
    looks = closing(a_process)
    looks.views = [looks.views[0]]
    done = drain(monkeypatch, looks, "--wait", "--timeout", "50ms")
    assert done.status == ExitCode.FOUND
    assert "old generations were left" in done.stdout


def test_waiting_ends_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        looks = closing(ended.pid)
        assert drain(monkeypatch, looks, "--wait").status == ExitCode.CLEAN


def test_the_words_are_explained() -> None:
    text = hitless("drain", "--help").stdout
    assert "Exit status: 0 no old generation is left" in text
