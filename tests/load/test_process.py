"""The program of a load process, as its parent sees it."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hitless.attempts import read_attempts
from hitless.records import LoadPlan, Stream, Workload
from tests.load.engine_bed import FaultServer, answer_all, target_of


def start(tmp_path: Path, plan: bytes, *, stdin: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
    (tmp_path / "plan.json").write_bytes(plan)
    plan_fd = os.open(tmp_path / "plan.json", os.O_RDONLY)
    directory_fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    numbers = ["--plan-fd", str(plan_fd), "--directory-fd", str(directory_fd), "--process", "0"]
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "hitless.load.process", *numbers],
            stdin=stdin,
            stdout=subprocess.PIPE,
            pass_fds=(plan_fd, directory_fd),
        )
    finally:
        os.close(plan_fd)
        os.close(directory_fd)


def plan_to(port: int) -> bytes:
    stream = Stream(number=0, workload=Workload.KEEPALIVE, target=target_of(port), rate_per_s=100)
    return msgspec.json.encode(LoadPlan(streams=(stream,)))


def read_ready(process: "subprocess.Popen[bytes]") -> dict[str, object]:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 60)[0]
    message: dict[str, object] = json.loads(process.stdout.readline())
    return message


@pytest.mark.parametrize("by_signal", [True, False])
def test_it_ends_on_sigterm_and_with_its_stdin(tmp_path: Path, by_signal: bool) -> None:  # noqa: FBT001 - a parameter
    with FaultServer(answer_all) as server, start(tmp_path, plan_to(server.port)) as process:
        message = read_ready(process)
        assert message["ready"] is True
        assert isinstance(message["t_ns"], int)
        assert process.stdin is not None
        if by_signal:
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert len(read_attempts(tmp_path / "attempts-0.bin")) > 0


@pytest.mark.parametrize("plan", [b"", b"{", b'{"streams": 1}'])
def test_what_is_no_plan_is_said(tmp_path: Path, plan: bytes) -> None:
    with start(tmp_path, plan) as process:
        assert "not a plan" in str(read_ready(process)["error"])
        assert process.wait(timeout=60) == 3


def test_stdin_must_be_something_that_ends_with_the_parent(tmp_path: Path) -> None:
    (tmp_path / "stdin").touch()
    with (tmp_path / "stdin").open() as file, start(tmp_path, plan_to(1), stdin=file.fileno()) as process:
        assert "stdin" in str(read_ready(process)["error"])
        assert process.wait(timeout=60) == 3
