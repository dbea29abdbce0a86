"""The runtime API asked by a step, of a small server that answers like it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hitless.lab.verbs.runtime import VERBS
from tests.lab.verbs.stages import SmallStage


@pytest.fixture
def small() -> Iterator[SmallStage]:
    with ExitStack() as stack:
        yield SmallStage(stack)


def serve(path: Path, stack: ExitStack) -> None:
    """Answer the first question with "used:0", all others with "used:1"."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    stack.callback(listener.close)

    def answer() -> None:
        reply = b"used:0\n\n"
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):  # who asked may have no time left
                connection.recv(4096)
                connection.sendall(reply)
            reply = b"used:1\n\n"

    threading.Thread(target=answer, daemon=True).start()


def test_an_answer_is_observed(tmp_path: Path, small: SmallStage) -> None:
    serve(tmp_path / "s", small.stack)
    VERBS["ask"](small.stage, f"socket={tmp_path}/s", "show", "table")
    assert (small.seen["ask.ok"], small.seen["ask.said"]) == (True, "used:0")


def test_a_question_is_asked_until_the_answer_is_there(tmp_path: Path, small: SmallStage) -> None:
    serve(tmp_path / "s", small.stack)
    VERBS["ask"](small.stage, "as=t", f"socket={tmp_path}/s", "until=used:1", "show", "table")
    assert (small.seen["t.ok"], small.seen["t.said"]) == (True, "used:1")
    VERBS["ask"](small.stage, "as=t", f"socket={tmp_path}/s", "until=used:2", "within=200ms", "show", "table")
    assert small.seen["t.ok"] is False


def test_nobody_answers(tmp_path: Path, small: SmallStage) -> None:
    VERBS["ask"](small.stage, f"socket={tmp_path}/none", "show", "info")
    assert small.seen["ask.ok"] is False
    assert "no socket at" in str(small.seen["ask.said"])
