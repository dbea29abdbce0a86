"""The traffic guard on a real HAProxy: reloads that break something, and reloads that only look like it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hitless.control.runtime_api import MasterCli
from hitless.control.stats import ProxyCounters, ask_worker_stats
from hitless.reload.guard import GuardBounds
from hitless.reload.guard_watch import TrafficGuard
from hitless.reloads import GuardResult
from tests.ports import free_port
from tests.system.live_haproxy import (
    DEADLINE_S,
    LiveHaproxy,
    await_readable,
    await_true,
    live_haproxy,
    versions,
)

pytestmark = pytest.mark.system

GLOBAL = """\
global
    stats socket {directory}/run/admin.sock mode 600 level admin expose-fd listeners
defaults
    mode http
    timeout client 20s
    timeout server 20s
    timeout connect 2s
"""
WEB = GLOBAL + "frontend web\n    bind 127.0.0.1:{port}\n"
GOOD = WEB + "    http-request return status 200\n"
NO_SERVER = WEB + "    default_backend nobody\nbackend nobody\n"
NOISY = (
    WEB + "    http-request return status 500 if {{ rand(100) lt 8 }}\n    http-request return status 200\n"
)
NOT_FOUND = WEB + "    http-request return status 404\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CLIENT_S = 1.0
GUARD_S = 30.0
QUIET_S = 3.0


class Clients:
    """One client after the other at each port, at a rate that may be changed."""

    def __init__(self, *ports: int) -> None:
        self.rate_per_s = 50.0
        self._ports = ports
        self._ended = threading.Semaphore(0)
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(1 / self.rate_per_s):
            for port in self._ports:
                with (
                    suppress(OSError),
                    socket.create_connection(("127.0.0.1", port), timeout=CLIENT_S) as client,
                ):
                    client.sendall(REQUEST)
                    while client.recv(4096):
                        pass
                self._ended.release()

    def await_requests(self, number: int) -> None:
        for _ in range(number):
            assert self._ended.acquire(timeout=DEADLINE_S)


@contextmanager
def traffic(*ports: int) -> Iterator[Clients]:
    clients = Clients(*ports)
    thread = threading.Thread(target=clients.run)
    thread.start()
    try:
        yield clients
    finally:
        clients.stopping.set()
        thread.join(DEADLINE_S)


def new_guard(live: LiveHaproxy, bounds: GuardBounds | None = None) -> TrafficGuard:
    (pid,) = live.workers
    return TrafficGuard(
        pid,
        master_address=f"{live.directory}/run/master.sock" if live.master else "",
        stats_addresses=(f"{live.directory}/run/admin.sock",),
        bounds=bounds,
    )


def reload_guarded(
    live: LiveHaproxy,
    new: str,
    clients: Clients,
    *,
    bounds: GuardBounds | None = None,
    guard_s: float = GUARD_S,
    rate_per_s: float = 5.0,
) -> GuardResult:
    """Reload from what runs to another configuration under the guard, as a driver does."""
    guard = new_guard(live, bounds)
    assert guard.take_baseline()
    clients.await_requests(30)
    assert guard.take_baseline()
    old = live.workers
    live.write(new)
    live.reload()
    clients.rate_per_s = rate_per_s
    (pid,) = live.workers - old if live.master else live.workers
    return guard.watch(pid, guard_s)


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_503_for_everything_trips_at_five_requests_a_second(version: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version, configuration=GOOD) as live, traffic(live.port) as clients:
        result = reload_guarded(live, NO_SERVER, clients)
    assert result.tripped, result
    assert result.window_s < GUARD_S / 2
    assert (result.judged, result.error_ratio_before, result.error_ratio_after) == (True, 0.0, 1.0)


def test_in_classic_mode_the_stats_socket_is_asked(tmp_path: Path) -> None:
    version = versions("2.8")[0]
    with (
        live_haproxy(tmp_path, version, "classic", configuration=GOOD) as live,
        traffic(live.port) as clients,
    ):
        result = reload_guarded(live, NO_SERVER, clients)
    assert result.tripped, result


def test_errors_that_were_there_before_do_not_trip(tmp_path: Path) -> None:
    with (
        live_haproxy(tmp_path, versions("2.8")[0], configuration=NOISY) as live,
        traffic(live.port) as clients,
    ):
        clients.rate_per_s = 300.0
        clients.await_requests(200)
        result = reload_guarded(live, NOISY, clients, guard_s=QUIET_S, rate_per_s=300.0)
    assert (result.tripped, result.judged) == (False, True), result
    assert result.requests > 20
    assert 0 < result.error_ratio_before < 0.5


def test_one_broken_frontend_of_five_trips(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(4)]
    others = "".join(
        f"frontend f{n}\n    bind 127.0.0.1:{port}\n    http-request return status 200\n"
        for n, port in enumerate(ports)
    )
    good, broken = GOOD + others, GOOD + others[: -len("http-request return status 200\n")] + "\n"
    with (
        live_haproxy(tmp_path, versions("2.8")[0], configuration=good) as live,
        traffic(live.port, *ports) as clients,
    ):
        result = reload_guarded(live, broken, clients, rate_per_s=10.0)
    assert result.tripped, result
    assert result.reason.startswith("frontend f3: "), result.reason
    assert result.error_ratio_after == 1.0


def test_404_for_everything_trips(tmp_path: Path) -> None:
    with (
        live_haproxy(tmp_path, versions("2.8")[0], configuration=GOOD) as live,
        traffic(live.port) as clients,
    ):
        result = reload_guarded(live, NOT_FOUND, clients, rate_per_s=20.0)
    assert result.tripped, result
    assert "4xx" in result.reason


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        pytest.param(
            "    default_backend dead\nbackend dead\n    mode tcp\n    server s 127.0.0.1:1\n",
            "no server",
            id="no server",
        ),
        pytest.param("    tcp-request connection reject\n", "rejected", id="rejected"),
    ],
)
def test_tcp(tail: str, words: str, tmp_path: Path) -> None:
    """A TCP frontend has no responses: what counts is whether its sessions get somewhere."""
    head = GLOBAL + "frontend tcp\n    mode tcp\n    bind 127.0.0.1:{port}\n"
    good = head + "    default_backend app\nbackend app\n    mode tcp\n    server s 127.0.0.1:{app}\n"
    with live_haproxy(tmp_path / "app", versions("2.8")[0], configuration=GOOD) as app:
        good = good.replace("{app}", str(app.port))
        with (
            live_haproxy(tmp_path / "tcp", versions("2.8")[0], configuration=good) as live,
            traffic(live.port) as clients,
        ):
            fast = (head + tail).replace("timeout connect 2s", "timeout connect 100ms\n    retries 0")
            result = reload_guarded(live, fast, clients, rate_per_s=20.0)
    assert result.tripped, result
    assert words in result.reason


def test_a_backend_that_swallows_requests_trips(tmp_path: Path) -> None:
    """The server of the bed accepts connections and says nothing."""
    good = WEB + "    default_backend app\nbackend app\n    http-request return status 200\n"
    silent = WEB + "    default_backend app\nbackend app\n    server one 127.0.0.1:{server}\n"
    with (
        live_haproxy(tmp_path, versions("2.8")[0], configuration=good) as live,
        traffic(live.port) as clients,
    ):
        bounds = GuardBounds(silence_s=1.0)
        result = reload_guarded(live, silent, clients, bounds=bounds, rate_per_s=20.0)
    assert result.tripped, result
    assert "not one byte" in result.reason


def test_no_traffic_is_said(tmp_path: Path) -> None:
    with live_haproxy(tmp_path, versions("2.8")[0], configuration=GOOD) as live:
        guard = new_guard(live)
        assert guard.take_baseline()
        old = live.workers
        live.reload()
        (pid,) = live.workers - old
        result = guard.watch(pid, 0.5)
    assert (result.tripped, result.judged, result.requests) == (False, True, 0)
    assert "nothing to judge by" in result.reason


def test_the_old_worker_counts_on_and_is_asked_through_the_master(tmp_path: Path) -> None:
    with live_haproxy(tmp_path, versions("2.6")[0], configuration=GOOD) as live:
        (old_pid,) = live.workers
        guard = new_guard(live)
        with live.connect() as kept, live.connect() as kept_longer:
            for client in (kept, kept_longer):
                client.sendall(b"GET / HTTP/1.1\r\n")
            await_true(lambda: frontend(live, old_pid).current_sessions == 2, "the old worker has both")
            guard.take_baseline()
            live.reload()
            (new_pid,) = live.workers - {old_pid}
            kept.sendall(b"Host: x\r\n\r\n")
            with live.connect() as fresh:
                fresh.sendall(REQUEST)
                await_readable(fresh)
            await_true(
                lambda: frontend(live, old_pid).responses == 1, "the old worker has counted its response"
            )
            await_true(
                lambda: frontend(live, new_pid).responses == 1, "the new worker has counted its response"
            )
            guard.watch(new_pid, 0.0)
            totals = dict(guard.counters())
    assert totals["responses"] == 2


def frontend(live: LiveHaproxy, pid: int) -> ProxyCounters:
    rows = ask_worker_stats(MasterCli(f"{live.directory}/run/master.sock"), pid)
    return next(row for row in rows if row.side == "frontend")
