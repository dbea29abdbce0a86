"""Captures of real HAProxies while they reload, against what the clients recorded in the same run."""

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from hitless.attempts import OUTCOMES
from hitless.captured import CapturedConnection, Ending
from hitless.host.inet_diag import read_connections
from hitless.load.runner import LoadProcesses
from hitless.records import Outcome, Stream, Workload
from tests.ports import free_port
from tests.system.capture_bed import LoopbackCapture, loopback_capture
from tests.system.conftest import require
from tests.system.live_haproxy import DEADLINE_S, await_true, program, send_usr2, stop_at_rest, versions
from tests.system.load_bed import (
    MasterWorker,
    Origin,
    Rows,
    await_queue,
    master_worker,
    run_load,
    target,
    until_attempts,
)

pytestmark = pytest.mark.system

CONFIGURATION = """
global
    {settings}
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 1h
    timeout http-keep-alive 30s
    {option}
frontend fe
    bind 127.0.0.1:{port}
    {rule}
"""
ANSWER = "http-request return status 200"
OUTCOME_OF = {
    Ending.REFUSED: Outcome.REFUSED,
    Ending.RESET_BEFORE_REQUEST: Outcome.CONNECT_RESET,
    Ending.RESET_UNANSWERED: Outcome.RESET_BEFORE_RESPONSE,
    Ending.STALE_REUSE: Outcome.STALE_REUSE,
    Ending.RESPONSE_CUT: Outcome.STREAM_CUT,
    Ending.STREAM_CUT: Outcome.STREAM_CUT,
}


@pytest.fixture(autouse=True)
def _as_root() -> None:
    require(os.geteuid() == 0, "packet sockets need root")


def configuration(port: int, *, settings: str = "maxconn 1000", option: str = "", rule: str = ANSWER) -> str:
    return CONFIGURATION.format(port=port, settings=settings, option=option, rule=rule)


def victims_seen(connections: list[CapturedConnection]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for one in connections:
        if one.is_victim:
            found.setdefault(OUTCOME_OF[one.ending].value, set()).add(int(one.client.rpartition(":")[2]))
    return found


def victims_recorded(rows: Rows) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for row in rows:
        outcome = OUTCOMES[row["outcome"]]
        if outcome not in {Outcome.OK, Outcome.SLOW}:
            found.setdefault(outcome.value, set()).add(int(row["local_port"]))
    return found


def reloading(haproxy: MasterWorker, port: int, connections: int) -> Callable[[LoadProcesses], None]:
    """Return a `during` that reloads once so many connections are in use, and goes on when the old worker is gone."""

    def during(load: LoadProcesses) -> None:
        await_true(lambda: accepted(port) >= connections, "all clients are connected")
        until_attempts(load.counters()[0] + 2 * connections)(load)
        old = haproxy.workers()
        haproxy.reload()
        await_true(lambda: not old & haproxy.workers(), "the old worker ends")
        until_attempts(load.counters()[0] + 3 * connections)(load)
        load.check()

    return during


def accepted(port: int) -> int:
    """Return how many connections HAProxy has there; those that wait in the queue have no inode."""
    return sum(one.inode > 0 for one in read_connections(port))


def compare(capture: LoopbackCapture, port: int, rows: Rows) -> Counter[Ending]:
    """Assert that capture and clients tell the same victims; return how connections ended."""
    connections, _, totals = capture.read(f"127.0.0.1:{port}")
    assert totals.holes == 0
    assert victims_seen(connections) == victims_recorded(rows)
    return Counter(one.ending for one in connections)


@pytest.mark.parametrize("version", versions("2.8"))
def test_idle_close_under_clients_that_do_not_look(tmp_path: Path, version: str) -> None:
    port = free_port()
    stream = Stream(number=0, workload=Workload.IDLE, target=target(port), connections=10, idle_s=0.5)
    with (
        master_worker(program(version), configuration(port), tmp_path, port) as haproxy,
        loopback_capture(tmp_path / "capture.pcap", port) as capture,
    ):
        rows = run_load(tmp_path / "rows", (stream,), during=reloading(haproxy, port, 10))
    assert compare(capture, port, rows)[Ending.STALE_REUSE] >= 5


@pytest.mark.parametrize("version", versions("2.8"))
def test_a_quiet_reload(tmp_path: Path, version: str) -> None:
    port = free_port()
    stream = Stream(number=0, workload=Workload.IDLE, target=target(port), connections=10, idle_s=0.5)
    text = configuration(port, option="option idle-close-on-response")
    with (
        master_worker(program(version), text, tmp_path, port) as haproxy,
        loopback_capture(tmp_path / "capture.pcap", port) as capture,
    ):
        rows = run_load(tmp_path / "rows", (stream,), during=reloading(haproxy, port, 10))
    endings = compare(capture, port, rows)
    assert set(endings) == {Ending.CLIENT, Ending.CLOSED_BY_PROXY}
    assert endings[Ending.CLOSED_BY_PROXY] >= 5


@pytest.mark.parametrize("version", versions("2.6", "3.2"))
def test_a_failed_bind_refuses_for_two_seconds(tmp_path: Path, version: str) -> None:
    port = free_port()
    stream = Stream(number=0, workload=Workload.CONNECT, target=target(port), connections=4, rate_per_s=40)
    moments_ns: list[int] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        master_worker(program(version), configuration(port), tmp_path, port) as haproxy,
        loopback_capture(tmp_path / "capture.pcap", port) as capture,
    ):

        def during(load: LoadProcesses) -> None:
            until_attempts(10)(load)
            more = f"    bind 127.0.0.1:{taken.getsockname()[1]}\n"
            (tmp_path / "haproxy.cfg").write_text(configuration(port) + more)
            moments_ns.append(time.time_ns())
            send_usr2(haproxy.process.pid)
            await_true(lambda: "Resumed frontend fe" in haproxy.log(), "the old worker goes on")
            moments_ns.append(time.time_ns())
            until_attempts(load.counters()[0] + 10)(load)
            load.check()

        rows = run_load(tmp_path / "rows", (stream,), during=during)
    refused = compare(capture, port, rows)[Ending.REFUSED]
    _, (gap,), _ = capture.read(f"127.0.0.1:{port}")
    assert gap.refused == refused > 10
    # It tries to bind for 2 s at least; how much longer depends on the machine.
    assert gap.last_refused_ns - gap.first_refused_ns > 1.8e9
    assert moments_ns[0] < gap.first_refused_ns < gap.last_refused_ns < moments_ns[1]


@pytest.mark.parametrize("version", versions("2.8", "3.2"))
def test_a_hard_stop_cuts_websockets_and_long_answers(tmp_path: Path, version: str) -> None:
    port = free_port()
    streams = (
        Stream(number=0, workload=Workload.WEBSOCKET, target=target(port), connections=5, idle_s=0.2),
        Stream(number=1, workload=Workload.STREAM, target=target(port), connections=2, duration_s=60),
    )
    # The second of the long answers is asked for half a minute later.
    with Origin() as origin:
        rule = f"default_backend app\nbackend app\n    server s 127.0.0.1:{origin.port}"
        text = configuration(port, settings="hard-stop-after 500ms", rule=rule)
        with (
            master_worker(program(version), text, tmp_path, port) as haproxy,
            loopback_capture(tmp_path / "capture.pcap", port) as capture,
        ):
            rows = run_load(tmp_path / "rows", streams, during=reloading(haproxy, port, 6))
    endings = compare(capture, port, rows)
    assert endings[Ending.STREAM_CUT] == 5
    assert endings[Ending.RESPONSE_CUT] >= 1


class Classic:
    """HAProxies without a master, each told to replace the one before."""

    def __init__(self, version: str, directory: Path, port: int) -> None:
        path = directory / "haproxy.cfg"
        # One thread: another could accept before this one has read the signal.
        path.write_text(configuration(port, settings="nbthread 1"))
        self._command = [program(version), "-db", "-f", str(path)]
        self._stack = ExitStack()
        self._log = self._stack.enter_context((directory / "log").open("wb"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, *more: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([*self._command, *more], stderr=self._log, stdout=self._log)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


@pytest.mark.parametrize("version", versions("2.8"))
def test_a_reload_without_socket_transfer_throws_the_accept_queue_away(tmp_path: Path, version: str) -> None:
    """The old process is stopped while connections queue up, and told to go before it can accept them."""
    port = free_port()
    stream = Stream(number=0, workload=Workload.CONNECT, target=target(port), connections=12, rate_per_s=60)
    with Classic(version, tmp_path, port) as haproxy:
        old = haproxy.start()
        await_true(lambda: listens(port), "HAProxy listens")

        def during(load: LoadProcesses) -> None:
            until_attempts(5)(load)
            stop_at_rest(old.pid)
            await_queue(port, 10)
            haproxy.start("-sf", str(old.pid))
            await_true(lambda: is_pending(old.pid, signal.SIGUSR1), "the new process tells the old one to go")
            old.send_signal(signal.SIGCONT)
            old.wait(DEADLINE_S)
            until_attempts(load.counters()[0] + 20)(load)
            load.check()

        with loopback_capture(tmp_path / "capture.pcap", port) as capture:
            rows = run_load(tmp_path / "rows", (stream,), during=during)
    assert compare(capture, port, rows)[Ending.RESET_UNANSWERED] >= 8


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_pending(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition("ShdPnd:")[2].split()[0], 16) >> (number - 1) & 1)
