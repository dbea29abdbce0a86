"""Single clients against a small server: what they see, and what becomes of kept connections."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from hitless.errors import SandboxError
from hitless.lab.verbs.clients import VERBS
from tests.lab.verbs.stages import SmallStage

ANSWER = b"HTTP/1.1 %s Word\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers what ends a head; /bad with 503, /cut by closing, an upgrade with 101."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        data = b""
        while piece := connection.recv(4096):
            data += piece
            if data.endswith(b"\r\n\r\n"):
                if b"/cut" in data:
                    break
                status = b"101" if b"Upgrade" in data else b"503" if b"/bad" in data else b"200"
                connection.sendall(ANSWER % status)
                if b"Connection: close" in data:
                    break
                data = b""
        connection.close()

    def close_all(self) -> None:
        for connection in self.connections:
            connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.listener.close()


@pytest.fixture
def small() -> Iterator[SmallStage]:
    with ExitStack() as stack:
        yield SmallStage(stack)


def test_a_request_is_observed_with_its_answer(server: Server, small: SmallStage) -> None:
    VERBS["get"](small.stage, "times=2", f"{server.url}/")
    assert (small.seen["get.status"], small.seen["get.failed"]) == (200, 0)
    VERBS["get"](small.stage, "as=bad", f"{server.url}/bad")
    assert (small.seen["bad.status"], small.seen["bad.failed"]) == (503, 1)
    VERBS["get"](small.stage, "as=cut", f"{server.url}/cut")
    assert (small.seen["cut.status"], small.seen["cut.said"]) == (0, "closed")


def test_nobody_listens(server: Server, small: SmallStage) -> None:
    server.listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves it to who waits in accept()
    server.listener.close()
    VERBS["get"](small.stage, "within=1s", server.url)
    assert (small.seen["get.status"], small.seen["get.failed"]) == (0, 1)


def test_kept_connections_are_used_again_or_made_anew(server: Server, small: SmallStage) -> None:
    VERBS["hold"](small.stage, "browser", "idle", "number=2", server.url)
    assert small.seen["browser.held"] == 2
    VERBS["use"](small.stage, "browser")
    assert (small.seen["browser.again"], small.seen["browser.failed"]) == (0, 0)
    server.close_all()
    VERBS["look"](small.stage, "browser")
    assert small.seen["browser.open"] == 0
    VERBS["use"](small.stage, "browser")
    assert (small.seen["browser.again"], small.seen["browser.failed"], small.seen["browser.open"]) == (
        2,
        0,
        2,
    )
    VERBS["let-go"](small.stage, "browser")
    with pytest.raises(SandboxError):
        VERBS["look"](small.stage, "browser")


def test_a_websocket_is_open_and_half_a_request_is_not_answered(server: Server, small: SmallStage) -> None:
    VERBS["hold"](small.stage, "chat", "websocket", server.url)
    VERBS["hold"](small.stage, "half", "part", server.url)
    assert small.seen["chat.held"] == 1
    VERBS["look"](small.stage, "half", "50ms")
    assert (small.seen["half.open"], small.seen["half.status"]) == (1, 0)


def test_a_request_in_flight_is_waited_for(server: Server, small: SmallStage) -> None:
    VERBS["hold"](small.stage, "report", "request", "delay=1s", server.url)
    VERBS["look"](small.stage, "report", "60s")
    assert small.seen["report.status"] == 200


def test_there_is_no_such_connection(server: Server, small: SmallStage) -> None:
    with pytest.raises(SandboxError, match="no connection is kept"):
        VERBS["hold"](small.stage, "x", "strange", server.url)
