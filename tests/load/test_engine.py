"""The loop: time, readiness, the end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.clock import now_ns
from hitless.load.engine import DRAIN_NS, Engine, EngineClient
from hitless.load.table import AttemptTable

MS = 1_000_000


class FakeClient:
    """Begins and ends when told to."""

    def __init__(self, *, begun: bool = True, busy: bool = False) -> None:
        self.has_begun = begun
        self.is_busy = busy
        self.calls: list[str] = []

    def begin_at_pace(self) -> None:
        self.calls.append("begin")

    def check_deadline(self, now: int) -> None:
        assert now > 0

    def stop(self, now: int) -> None:
        assert now > 0
        self.calls.append("stop")

    def abandon(self, now: int) -> None:
        assert now > 0
        self.calls.append("abandon")

    def drop(self) -> None:
        self.calls.append("drop")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    directory_fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    with AttemptTable(directory_fd, process=0, capacity=10) as table:
        yield Engine(table)
    os.close(directory_fd)


def run(engine: Engine, *clients: FakeClient, for_ms: int = 60) -> list[int]:
    """Run for a while and return when it was ready."""
    ready: list[int] = []
    streams: list[list[EngineClient]] = [[client] for client in clients]
    for stream in streams:
        engine.add(stream)
    engine.call_at(now_ns() + for_ms * MS, lambda _now: engine.request_stop())
    engine.run(ready=lambda: ready.append(now_ns()))
    return ready


def test_timers_run_in_order_and_not_early(engine: Engine) -> None:
    start_ns = now_ns()
    ran: list[tuple[int, int]] = []
    for delay in (3, 1, 2, 1):
        t_ns = start_ns + delay * MS
        engine.call_at(t_ns, lambda now, t_ns=t_ns: ran.append((t_ns, now)))  # type: ignore[misc]
    run(engine)
    assert [t_ns for t_ns, _ in ran] == sorted(t_ns for t_ns, _ in ran)
    assert all(now >= t_ns for t_ns, now in ran)
    assert len(ran) == 4


def test_quiet_clients_end_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitless.load.engine.DRAIN_NS", 100 * DRAIN_NS)
    client = FakeClient()
    start_ns = now_ns()
    assert len(run(engine, client)) == 1
    assert client.calls == ["begin", "stop", "abandon", "drop"]
    assert now_ns() - start_ns < 50 * DRAIN_NS


def test_busy_clients_get_their_time_to_finish(engine: Engine) -> None:
    client = FakeClient(busy=True)
    start_ns = now_ns()
    run(engine, client)
    assert client.calls == ["begin", "stop", "abandon", "drop"]
    assert now_ns() - start_ns >= DRAIN_NS


def test_it_is_ready_when_every_stream_has_begun(engine: Engine) -> None:
    assert run(engine, FakeClient(), FakeClient(begun=False)) == []


def test_connections_are_dropped_when_a_client_fails(engine: Engine) -> None:
    client = FakeClient()

    def fail(_now: int) -> None:
        raise OSError("broken")

    engine.call_at(0, fail)
    with pytest.raises(OSError, match="broken"):
        run(engine, client)
    assert client.calls == ["begin", "drop"]
