import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hitless.reload import answer
from hitless.reload.answer import ask_who_answers, connect_and_see
from tests.reload.servers import answering, info


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time."""
    monkeypatch.setattr(answer, "_ASK_TIMEOUT_S", 30.0)
    monkeypatch.setattr(answer, "_ACCEPT_TIMEOUT_S", 30.0)


def ask(pid: int, *stats: str, master: str = "", endpoints: tuple[str, ...] = ()) -> tuple[int | None, str]:
    found = ask_who_answers(pid, master_address=master, stats_addresses=stats, endpoints=endpoints)
    return found.pid, found.how


@pytest.mark.usefixtures("patient")
def test_a_stats_socket_says_its_pid(tmp_path: Path) -> None:
    with answering(tmp_path / "s", lambda _: info(7)) as address:
        assert ask(7, address) == (7, f"`show info` on {address}")


@pytest.mark.usefixtures("patient")
def test_the_old_process_that_answers_is_named(tmp_path: Path) -> None:
    with answering(tmp_path / "s", lambda _: info(3)) as address:
        assert ask(7, address)[0] == 3


@pytest.mark.usefixtures("patient")
def test_a_process_that_is_stopping_does_not_count(tmp_path: Path) -> None:
    with answering(tmp_path / "s", lambda _: info(7, stopping=True)) as address:
        pid, how = ask(7, address)
        assert pid is None
        assert "stopping" in how


@pytest.mark.usefixtures("patient")
def test_where_another_has_taken_the_path_the_master_leads_to_it(tmp_path: Path) -> None:
    with (
        answering(tmp_path / "s", lambda _: info(3)) as stats,
        answering(tmp_path / "m", lambda command: info(7) if command.startswith("@!7") else "") as master,
    ):
        assert ask(7, stats, master=master)[0] == 7


@pytest.mark.usefixtures("patient")
def test_garbage_is_no_answer(tmp_path: Path) -> None:
    with answering(tmp_path / "s", lambda _: "hello\n") as address:
        assert ask(7, address)[0] is None


def test_without_anything_to_ask() -> None:
    assert ask(7)[0] is None


@contextmanager
def accepting(server: socket.socket) -> Iterator[None]:
    """Accept in this process and keep what was accepted."""
    kept = []

    def accept() -> None:
        try:
            kept.append(server.accept())
        except OSError:
            return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield
    server.shutdown(socket.SHUT_RDWR)
    thread.join()  # what was accepted is kept a moment after the kernel says so
    server.close()
    for connection, _ in kept:
        connection.close()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_who_accepts_is_seen(family: socket.AddressFamily, address: str) -> None:
    server = socket.create_server((address, 0), family=family)
    port = server.getsockname()[1]
    endpoint = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    with accepting(server):
        assert connect_and_see(os.getpid(), {endpoint}).pid == os.getpid()


@pytest.mark.usefixtures("patient")
def test_who_accepts_on_a_unix_socket_is_seen(tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "u"))
    server.listen()
    with accepting(server):
        assert connect_and_see(os.getpid(), {str(tmp_path / "u")}).pid == os.getpid()


def test_a_connection_that_waits_in_the_queue_is_not_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = connect_and_see(os.getpid(), {f"127.0.0.1:{server.getsockname()[1]}"})
    assert found.pid is None
    assert "not accepted" in found.how


def test_nobody_who_listens_does_not_answer() -> None:
    assert connect_and_see(os.getpid(), {"127.0.0.1:1"}).pid is None
