import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec
import pytest

from hitless.clock import now_ns
from hitless.errors import EvidenceError
from hitless.evidence.listeners import UNKNOWN_NAMESPACE
from hitless.evidence.model import TraceStatus
from hitless.evidence.trace import FORK, SET_STATE, TraceCost
from hitless.evidence.trace_events import TraceFilter
from hitless.records import Event, EventKind
from hitless.reload import client_watch
from hitless.reload.client_watch import COST, ClientWatch

ON_AND_OFF = [(FORK, True), (SET_STATE, True), (FORK, False), (SET_STATE, False)]


class FakeTrace:
    """A kernel's trace whose events the test makes. The last one that was made is `made`."""

    made: "FakeTrace"
    source = "tracefs"
    breaks = False

    def __init__(self, wanted: TraceFilter, *, suffix: str, capacity: int, cost: TraceCost) -> None:
        self.wanted, self.cost = wanted, cost
        self.events: list[Event] = []
        self.enabled: list[tuple[str, bool]] = []
        self.ended = False
        FakeTrace.made = self
        assert suffix
        assert capacity

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended = True

    def enable(self, event: str, *, enabled: bool = True) -> None:
        self.enabled.append((event, enabled))

    def drain(self) -> list[Event]:
        if self.breaks:
            raise EvidenceError("the kernel's trace broke off")
        events, self.events = self.events, []
        return events

    def stop(self) -> list[Event]:
        return self.drain()

    def status(self) -> TraceStatus:
        return TraceStatus(source=self.source, why="" if self.source == "tracefs" else "no tracefs here")

    def reset(self, local: str, reason: str = "TCP_ABORT_ON_DATA", *, t_ns: int = 0) -> None:
        event = Event(
            t_ns=t_ns or now_ns(),
            kind=EventKind.KERNEL_RESET_SENT,
            local=local,
            remote="198.51.100.7:40000",
            state="TCP_CLOSE",
            reason=reason,
        )
        self.events.append(event)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_watch, "KernelTrace", FakeTrace)
    monkeypatch.setattr(client_watch, "sweep_stale_instances", list)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def endpoint(server: socket.socket) -> str:
    return f"127.0.0.1:{server.getsockname()[1]}"


def test_before_and_after_the_trigger(server: socket.socket) -> None:
    ours = endpoint(server)
    with ClientWatch([ours], os.getpid()) as watch:
        FakeTrace.made.reset(ours)
        assert watch.resets_seen() == 1
        early_ns = now_ns()
        t_ns = watch.mark_trigger()
        assert early_ns < t_ns <= now_ns()
        FakeTrace.made.reset(ours, t_ns=early_ns)
        for _ in range(20):
            FakeTrace.made.reset(ours)
        watch.mark_takeover()
        found = watch.finish()
    assert sum(row.count for row in found.resets) == 20, "one of the 22 was read late, and came early"
    assert (found.baseline_resets_per_s or 0) > 0
    assert found.window_s > 0
    assert FakeTrace.made.ended


def test_others_resets_are_left_out(server: socket.socket) -> None:
    port = server.getsockname()[1]
    with ClientWatch([f"0.0.0.0:{port}"], os.getpid()) as watch:
        watch.mark_trigger()
        FakeTrace.made.reset(f"198.51.100.1:{port}")
        FakeTrace.made.reset(f"127.0.0.1:{port}")
        FakeTrace.made.reset(f"127.0.0.2:{port}")
        assert watch.resets_seen() == 1
        found = watch.finish()
    assert found.resets_to_clients == 1, "127.0.0.1 is another listener's, 198.51.100.1 another namespace's"


def test_noise_is_not_among_the_resets_seen(server: socket.socket) -> None:
    with ClientWatch([endpoint(server)], os.getpid()) as watch:
        FakeTrace.made.reset(endpoint(server), "TCP_INVALID_ACK_SEQUENCE")
        assert watch.resets_seen() == 0


def test_listening_sockets_are_watched_from_the_trigger_to_the_takeover(server: socket.socket) -> None:
    assert {SET_STATE, FORK} <= COST.later
    with ClientWatch([endpoint(server)], os.getpid()) as watch:
        assert FakeTrace.made.enabled == []
        watch.mark_trigger()
        assert FakeTrace.made.enabled == [(FORK, True), (SET_STATE, True)]
        watch.mark_takeover()
        watch.mark_takeover()
        assert FakeTrace.made.enabled == ON_AND_OFF


def test_a_rollback_goes_on_in_the_same_window(server: socket.socket) -> None:
    with ClientWatch([endpoint(server)], os.getpid()) as watch:
        first_ns = watch.mark_trigger()
        FakeTrace.made.reset(endpoint(server))
        assert watch.mark_trigger() == first_ns
        FakeTrace.made.reset(endpoint(server))
        found = watch.finish()
    assert FakeTrace.made.enabled == ON_AND_OFF * 2
    assert found.resets_to_clients == 2
    assert found.listener_gap_s == 0


def test_a_listener_that_goes_is_a_gap(server: socket.socket) -> None:
    ours = endpoint(server)
    with ClientWatch([ours], os.getpid()) as watch:
        watch.mark_trigger()
        server.close()
        gone = Event(t_ns=now_ns(), kind=EventKind.KERNEL_UNLISTEN, local=ours, socket=1, pid=os.getpid())
        FakeTrace.made.events.append(gone)
        FakeTrace.made.reset(ours, "NO_SOCKET")
        found = watch.finish()
    assert (found.listener_gap_s or 0) > 0
    assert "nobody listened" in found.resets[0].meaning


def test_a_socket_of_an_unknown_namespace_leaves_it_open_whether_somebody_listened(
    server: socket.socket,
) -> None:
    ours = endpoint(server)
    with ClientWatch([ours], os.getpid()) as watch:
        watch.mark_trigger()
        server.close()
        for kind, socket_id, reason in (
            (EventKind.KERNEL_LISTEN, 2, UNKNOWN_NAMESPACE),
            (EventKind.KERNEL_UNLISTEN, 1, ""),
        ):
            FakeTrace.made.events.append(
                Event(t_ns=now_ns(), kind=kind, local=ours, socket=socket_id, reason=reason)
            )
        found = watch.finish()
    assert found.listener_gap_s is None
    assert any("whether somebody listened" in note for note in found.notes)


def test_more_events_than_can_be_kept_are_lost(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_watch, "_MOST_EVENTS", 3)
    with ClientWatch([endpoint(server)], os.getpid()) as watch:
        watch.mark_trigger()
        for _ in range(5):
            FakeTrace.made.reset(endpoint(server))
        found = watch.finish()
    assert (found.resets_to_clients, found.lost_events) == (3, 2)


def test_without_tracefs_the_counters_stand_in(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTrace, "source", "counters")
    with ClientWatch([endpoint(server)], os.getpid()) as watch:
        assert watch.resets_seen() is None
        watch.mark_trigger()
        found = watch.finish()
    assert (found.source, found.why, found.resets_known) == ("counters", "no tracefs here", False)


def test_a_trace_that_breaks_off_is_no_silence(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ClientWatch([endpoint(server)], os.getpid()) as watch:
        watch.mark_trigger()
        monkeypatch.setattr(FakeTrace, "breaks", True)
        assert watch.resets_seen() is None
        found = watch.finish()
    assert (found.source, found.why) == ("counters", "the kernel's trace broke off")


def test_without_a_trigger_there_are_no_effects(server: socket.socket) -> None:
    with ClientWatch([endpoint(server)], os.getpid()) as watch:
        found = watch.finish()
    assert (found.source, found.why) == ("none", "no reload was triggered")


def test_a_process_that_is_gone_does_not_stop_a_reload() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with ClientWatch(["127.0.0.1:80"], process.pid) as watch:
        watch.mark_trigger()
        watch.mark_takeover()
        assert watch.resets_seen() is None
        found = watch.finish()
    assert found.source == "none"
    assert f"process {process.pid}" in found.why
    assert len(found.notes) == len(set(found.notes))


def test_a_service_without_tcp_addresses() -> None:
    with ClientWatch(["/run/haproxy.sock", "@abstract"], os.getpid()) as watch:
        watch.mark_trigger()
        found = watch.finish()
    assert found.source == "counters"
    assert "no TCP address" in found.why
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found
