"""The kernel's trace on the running kernel: what it sees, and that it goes when hitless does."""

import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hitless.clock import now_ns
from hitless.evidence.listeners import listener_gaps
from hitless.evidence.namespaces import listens_in
from hitless.evidence.trace import SEND_RESET, SET_STATE, KernelTrace, TraceCost
from hitless.evidence.trace_events import TraceFilter
from hitless.evidence.tracefs import Instance, open_tracefs, sweep_stale_instances
from hitless.host.processes import read_network_namespace
from hitless.records import Event, EventKind
from tests.ports import free_port
from tests.system.conftest import require
from tests.system.load_bed import await_queue

pytestmark = pytest.mark.system

ADDRESS = f"127.77.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
DEADLINE_S = 30.0


@pytest.fixture(autouse=True)
def _needs_root() -> None:
    require(os.geteuid() == 0, "the kernel's trace is root's alone")


def instances() -> set[str]:
    """Of all processes: other tests may have theirs at the same time."""
    root = open_tracefs()
    try:
        directory = os.open("instances", os.O_RDONLY, dir_fd=root)
        try:
            return set(os.listdir(directory))  # noqa: PTH208 - pathlib knows no descriptors
        finally:
            os.close(directory)
    finally:
        os.close(root)


def eventually(condition: Callable[[], bool]) -> bool:
    """Return whether the condition comes true within the deadline; the kernel offers no event for it."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server((ADDRESS, 0), backlog=100) as listening:
        yield listening


def endpoint(server: socket.socket) -> str:
    return f"{ADDRESS}:{server.getsockname()[1]}"


def traced(wanted: TraceFilter, act: Callable[[], None]) -> tuple[list[Event], int, int]:
    with KernelTrace(wanted, suffix="test") as trace:
        assert trace.status().source == "tracefs", trace.status()
        start_ns = now_ns()
        act()
        end_ns = now_ns()
        events = trace.stop()
        assert trace.status().lost_events == 0
    return events, start_ns, end_ns


def test_a_connection_lost_in_the_accept_queue(server: socket.socket) -> None:
    def act() -> None:
        with socket.create_connection(server.getsockname()) as client:
            await_queue(server.getsockname()[1], 1)
            server.close()
            select.select([client], [], [], DEADLINE_S)

    wanted = TraceFilter(frozenset({endpoint(server)}))
    events, start_ns, end_ns = traced(wanted, act)
    sent = [event for event in events if event.kind is EventKind.KERNEL_RESET_SENT]
    received = [event for event in events if event.kind is EventKind.KERNEL_RESET_RECEIVED]
    (closed,) = (event for event in events if event.kind is EventKind.KERNEL_UNLISTEN)
    assert [(event.local, event.remote) for event in received] == [(sent[0].remote, sent[0].local)]
    assert len(sent) == 1
    assert sent[0].local == closed.local == next(iter(wanted.endpoints))
    assert sent[0].state == "TCP_CLOSE"
    assert sent[0].reason in {"TCP_STATE", ""}
    assert closed.pid == os.getpid()
    assert all(start_ns <= event.t_ns <= end_ns for event in events), "the clocks are one"


def test_a_refused_connection_and_one_closed_with_unread_data(server: socket.socket) -> None:
    def act() -> None:
        with socket.create_connection(server.getsockname()) as client:
            accepted, _ = server.accept()
            client.sendall(b"unread")
            select.select([accepted], [], [], DEADLINE_S)
            accepted.close()
            select.select([client], [], [], DEADLINE_S)
        name = server.getsockname()
        server.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(name)

    events, _, _ = traced(TraceFilter(frozenset({endpoint(server)})), act)
    reasons = [event.reason for event in events if event.kind is EventKind.KERNEL_RESET_SENT]
    assert reasons == ["TCP_ABORT_ON_CLOSE", "NO_SOCKET"]


def test_a_client_that_aborts_is_counted_and_not_kept(server: socket.socket) -> None:
    def act() -> None:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        accepted.close()

    with KernelTrace(TraceFilter(frozenset({endpoint(server)})), suffix="test") as trace:
        act()
        assert trace.stop() == []
        assert trace.status().resets_by_clients >= 1


def test_the_gap_of_a_restart_is_measured(server: socket.socket) -> None:
    name, watched = server.getsockname(), endpoint(server)

    def act() -> None:
        server.close()
        time.sleep(0.005)  # the gap itself
        socket.create_server(name).close()

    events, start_ns, end_ns = traced(TraceFilter(frozenset({watched})), act)
    gaps = listener_gaps(events, [watched], start_ns, end_ns, initially_open=[watched])
    assert len(gaps) == 2
    assert 5_000_000 <= gaps[0].duration_ns < end_ns - start_ns


def test_a_pause_by_shutdown_is_a_gap(server: socket.socket) -> None:
    watched = endpoint(server)

    def act() -> None:
        server.shutdown(socket.SHUT_RD)
        server.listen(100)

    events, start_ns, end_ns = traced(TraceFilter(frozenset({watched})), act)
    (gap,) = listener_gaps(events, [watched], start_ns, end_ns, initially_open=[watched])
    assert start_ns < gap.start_ns < gap.end_ns < end_ns


def test_another_network_namespace_is_left_out() -> None:
    program = (
        "import socket, sys; s = socket.create_server(('0.0.0.0', int(sys.argv[1]))); print(flush=True); "
        "sys.stdin.read()"
    )
    with socket.create_server((ADDRESS, 0)) as server:
        elsewhere = f"0.0.0.0:{server.getsockname()[1]}"
        own_namespace = read_network_namespace(os.getpid())
        wanted = TraceFilter(frozenset({endpoint(server)}), listens_here=listens_in(own_namespace))
        command = ["unshare", "--net", sys.executable, "-c", program, str(server.getsockname()[1])]
        with (
            KernelTrace(wanted, suffix="here") as here,
            KernelTrace(TraceFilter(wanted.endpoints), suffix="all") as everywhere,
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        ):
            assert process.stdout is not None
            process.stdout.readline()
            assert [event.local for event in everywhere.stop()] == [elsewhere]
            assert here.stop() == []


@pytest.mark.parametrize(("enter", "ours"), [((), True), (("unshare", "--net"), False)])
def test_whose_a_socket_is_whose_opener_is_gone_is_told_by_what_it_forked(
    enter: tuple[str, ...], *, ours: bool
) -> None:
    """As haproxy -D does it: the launcher listens, forks, and is gone long before the trace is read."""
    program = (
        "import os, socket, sys; s = socket.create_server(('0.0.0.0', int(sys.argv[1])), reuse_port=True)\n"
        "if os.fork(): os._exit(0)\n"
        "sys.stdin.read()"
    )
    port = free_port(address="0.0.0.0")  # where the program listens
    wanted = TraceFilter(
        frozenset({f"{ADDRESS}:{port}"}),
        listens_here=listens_in(read_network_namespace(os.getpid())),
        from_the_start=True,
    )
    command = [*enter, sys.executable, "-c", program, str(port)]
    with KernelTrace(wanted, suffix="gone", cost=TraceCost(read_interval_s=DEADLINE_S)) as trace:
        read_end, write_end = os.pipe()
        with subprocess.Popen(command, stdin=read_end) as launcher:
            os.close(read_end)
            assert launcher.wait(DEADLINE_S) == 0
        events = trace.stop()
        os.close(write_end)
    assert [(event.kind, event.pid, event.reason) for event in events] == (
        [(EventKind.KERNEL_LISTEN, launcher.pid, "")] if ours else []
    )


def test_events_without_room_are_counted(server: socket.socket) -> None:
    with KernelTrace(TraceFilter(frozenset({endpoint(server)})), suffix="test", capacity=1) as trace:
        name = server.getsockname()
        server.close()
        for _ in range(5):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(name)
        trace.stop()
        assert trace.status().lost_events == 9


def test_an_event_is_seen_only_while_it_is_enabled(server: socket.socket) -> None:
    cost = TraceCost(events=(SEND_RESET, SET_STATE), later=frozenset({SET_STATE}), buffer_kb=512)
    name = server.getsockname()
    with KernelTrace(TraceFilter(frozenset({endpoint(server)})), suffix="test", cost=cost) as trace:
        server.close()
        trace.enable(SET_STATE)
        with socket.create_server(name):
            pass
        trace.enable(SET_STATE, enabled=False)
        socket.create_server(name).close()
        kinds = [event.kind for event in trace.stop()]
    assert kinds == [EventKind.KERNEL_LISTEN, EventKind.KERNEL_UNLISTEN]


def test_nothing_is_left_behind() -> None:
    name = Instance.name_for(os.getpid(), "test")
    own = f"hitless-{os.getpid()}-"
    assert not [one for one in instances() if one.startswith(own)]
    with KernelTrace(TraceFilter(), suffix="test"):
        assert [one for one in instances() if one.startswith(own)] == [name]
    assert not [one for one in instances() if one.startswith(own)]


def start_tracing_process() -> tuple[subprocess.Popen[bytes], str]:
    program = (
        "import sys\nfrom hitless.evidence.trace import KernelTrace\n"
        "from hitless.evidence.trace_events import TraceFilter\n"
        "with KernelTrace(TraceFilter()) as trace:\n"
        "    print(trace.status().source, flush=True)\n    sys.stdin.read()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"tracefs\n"
    return process, Instance.name_for(process.pid)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def test_killed_it_is_cleaned_up_by_its_janitor() -> None:
    process, name = start_tracing_process()
    assert name in instances()
    stop(process)
    assert eventually(lambda: name not in instances())


def test_killed_together_with_its_janitor_it_is_swept_at_the_next_start() -> None:
    process, name = start_tracing_process()
    (janitor,) = (
        int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    )
    os.kill(janitor, signal.SIGKILL)
    assert name not in sweep_stale_instances(), "a living one is left alone"
    stop(process)
    sweep_stale_instances()  # other tests sweep as well, and may have been first
    assert name not in instances()


def test_one_that_lives_in_another_pid_namespace_is_not_swept_while_it_is_set_up() -> None:
    program = "from hitless.evidence.tracefs import sweep_stale_instances; print(*sweep_stale_instances())"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", program]
    root = open_tracefs()
    try:
        name = Instance.name_for(os.getpid(), "young")
        young = Instance(root, name)
        try:
            swept = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
            assert name not in swept.stdout.split()
            assert name in instances()
        finally:
            young.close()
        assert name not in instances()
    finally:
        os.close(root)
