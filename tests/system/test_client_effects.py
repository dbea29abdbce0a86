"""What a reload does to clients, as the receipt says it, against what the clients themselves saw."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hitless.captured import Close, Ending, Side
from hitless.errors import EvidenceError
from hitless.evidence import trace
from hitless.evidence.tracefs import open_tracefs
from hitless.host.netns import in_network_namespace
from hitless.load.runner import LoadProcesses
from hitless.records import Outcome, Stream, Workload
from hitless.reload.client_watch import ClientWatch
from hitless.reloads import ClientEffects
from tests.ports import free_port
from tests.system.capture_bed import loopback_capture
from tests.system.conftest import require
from tests.system.live_haproxy import (
    LiveHaproxy,
    await_readable,
    await_true,
    live_haproxy,
    stop_at_rest,
    versions,
)
from tests.system.load_bed import await_queue, count_hurt, count_outcomes, run_load, target, until_attempts

pytestmark = pytest.mark.system

CONFIGURATION = """\
global
    stats socket {directory}/run/admin.sock mode 600 level admin expose-fd listeners
    nbthread 1
defaults
    mode http
    timeout client 20s
    timeout server 20s
    timeout connect 5s
frontend web
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string ok
"""
UNREAD = {"TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_DATA", "TCP_TIMEWAIT_SOCKET"}
CLIENTS = 64
MOST_RELOADS = 8
DEADLINE_S = 30.0


@pytest.fixture(autouse=True)
def _needs_root() -> None:
    require(os.geteuid() == 0, "the kernel's trace is root's alone")


def reload_without_transfer(live: LiveHaproxy, namespace: int | None = None) -> None:
    """Replace a classic process by one that opens its sockets anew; clients wait in the old one's queue meanwhile.

    The old one is stopped until the new one has told it to leave: it was waiting for events, so it then takes that
    signal before any connection.
    """
    old = live.process
    stop_at_rest(old.pid)
    in_network_namespace(namespace, lambda: await_queue(live.port, CLIENTS // 4))
    wrapper = ("nsenter", f"--net=/proc/{namespace}/ns/net") if namespace else ()
    live.start("-sf", str(old.pid), wrapper=wrapper)
    await_true(lambda: live._serving() == live.process.pid, "the new process answers")
    old.send_signal(signal.SIGCONT)
    await_true(lambda: old.poll() is not None, "the old process ends")


def watched_reload(live: LiveHaproxy, load: LoadProcesses, reload: Callable[[], None]) -> ClientEffects:
    """Reload once under load, as a driver does."""
    with ClientWatch([f"127.0.0.1:{live.port}"], live.process.pid) as watch:
        until_attempts(load.counters()[0] + 500)(load)
        old = live.workers
        watch.mark_trigger()
        reload()
        watch.mark_takeover()
        until_attempts(load.counters()[0] + 500)(load)
        await_true(lambda: not old & live.workers, "the old process has closed what it had")
        return watch.finish()


def under_load(
    live: LiveHaproxy, directory: Path, during: Callable[[LoadProcesses], None], workload: Workload
) -> dict[Outcome, int]:
    """Return how many attempts of naive clients ended how."""
    stream = Stream(number=0, workload=workload, target=target(live.port), connections=CLIENTS, idle_s=0.05)
    return count_outcomes(run_load(directory, (stream,), during=during))


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_a_reload_without_transfer_is_counted_as_the_clients_saw_it(version: str, tmp_path: Path) -> None:
    """Bound: one reset is one client, so both numbers are the same."""
    effects: list[ClientEffects] = []

    def during(load: LoadProcesses) -> None:
        while not any(found.resets_to_clients for found in effects) and len(effects) < MOST_RELOADS:
            effects.append(watched_reload(live, load, lambda: reload_without_transfer(live)))

    with live_haproxy(tmp_path, version, "classic", configuration=CONFIGURATION) as live:
        seen = under_load(live, tmp_path / "load", during, Workload.CONNECT)
    hurt = count_hurt(seen)
    assert hurt, "a reload without socket transfer loses what is queued"
    assert sum(found.resets_to_clients or 0 for found in effects) == hurt, (seen, effects)
    assert all(found.source == "tracefs" and found.lost_events == 0 for found in effects)
    assert {row.meaning for found in effects for row in found.resets} == {
        "lost in the queue of a listening socket that was closed"
    }
    assert all(found.listener_gap_s == 0 for found in effects), "the new process listened before"


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_a_good_reload_hurts_nobody(version: str, tmp_path: Path) -> None:
    effects: list[ClientEffects] = []

    def during(load: LoadProcesses) -> None:
        effects.extend(watched_reload(live, load, live.reload) for _ in range(2))

    with live_haproxy(tmp_path, version, configuration=CONFIGURATION) as live:
        seen = under_load(live, tmp_path / "load", during, Workload.CONNECT)
    assert count_hurt(seen) == 0
    assert [(found.source, found.resets_to_clients, found.listener_gap_s) for found in effects] == [
        ("tracefs", 0, 0.0)
    ] * 2, effects


def test_kept_alive_connections_closed_under_a_request_are_counted(tmp_path: Path) -> None:
    """All that were reset, as a capture shows them.

    A few get no reset: HAProxy shuts a connection down and closes it a little later, longer where processors are short,
    and a client that closes in between has ended it in good order. It has lost its request all the same.
    """
    effects: list[ClientEffects] = []

    def during(load: LoadProcesses) -> None:
        effects.append(watched_reload(live, load, live.reload))

    with (
        live_haproxy(tmp_path, versions("2.8")[0], configuration=CONFIGURATION) as live,
        loopback_capture(tmp_path / "lo.pcap", live.port) as capture,
    ):
        seen = under_load(live, tmp_path / "load", during, Workload.IDLE)
    connections, _, totals = capture.read(f"127.0.0.1:{live.port}")
    stale = [one for one in connections if one.ending is Ending.STALE_REUSE]
    assert len(stale) == seen[Outcome.STALE_REUSE] > 0, (seen, totals)
    reset = [one for one in stale if one.reset_by is Side.PROXY]
    assert {one.closed_with for one in stale if one not in reset} <= {Close.FIN}
    assert effects[0].closed_with_unread_data == len(reset), effects
    rest = [row for row in effects[0].resets if row.reason not in UNREAD]
    assert {(row.reason, row.state) for row in rest} <= {("TCP_FLAGS", "TCP_LISTEN")}, (
        "of connections reset before"
    )
    assert effects[0].resets_to_clients == len(reset) + sum(row.count for row in rest)
    assert any("without a reset" in note for note in effects[0].notes) == bool(reset), effects


@contextmanager
def network_namespace() -> Iterator[int]:
    """Yield the pid of a process in a network namespace of its own, with tcp_migrate_req."""
    require(all(map(shutil.which, ("ip", "unshare", "nsenter"))), "needs ip, unshare and nsenter")
    setup = "ip link set lo up && echo 1 > /proc/sys/net/ipv4/tcp_migrate_req && echo ready && exec cat"
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", setup], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.kill()


@pytest.fixture
def namespace() -> Iterator[int]:
    with network_namespace() as pid:
        yield pid


def test_migrated_connections_are_counted(namespace: int, tmp_path: Path) -> None:
    wrapper = ("nsenter", f"--net=/proc/{namespace}/ns/net")
    effects: list[ClientEffects] = []

    def during(load: LoadProcesses) -> None:
        while not any(found.migrated for found in effects) and len(effects) < MOST_RELOADS:
            effects.append(watched_reload(live, load, lambda: reload_without_transfer(live, namespace)))

    version = versions("2.8")[0]
    with live_haproxy(tmp_path, version, "classic", configuration=CONFIGURATION, wrapper=wrapper) as live:
        seen = in_network_namespace(
            namespace, lambda: under_load(live, tmp_path / "load", during, Workload.CONNECT), timeout_s=60.0
        )
    assert sum(found.migrated or 0 for found in effects) > 0
    assert sum(found.resets_to_clients or 0 for found in effects) == count_hurt(seen) <= 2


def abort(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def ask(client: socket.socket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await_readable(client)
    assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


def close_with_unread_data(server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        client.sendall(b"unread")
        await_readable(accepted)
        accepted.close()
        await_readable(client)


def test_what_the_reload_did_not_do_is_not_counted(tmp_path: Path) -> None:
    """Clients that abort, that end kept-alive connections, that are refused elsewhere; resets of other processes."""
    with (
        live_haproxy(tmp_path, versions("2.8")[0], configuration=CONFIGURATION) as live,
        socket.create_server(("127.0.0.2", live.port)) as same_port,
        socket.create_server(("127.0.0.1", 0)) as same_address,
        ClientWatch([f"127.0.0.1:{live.port}"], live.process.pid) as watch,
    ):
        watch.mark_trigger()
        live.reload()
        watch.mark_takeover()
        for _ in range(5):
            abort(live.connect())
            with live.connect() as kept_alive:
                ask(kept_alive)
            aborting = live.connect()
            ask(aborting)
            abort(aborting)
            close_with_unread_data(same_port)
            close_with_unread_data(same_address)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.3", live.port))
        found = watch.finish()
    assert (found.source, found.resets, found.resets_to_clients) == ("tracefs", (), 0)


def test_another_namespace_with_the_same_address_is_said(namespace: int) -> None:
    port = free_port()
    program = (
        f"import socket\ns = socket.create_server(('127.0.0.1', {port}))\n"
        "for _ in range(3):\n c = socket.create_connection(s.getsockname()); a, _ = s.accept()\n"
        " c.send(b'x'); a.recv(1, socket.MSG_PEEK); a.close()\n"
    )
    with network_namespace() as elsewhere, ClientWatch([f"127.0.0.1:{port}"], namespace) as watch:
        watch.mark_trigger()
        command = ["nsenter", f"--net=/proc/{elsewhere}/ns/net", sys.executable, "-c", program]
        subprocess.run(command, check=True, timeout=DEADLINE_S)
        found = watch.finish()
    assert found.resets_to_clients == 3
    assert any("upper bounds" in note for note in found.notes), found.notes


def test_without_tracefs_the_counters_speak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise EvidenceError("the kernel's trace is not available: Operation not permitted")

    monkeypatch.setattr(trace, "open_tracefs", refuse)
    with (
        live_haproxy(tmp_path, versions("2.8")[0], configuration=CONFIGURATION) as live,
        socket.create_server(("127.0.0.1", 0)) as other,
        ClientWatch([f"127.0.0.1:{live.port}"], live.process.pid) as watch,
    ):
        watch.mark_trigger()
        live.reload()
        watch.mark_takeover()
        close_with_unread_data(other)
        found = watch.finish()
    assert found.source == "counters"
    assert not found.resets_known
    assert "not available" in found.why
    assert [(row.reason, row.count >= 1) for row in found.resets if row.reason == "TCPAbortOnClose"] == [
        ("TCPAbortOnClose", True)
    ]
    assert "not known" in found.notes[0]


def test_several_hundred_endpoints_of_all_kinds() -> None:
    """Every listener goes with a connection in its queue: each is found, by wildcard, IPv6, and the other family."""
    kinds = [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.9"),
        ("::1", "::1"),
        ("::", "::1"),
        ("::", "127.0.0.1"),
    ]
    with ExitStack() as stack:
        servers, clients = [], []
        for bind, connect in kinds * 60:
            family = socket.AF_INET6 if ":" in bind else socket.AF_INET
            servers.append(socket.create_server((bind, 0), family=family, dualstack_ipv6=bind == "::"))
            clients.append((connect, servers[-1].getsockname()[1]))
        endpoints = [name_of(server) for server in servers]
        for server in servers:
            stack.callback(server.close)
        with ClientWatch(endpoints, os.getpid()) as watch:
            for client in clients:
                stack.enter_context(socket.create_connection(client))
            watch.mark_trigger()
            for server in servers:
                server.close()
            found = watch.finish()
    assert found.resets_to_clients == len(endpoints) == 300, found
    assert len({row.meaning for row in found.resets}) == 1
    assert 0 < (found.listener_gap_s or 0) < DEADLINE_S


def name_of(server: socket.socket) -> str:
    address, port = server.getsockname()[:2]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def test_nothing_is_left_in_the_kernel() -> None:
    root = open_tracefs()
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            with ClientWatch([name_of(server)], os.getpid()) as watch:
                watch.mark_trigger()
                watch.finish()
            directory = os.open("instances", os.O_RDONLY, dir_fd=root)
            try:
                assert not [name for name in os.listdir(directory) if f"-{os.getpid()}-" in name]  # noqa: PTH208
            finally:
                os.close(directory)
    finally:
        os.close(root)
