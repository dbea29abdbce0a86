"""A receiver of log lines: a path and a port, one that reads and one that leaves lines in the queue."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hitless.errors import SandboxError
from hitless.lab.verbs.logs import read_logs, receive_logs
from tests.ports import free_port


class FakeStage(SimpleNamespace):
    def __init__(self) -> None:
        super().__init__(receivers={}, seen={})

    def observe(self, name: str, value: object) -> None:
        self.seen[name] = value


def send(address: "str | tuple[str, int]", *lines: str) -> None:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for line in lines:
            sender.sendto(line.encode(), address)


@pytest.mark.parametrize("words", [(), ("idle",)])
def test_lines_processes_and_texts_are_counted(tmp_path: Path, words: tuple[str, ...]) -> None:
    stage: Any = FakeStage()
    path = str(tmp_path / "dev" / "log")
    receive_logs(stage, path, *words)
    send(path, "<134>Nov 29 08:00:00 haproxy[7]: GET /", "<134>Nov 29 08:00:00 haproxy[8]: GET /", "GET /x")
    read_logs(stage, "GET /", "POST")
    assert (stage.seen["log.lines"], stage.seen["log.pids"]) == (3, 2)
    assert (stage.seen["log.GET /"], stage.seen["log.POST"]) == (3, 0)
    assert stage.seen["log.said"].endswith("GET /x")
    assert not stage.receivers


def test_a_port_receives_too_and_is_free_afterwards() -> None:
    port = free_port(socket.SOCK_DGRAM)
    for _ in range(2):
        stage: Any = FakeStage()
        receive_logs(stage, f"127.0.0.1:{port}")
        send(("127.0.0.1", port), "one")
        read_logs(stage)
        assert stage.seen["log.lines"] == 1


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    stage: Any = FakeStage()
    receive_logs(stage, str(tmp_path / "log"))
    with pytest.raises(SandboxError, match="already"):
        receive_logs(stage, str(tmp_path / "log"))
    (tmp_path / "file").touch()
    with pytest.raises(SandboxError, match="cannot be at"):
        receive_logs(stage, str(tmp_path / "file" / "log"))
    read_logs(stage)
