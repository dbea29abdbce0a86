import socket
import threading
from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.hold.client import ask


def answer(path: Path, data: bytes) -> threading.Thread:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(1)

    def serve() -> None:
        with listening, listening.accept()[0] as connection:
            connection.recv(1000)
            connection.sendall(data)
            if not data:
                connection.recv(1000)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"ok":false,"error":"no"}\n', WasRefused),
        (b"hello\n", NotUnderstood),
        (b"[]\n", NotUnderstood),
        (b'{"ok":1}\n', NotUnderstood),
        (b'{"ok":tr', CouldNotAsk),
        (b"", CouldNotAsk),
    ],
)
def test_what_is_no_answer(tmp_path: Path, data: bytes, error: type[Exception]) -> None:
    thread = answer(tmp_path / "x", data)
    with pytest.raises(error):
        ask(f"{tmp_path}/x", {"op": "status"}, timeout_s=30 if data else 0.5)
    thread.join()


def test_an_answer(tmp_path: Path) -> None:
    thread = answer(tmp_path / "x", b'{"ok":true,"pid":1}\n')
    assert ask(f"{tmp_path}/x", {"op": "upgrade"}, timeout_s=30)["pid"] == 1
    thread.join()


def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(CouldNotAsk, match="no holder answers"):
        ask(f"{tmp_path}/x", {"op": "status"})
    with pytest.raises(CouldNotAsk):
        ask("/" + "x" * 200, {"op": "status"})
