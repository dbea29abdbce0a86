"""The two modes behind one interface, with programs that stand for HAProxy."""

import queue
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hitless.errors import ReloadError
from hitless.reload.instance import (
    ClassicInstance,
    Instance,
    MasterWorkerInstance,
    Reply,
    create_instance,
    master_socket,
)
from hitless.reload.launch import Launch, MessageReader
from hitless.reload.mechanism import Mechanism, Mode, Via
from tests.reload.programs import ENDS, write_program

if TYPE_CHECKING:
    from hitless.records import Event

STARTED = re.compile(r"started with: (.*)")


class Bench:
    """Makes instances, and ends them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.events: queue.Queue[Event] = queue.Queue()
        self.reader = MessageReader(self.events.put)
        self.made: list[Instance] = []

    def make(self, via: Via, mode: Mode, *, extra: tuple[str, ...] = (), program: str = "") -> Instance:
        path = self.directory / "haproxy"
        launch = Launch(write_program(path, program) if program else write_program(path), ("h.cfg",), extra)
        instance = create_instance(
            launch,
            Mechanism(via, mode, "test"),
            self.reader,
            runtime_directory=str(self.directory),
            transfer_socket="/run/admin.sock",
        )
        self.made.append(instance)
        return instance

    def printed(self) -> str:
        """Return the next line that a program printed."""
        return self.events.get(timeout=10).text

    def started_with(self) -> list[str]:
        """Return the words of the next program that says it has started."""
        while True:
            match = STARTED.search(self.printed())
            if match:
                return match[1].split()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    for instance in found.made:
        instance.stop()
    found.reader.close()


def test_a_master_is_started_with_its_cli(bench: Bench) -> None:
    instance = bench.make(Via.USR2, Mode.MASTER_WORKER, extra=("-n", "9"))
    instance.start()
    socket = f"{bench.directory}/hitless-master.sock,level,admin"
    assert bench.started_with() == ["-W", "-db", "-S", socket, "-f", "h.cfg", "-n", "9"]
    assert instance.exit_status() is None


def test_the_services_own_master_cli_wins(bench: Bench) -> None:
    instance = bench.make(Via.USR2, Mode.MASTER_WORKER, extra=("-S", "/run/m.sock,mode,600"))
    instance.start()
    assert bench.started_with() == ["-W", "-db", "-f", "h.cfg", "-S", "/run/m.sock,mode,600"]


@pytest.mark.parametrize("via", [Via.USR2, Via.HUP])
def test_a_signal_reloads_the_master(bench: Bench, via: Via) -> None:
    instance = bench.make(via, Mode.MASTER_WORKER)
    instance.start()
    bench.started_with()
    assert instance.trigger() == Reply(ok=None)
    assert bench.printed() == "Reloading HAProxy"


def test_a_master_cli_that_does_not_answer_is_a_failed_reload(bench: Bench) -> None:
    instance = bench.make(Via.MASTER_CLI, Mode.MASTER_WORKER)
    instance.start()
    bench.started_with()
    reply = instance.trigger()
    assert reply.ok is False
    assert reply.text


def test_the_masters_children_are_the_workers(bench: Bench) -> None:
    instance = bench.make(Via.USR2, Mode.MASTER_WORKER)
    instance.start()
    bench.started_with()
    assert isinstance(instance, MasterWorkerInstance)
    for _ in range(1000):
        workers = instance.serving_pids()
        if workers:
            break
    assert len(workers) == 1
    assert instance._process.pid not in workers


def test_a_restart_ends_the_master_first(bench: Bench) -> None:
    instance = bench.make(Via.RESTART, Mode.MASTER_WORKER)
    instance.start()
    bench.started_with()
    assert isinstance(instance, MasterWorkerInstance)
    first = instance._process
    assert instance.trigger().ok is None
    assert first.returncode is not None
    assert instance._process.pid != first.pid
    assert instance.exit_status() is None
    bench.started_with()


def test_a_master_that_ended_has_no_workers_and_a_status(bench: Bench) -> None:
    instance = bench.make(Via.USR2, Mode.MASTER_WORKER, program=ENDS)
    instance.start()
    assert isinstance(instance, MasterWorkerInstance)
    instance._process.wait(10)
    assert instance.exit_status() == 3
    assert instance.serving_pids() == frozenset()


def test_nothing_can_be_asked_before_the_start(bench: Bench) -> None:
    with pytest.raises(ReloadError, match="not been started"):
        bench.make(Via.USR2, Mode.MASTER_WORKER).trigger()


@pytest.mark.parametrize(
    ("via", "options"),
    [(Via.SF, ["-sf"]), (Via.SF_X, ["-x", "/run/admin.sock", "-sf"])],
)
def test_a_classic_process_is_started_over_the_one_before(bench: Bench, via: Via, options: list[str]) -> None:
    instance = bench.make(via, Mode.CLASSIC)
    instance.start()
    assert bench.started_with() == ["-db", "-f", "h.cfg"]
    (first,) = instance.serving_pids()
    assert instance.trigger() == Reply(ok=None)
    assert bench.started_with() == ["-db", *options, str(first), "-f", "h.cfg"]
    assert len(instance.serving_pids()) == 2
    assert instance.exit_status() is None


def test_a_classic_restart_ends_all_before(bench: Bench) -> None:
    instance = bench.make(Via.RESTART, Mode.CLASSIC)
    instance.start()
    bench.started_with()
    (first,) = instance.serving_pids()
    instance.trigger()
    assert bench.started_with() == ["-db", "-f", "h.cfg"]
    assert first not in instance.serving_pids()


def test_the_last_classic_process_leaves_its_status(bench: Bench) -> None:
    instance = bench.make(Via.SF, Mode.CLASSIC, program=ENDS)
    instance.start()
    assert isinstance(instance, ClassicInstance)
    instance._processes[0].wait(10)
    assert instance.exit_status() == 3
    assert instance.serving_pids() == frozenset()


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((), "/run/x/hitless-master.sock"),
        (("-S", "/run/m.sock"), "/run/m.sock"),
        (("-n", "5", "-S", "unix@/run/m.sock,mode,600,level,admin"), "/run/m.sock"),
        (("-S",), "/run/x/hitless-master.sock"),
    ],
)
def test_the_path_of_the_master_cli(arguments: tuple[str, ...], path: str) -> None:
    assert master_socket(arguments, "/run/x") == path
