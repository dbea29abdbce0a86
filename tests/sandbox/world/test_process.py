import os
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hitless.errors import SandboxError
from hitless.records import Event, EventKind
from hitless.sandbox.world import Endpoint, WorldPlan, WorldProcess
from tests.sandbox.world.fakes import GREETING


@pytest.fixture
def events_fd(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "events", os.O_CREAT | os.O_RDWR | os.O_APPEND)
    yield descriptor
    os.close(descriptor)


def read_events(descriptor: int) -> list[Event]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return [msgspec.json.decode(line, type=Event) for line in os.read(descriptor, 1 << 20).splitlines()]


def test_it_serves_and_collects_log_lines_until_it_is_stopped(tmp_path: Path, events_fd: int) -> None:
    app, log = tmp_path / "new" / "app.sock", tmp_path / "log.sock"
    plan = WorldPlan(
        endpoints=(
            Endpoint(role="server", transport="unix", address=str(app), label="api/s1"),
            Endpoint(role="syslog", transport="unix-datagram", address=str(log)),
            Endpoint(role="server", transport="unix", address="/proc/no/such"),
        )
    )
    with WorldProcess(plan, events_fd) as world:
        (failure,) = world.wait_ready(60).failed
        assert failure.endpoint == "/proc/no/such"
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(app))
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"".join(iter(lambda: client.recv(4096), b"")).endswith(GREETING)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logger:
            logger.sendto(b"<6>Nov 22 19:00:00 haproxy[42]: line\n", str(log))
        pid = world.pid
    (event,) = read_events(events_fd)
    assert (event.kind, event.pid, event.text) == (
        EventKind.LOG_LINE,
        42,
        "<6>Nov 22 19:00:00 haproxy[42]: line",
    )
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert world.pid == 0


def test_a_stale_socket_is_replaced_but_a_file_is_not(tmp_path: Path, events_fd: int) -> None:
    stale, file = tmp_path / "stale.sock", tmp_path / "file"
    file.write_text("kept")
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(stale))
    plan = WorldPlan(
        endpoints=tuple(Endpoint(role="server", transport="unix", address=str(p)) for p in (stale, file))
    )
    with WorldProcess(plan, events_fd) as world:
        (failure,) = world.wait_ready(60).failed
    assert failure.endpoint == str(file)
    assert file.read_text() == "kept"


def test_sigterm_ends_it(events_fd: int) -> None:
    with WorldProcess(WorldPlan(), events_fd) as world:
        assert world.wait_ready(60).failed == ()
        os.kill(world.pid, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(world.pid, 0)[1]) == 0


def test_that_it_was_killed_is_noticed_and_said(events_fd: int) -> None:
    with WorldProcess(WorldPlan(), events_fd) as world:
        world.wait_ready(60)
        world.check()
        os.kill(world.pid, signal.SIGKILL)
        assert select.select([world.process_fd], [], [], 60)[0]
        with pytest.raises(SandboxError, match="was killed by SIGKILL"):
            world.check()


def test_an_unusable_certificate_is_explained(tmp_path: Path, events_fd: int) -> None:
    plan = WorldPlan(certificate=str(tmp_path / "none.pem"))
    with WorldProcess(plan, events_fd) as world, pytest.raises(SandboxError, match="No such file"):
        world.wait_ready(60)


def test_a_program_that_cannot_be_started(events_fd: int) -> None:
    with pytest.raises(SandboxError, match="could not be started"):
        WorldProcess(WorldPlan(), events_fd, prefix=("/no/such/program",)).start()
