import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from hitless.records import Event, EventKind
from hitless.sandbox.world import program
from hitless.sandbox.world.records import Endpoint, Ready, WorldPlan


@contextmanager
def world(plan_path: Path, events_path: Path, *, files: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """The world's process with this plan; `files`: the soft limit of descriptors that it starts with."""
    plan_fd = os.open(plan_path, os.O_RDONLY)
    events_fd = os.open(events_path, os.O_CREAT | os.O_WRONLY)
    command = [
        sys.executable,
        "-m",
        "hitless.sandbox.world",
        f"--plan-fd={plan_fd}",
        f"--events-fd={events_fd}",
    ]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files or soft, hard))
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(plan_fd, events_fd),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        ) as process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(plan_fd)
        os.close(events_fd)


def write_plan(path: Path, *endpoints: Endpoint) -> Path:
    path.write_bytes(msgspec.json.encode(WorldPlan(endpoints=endpoints)))
    return path


def test_it_says_ready_serves_and_ends_with_its_stdin(tmp_path: Path) -> None:
    log = tmp_path / "log"
    plan = write_plan(
        tmp_path / "plan",
        Endpoint(role="syslog", transport="unix-datagram", address=str(log)),
        Endpoint(role="server", transport="unix", address="/proc/none"),
    )
    events = tmp_path / "events"
    # Few more than are open here already: the world raises its limit by itself.
    files = len(os.listdir("/proc/self/fd")) + 48  # noqa: PTH208 - a count
    with world(plan, events, files=files) as process:
        assert process.stdout is not None
        ready = msgspec.json.decode(process.stdout.readline(), type=Ready)
        assert [failure.endpoint for failure in ready.failed] == ["/proc/none"]
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        assert soft == hard  # a server for each connection needs them all
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<6>Nov 22 19:00:00 haproxy[7]: said\n", str(log))
        process.communicate(timeout=60)
        assert process.returncode == 0
    (event,) = [msgspec.json.decode(line, type=Event) for line in events.read_bytes().splitlines()]
    assert (event.kind, event.pid) == (EventKind.LOG_LINE, 7)


def test_what_is_no_plan_ends_it(tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    plan.write_bytes(b"{")
    with world(plan, tmp_path / "events") as process:
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == b""
    assert b"DecodeError" in errors


def test_a_plan_has_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = write_plan(tmp_path / "plan")
    size_bytes = plan.stat().st_size
    monkeypatch.setattr(program, "_PLAN_SIZE_BYTES", size_bytes)
    assert program._read_plan(os.open(plan, os.O_RDONLY)) == WorldPlan()
    monkeypatch.setattr(program, "_PLAN_SIZE_BYTES", size_bytes - 1)
    with pytest.raises(SystemExit, match="larger than"):
        program._read_plan(os.open(plan, os.O_RDONLY))
