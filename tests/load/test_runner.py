"""Processes that are started, watched and stopped."""

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.attempts import read_attempts
from hitless.errors import LoadError
from hitless.load.runner import LoadProcesses
from hitless.records import LoadPlan, Stream, Target, Workload
from tests.load.engine_bed import FaultServer, answer_all, target_of


@pytest.fixture
def directory_fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def plan_to(port: int, **fields: object) -> LoadPlan:
    stream = Stream(
        number=0,
        workload=Workload.KEEPALIVE,
        target=target_of(port),
        connections=2,
        rate_per_s=200,
        slow_s=60,
    )
    return LoadPlan(streams=(stream,), **fields)  # type: ignore[arg-type]


def await_attempts(load: LoadProcesses, number: int) -> None:
    deadline_s = time.monotonic() + 60
    while load.counters()[0] < number:
        assert time.monotonic() < deadline_s
        if select.select(load.process_fds, [], [], 0.01)[0]:  # shared memory tells nobody when it changes
            load.check()


def test_a_run_from_start_to_table(tmp_path: Path, directory_fd: int) -> None:
    with FaultServer(answer_all) as server, LoadProcesses(plan_to(server.port), directory_fd) as load:
        load.start()
        load.wait_ready(60)
        await_attempts(load, 20)
        assert load.counters()[1] == 0
    rows = read_attempts(tmp_path / "attempts-0.bin")
    assert len(rows) >= 20
    assert not rows["outcome"].any()


def test_one_that_a_busy_machine_keeps_from_stopping_is_waited_for(tmp_path: Path, directory_fd: int) -> None:
    with FaultServer(answer_all) as server, LoadProcesses(plan_to(server.port), directory_fd) as load:
        load.start()
        load.wait_ready(60)
        await_attempts(load, 2)
        (child,) = load._children
        os.kill(child.process.pid, signal.SIGSTOP)
        later = threading.Timer(5.5, child.process.send_signal, (signal.SIGCONT,))
        later.start()
        load.stop()
        later.join()
    assert len(read_attempts(tmp_path / "attempts-0.bin")) >= 2


def test_refused_clients_are_ready_too_and_counted(directory_fd: int) -> None:
    with socket.socket() as silent:  # bound, so that nobody else gets the port
        silent.bind(("127.0.0.1", 0))
        with LoadProcesses(plan_to(silent.getsockname()[1]), directory_fd) as load:
            load.start()
            load.wait_ready(60)
            await_attempts(load, 2)
            attempts, failed = load.counters()
            assert attempts == failed


def test_no_more_processes_than_cores(directory_fd: int) -> None:
    plan = LoadProcesses(plan_to(1, processes=10_000), directory_fd).plan
    assert plan.processes == len(os.sched_getaffinity(0))


def test_a_plan_that_cannot_run_says_why(directory_fd: int) -> None:
    named = Target(frontend="fe", where="test.cfg:1", address="localhost", port=1)
    plan = LoadPlan(streams=(Stream(number=0, workload=Workload.CONNECT, target=named),))
    load = LoadProcesses(plan, directory_fd)
    load.start()
    with pytest.raises(LoadError, match=r"test\.cfg:1: not an IP address"):
        load.wait_ready(60)
    load.kill()


def test_a_process_that_dies_is_noticed(directory_fd: int) -> None:
    with FaultServer(answer_all) as server:
        load = LoadProcesses(plan_to(server.port), directory_fd)
        load.start()
        load.wait_ready(60)
        os.kill(load._children[0].process.pid, signal.SIGKILL)
        assert select.select(load.process_fds, [], [], 60)[0]
        with pytest.raises(LoadError, match="Load process 0 was killed by SIGKILL"):
            load.check()
        with pytest.raises(LoadError):
            load.stop()


def test_not_ready_in_time(directory_fd: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
    ):
        assert select.select([full], [], [], 60)[0]  # from here on a SYN is dropped
        load = LoadProcesses(plan_to(full.getsockname()[1]), directory_fd)
        load.start()
        with pytest.raises(LoadError, match="not ready"):
            load.wait_ready(0.0)
        load.kill()
    assert load.counters() == (0, 0)
