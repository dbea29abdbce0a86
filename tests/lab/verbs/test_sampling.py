import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hitless.errors import SandboxError
from hitless.lab.verbs.sampling import ask_for_bodies


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """Give these answers, one to each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def answer(body: str, status: int = 200) -> bytes:
    return f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_the_different_bodies_are_told_in_order() -> None:
    with answering(answer("old"), answer("new"), answer("old")) as url:
        assert ask_for_bodies(url, 3) == (["new", "old"], 0)


def test_no_answer_and_an_error_are_failures() -> None:
    with answering(b"", answer("busy", 503), answer("fine")) as url:
        assert ask_for_bodies(url, 3) == (["busy", "fine"], 2)


def test_a_refused_connection_is_a_failure() -> None:
    with socket.socket() as silent:  # bound, so that nobody else gets the port
        silent.bind(("127.0.0.1", 0))
        assert ask_for_bodies(f"http://127.0.0.1:{silent.getsockname()[1]}/", 2) == ([], 2)


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(SandboxError, match="no address"):
        ask_for_bodies("127.0.0.1:8080", 1)
