"""The guard against a server of our own that counts as HAProxy does."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from math import ceil
from pathlib import Path

import pytest

from hitless.clock import now_ns
from hitless.reload import guard_watch
from hitless.reload.guard_watch import TrafficGuard

OLD, NEW = 4242, os.getpid()
COLUMNS = (Path(__file__).parents[1] / "control/fixtures/stat-2.2.csv").read_text().split("\n", 1)[0]
Counters = Mapping[str, Mapping[str, int]]
TICK_S, DURATION_S = 0.02, 0.3


def csv_of(counters: Counters) -> str:
    """Return `show stat` of these frontends."""
    lines = [COLUMNS]
    for name, values in counters.items():
        texts = {"# pxname": name, "svname": "FRONTEND", "type": "0", "mode": "http"}
        texts |= {column: str(value) for column, value in values.items()}
        lines.append(",".join(texts.get(column, "") for column in COLUMNS.split(",")))
    return "\n".join(lines) + "\n\n"


class FakeHaproxy:
    """One socket that is a master's CLI and a stats socket; `answer` makes what it says."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self.pid = NEW
        self.rows: dict[int, Callable[[], Counters]] = {}
        self.asked: list[str] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.address)
        self._listener.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):  # who asked may have no time left
                connection.settimeout(60)
                command = connection.recv(1000).decode().strip()
                self.asked.append(command)
                connection.sendall(self._answer(command).encode())

    def _answer(self, command: str) -> str:
        pid = self.pid
        if command.startswith("@!"):
            word, _, command = command.partition(" ")
            pid = int(word[2:])
        if command == "show info":
            return f"Version: 2.8\nPid: {pid}\nUptime_sec: 1\nStopping: 0\n\n"
        if pid not in self.rows:
            return f"Can't find the target PID matching the prefix '@!{pid}'.\n"
        return csv_of(self.rows[pid]())


def web(answered: int, errors: int = 0) -> Counters:
    return {
        "web": {"hrsp_2xx": answered - errors, "hrsp_5xx": errors, "req_tot": answered, "conn_tot": answered}
    }


class Growing:
    """Counters that grow with each look at them."""

    def __init__(self, good: int, bad: int) -> None:
        self.looks = 0
        self._good, self._bad = good, bad

    def __call__(self) -> Counters:
        self.looks += 1
        return web(self.looks * (self._good + self._bad), self.looks * self._bad)


class Clock:
    """In the place of the guard's: it goes on while the guard sleeps, and asking takes no time."""

    def __init__(self) -> None:
        self.now_ns = 0

    def monotonic(self) -> float:
        return self.now_ns / 1e9

    def sleep(self, duration_s: float) -> None:
        self.now_ns += ceil(duration_s * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let figures be old after 0.1 s of a clock of its own."""
    made = Clock()
    monkeypatch.setattr(guard_watch, "_STALE_S", 0.1)
    monkeypatch.setattr(guard_watch, "time", made)
    monkeypatch.setattr(guard_watch, "now_ns", lambda: made.now_ns)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time."""
    monkeypatch.setattr(guard_watch, "_ASK_TIMEOUT_S", 30.0)
    monkeypatch.setattr(guard_watch, "_STALE_S", 30.0)


@pytest.fixture
def haproxy(tmp_path: Path) -> Iterator[FakeHaproxy]:
    fake = FakeHaproxy(tmp_path / "master.sock")
    fake.rows[OLD] = lambda: web(1000, 3)
    yield fake
    fake.close()


def guard(haproxy: FakeHaproxy, resets: Callable[[], int | None] = lambda: None) -> TrafficGuard:
    return TrafficGuard(OLD, master_address=haproxy.address, resets=resets)


def test_a_new_process_that_answers_well(haproxy: FakeHaproxy) -> None:
    haproxy.rows[NEW] = Growing(good=5, bad=0)
    watching = guard(haproxy)
    assert watching.take_baseline()
    result = watching.watch(NEW, DURATION_S, tick_s=TICK_S)
    assert (result.tripped, result.judged, result.errors) == (False, True, 0)
    assert result.requests > 5
    assert result.error_ratio_before == 0.003
    assert result.window_s >= DURATION_S
    assert f"@!{NEW} show stat -1 3 -1" in haproxy.asked


def test_it_ends_as_soon_as_it_trips(haproxy: FakeHaproxy) -> None:
    haproxy.rows[NEW] = Growing(good=0, bad=5)
    watching = guard(haproxy)
    watching.take_baseline()
    result = watching.watch(NEW, 30.0, tick_s=TICK_S)
    assert (result.tripped, result.judged, result.error_ratio_after) == (True, True, 1.0)
    assert result.window_s < 15


def test_no_traffic_is_not_tripped_and_said(haproxy: FakeHaproxy) -> None:
    haproxy.rows[NEW] = lambda: web(0)
    watching = guard(haproxy)
    watching.take_baseline()
    result = watching.watch(NEW, DURATION_S, tick_s=TICK_S)
    assert (result.tripped, result.judged, result.requests) == (False, True, 0)
    assert "nothing to judge by" in result.reason


def test_without_a_baseline_nothing_is_judged(haproxy: FakeHaproxy) -> None:
    haproxy.rows[NEW] = Growing(good=0, bad=5)
    del haproxy.rows[OLD]
    watching = guard(haproxy)
    assert not watching.take_baseline()
    result = watching.watch(NEW, 30.0, tick_s=TICK_S)
    assert (result.tripped, result.judged) == (False, False)
    assert "the traffic before is not known" in result.reason
    assert f"@!{OLD}" in result.reason


def test_a_new_process_that_cannot_be_asked_is_not_judged(haproxy: FakeHaproxy) -> None:
    watching = guard(haproxy)
    watching.take_baseline()
    result = watching.watch(NEW, DURATION_S, tick_s=TICK_S)
    assert (result.tripped, result.judged) == (False, False)
    assert "could not be read" in result.reason
    assert watching.counters() == ()


@pytest.mark.usefixtures("clock")
def test_figures_that_end_too_early_are_not_judged(haproxy: FakeHaproxy) -> None:
    growing = Growing(good=5, bad=0)
    haproxy.rows[NEW] = lambda: growing() if growing.looks < 3 else {}
    watching = guard(haproxy)
    watching.take_baseline()
    result = watching.watch(NEW, DURATION_S, tick_s=TICK_S)
    assert (result.tripped, result.judged, result.requests) == (False, False, 15)
    assert "could not be read for the last" in result.reason


@pytest.mark.usefixtures("clock")
def test_a_proxy_that_vanishes_from_the_answer_makes_it_unreadable(haproxy: FakeHaproxy) -> None:
    growing = Growing(good=5, bad=0)

    def rows() -> Counters:
        both = {**growing(), "api": {"hrsp_2xx": 1}}
        return both if growing.looks < 3 else {"web": both["web"]}

    haproxy.rows[NEW] = rows
    watching = guard(haproxy)
    watching.take_baseline()
    result = watching.watch(NEW, DURATION_S, tick_s=TICK_S)
    assert not result.judged
    assert "lacks" in result.reason


def test_a_new_process_that_dies_trips(haproxy: FakeHaproxy) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    watching = guard(haproxy)
    watching.take_baseline()
    result = watching.watch(process.pid, 30.0, tick_s=TICK_S)
    assert result.tripped
    assert f"process {process.pid} has ended" in result.reason


def test_a_stats_socket_is_asked_who_it_is(haproxy: FakeHaproxy) -> None:
    haproxy.rows[NEW] = Growing(good=5, bad=0)
    haproxy.pid = OLD
    watching = TrafficGuard(OLD, stats_addresses=(haproxy.address,))
    assert watching.take_baseline()
    haproxy.pid = NEW
    assert watching.watch(NEW, DURATION_S, tick_s=TICK_S).requests > 5
    haproxy.pid = OLD
    result = watching.watch(NEW, DURATION_S, tick_s=TICK_S)
    assert not result.judged
    assert f"process {OLD} answers on the stats socket, not {NEW}" in result.reason


def test_a_master_that_is_away_is_replaced_by_a_stats_socket(haproxy: FakeHaproxy, tmp_path: Path) -> None:
    haproxy.pid = OLD
    missing = str(tmp_path / "missing.sock")
    assert TrafficGuard(OLD, master_address=missing, stats_addresses=(haproxy.address,)).take_baseline()
    lonely = TrafficGuard(OLD, master_address=missing)
    assert not lonely.take_baseline()
    assert "no socket" in lonely.watch(NEW, 1.0).reason


def test_without_any_address() -> None:
    nobody = TrafficGuard(OLD)
    assert not nobody.take_baseline()
    assert "neither a master CLI nor a stats socket" in nobody.watch(NEW, 1.0).reason


def test_resets_count_since_the_watch_began(haproxy: FakeHaproxy) -> None:
    seen = iter([0, 100, 500, *range(510, 10_000, 10)])
    haproxy.rows[OLD] = Growing(good=1000, bad=0)
    haproxy.rows[NEW] = Growing(good=5, bad=0)
    watching = guard(haproxy, lambda: next(seen))
    watching.take_baseline()
    watching.take_baseline()
    result = watching.watch(NEW, 30.0, tick_s=TICK_S)
    assert result.tripped
    assert "connections were reset" in result.reason
    assert 0 < result.resets < 500


def test_what_both_processes_counted_since_the_trigger(haproxy: FakeHaproxy) -> None:
    counted = iter([1000, 1200])
    haproxy.rows[OLD] = lambda: web(next(counted))
    haproxy.rows[NEW] = lambda: web(50, 1)
    watching = guard(haproxy)
    watching.take_baseline()
    watching.watch(NEW, 0.0)
    totals = dict(watching.counters())
    assert (totals["requests"], totals["responses 5xx"]) == (250, 1)
    del haproxy.rows[OLD]
    assert dict(watching.counters())["requests"] == 50, "the old one has ended"


def test_asking_takes_a_small_share_of_the_time(haproxy: FakeHaproxy) -> None:
    growing = Growing(good=5, bad=0)

    def slowly() -> Counters:
        threading.Event().wait(0.05)
        return growing()

    haproxy.rows[NEW] = slowly
    watching = guard(haproxy)
    watching.take_baseline()
    start_ns = now_ns()
    watching.watch(NEW, 1.5, tick_s=0.0)
    assert now_ns() > start_ns
    assert growing.looks <= 3, "an answer of 50 ms leaves at most one look a second"
