import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hitless.errors import UsageError
from hitless.hold.client import ask
from hitless.hold.controlling import ControlDoor
from hitless.hold.door import open_listening
from hitless.hold.loop import Loop
from hitless.hold.requests import REQUEST_LIMIT_BYTES, Request
from tests.hold.doors import opened


@contextmanager
def door(path: Path) -> Iterator[list[str]]:
    said: list[str] = []
    loop = Loop()
    listening = open_listening(str(path), os.geteuid())
    control = ControlDoor(listening, loop, frozenset({os.geteuid()}), said.append, patience_s=30.0, act=act)
    with opened(control, loop):
        yield said


def act(request: Request) -> dict[str, object]:
    if request.op == "drop":
        raise UsageError("There is none.", hint="Look again.")
    return {"status": "x" * 2_000_000}


def send(path: Path, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30.0)
        client.connect(str(path))
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        found = b""
        while chunk := client.recv(65536):
            found += chunk
        return found


def test_an_answer_that_does_not_fit_at_once(tmp_path: Path) -> None:
    with door(tmp_path / "control"):
        assert len(ask(f"{tmp_path}/control", {"op": "status"}, timeout_s=30)["status"]) == 2_000_000


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"op":"drop","name":"x"}\n', "There is none. Look again."),
        (b"hello\n", "A request is one line of JSON."),
        (b'{"op":"status"}\n{"op":"drop"}\n', None),
    ],
)
def test_answers(tmp_path: Path, data: bytes, error: str | None) -> None:
    with door(tmp_path / "control"):
        answer = json.loads(send(tmp_path / "control", data))
        assert answer.get("error") == error


def test_half_a_request_is_none(tmp_path: Path) -> None:
    with door(tmp_path / "control"):
        assert send(tmp_path / "control", b'{"op":"status"}') == b""


def test_a_request_without_an_end(tmp_path: Path) -> None:
    with (
        door(tmp_path / "control") as said,
        pytest.raises((BrokenPipeError, ConnectionResetError, AssertionError)),
    ):
        assert send(tmp_path / "control", b"x" * (REQUEST_LIMIT_BYTES * 10)) != b""
    assert f"more than {REQUEST_LIMIT_BYTES} bytes" in said[0]
