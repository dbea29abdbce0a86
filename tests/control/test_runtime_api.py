"""Sockets against a server of our own that answers, delays and breaks off as HAProxy may."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.runtime_api import MasterCli, RuntimeApi

Answer = Callable[[socket.socket], None]
Serve = Callable[..., AbstractContextManager[list[bytes]]]


def read_command(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and (more := connection.recv(1000)):
        data += more
    return data


def say(*pieces: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return answer


def wait_for_half_close(reply: bytes) -> Answer:
    """As a master does: it closes when its client has closed the sending side."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(reply)
        assert connection.recv(1) == b""

    return answer


def hang_if_half_closed(reply: bytes) -> Answer:
    """As a master of 2.8 to 3.2 does that does not have the worker."""

    def answer(connection: socket.socket) -> None:
        if select.select([connection], [], [], 0.2)[0]:
            connection.sendall(b"the end came with the command\n")
        else:
            wait_for_half_close(reply)(connection)

    return answer


def keep_silent(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass
    threading.Event().wait(1.0)


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "api.sock")


@pytest.fixture
def serve(address: str) -> Serve:
    @contextmanager
    def start(*answers: Answer) -> Iterator[list[bytes]]:
        """Answer one connection after the other, each in its own way; yields the commands read."""
        commands: list[bytes] = []

        def run(listener: socket.socket) -> None:
            for answer in answers:
                try:
                    connection, _ = listener.accept()
                except OSError:  # it is over, and the client had no time left to connect
                    return
                with connection:
                    connection.settimeout(30)
                    commands.append(read_command(connection))
                    answer(connection)

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen()
            thread = threading.Thread(target=run, args=(listener,))
            thread.start()
            try:
                yield commands
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join(60)
                assert not thread.is_alive()

    return start


def test_an_answer_in_pieces_is_put_together(serve: Serve, address: str) -> None:
    with serve(say(b"one\ntw", b"o\n", b"\n")) as commands:
        assert RuntimeApi(address).ask("show x", timeout_s=30) == "one\ntwo"
    assert commands == [b"show x\n"]


def test_a_master_closes_when_we_have_said_all(serve: Serve, address: str) -> None:
    row = b"#<PID>          <type>\n1 master 0 [failed: 0] 0d00h00m01s 2.6\n# workers\n2 worker 0 0d00h00m01s 2.6\n\n"
    with serve(wait_for_half_close(row)):
        processes = MasterCli(address).ask_processes(timeout_s=30)
    assert (processes.master.pid, [w.pid for w in processes.workers]) == (1, [2])


def test_a_worker_is_addressed_by_its_pid(serve: Serve, address: str) -> None:
    info = b"Version: 2.6\nPid: 42\nUptime_sec: 1\nStopping: 1\n\n"
    missing = b"Can't find the target PID matching the prefix '@!43'\n"
    with serve(wait_for_half_close(info), hang_if_half_closed(missing), say(missing)) as commands:
        assert MasterCli(address).ask_worker_info(42, timeout_s=30).stopping
        for _ in range(2):
            with pytest.raises(WasRefused, match="Can't find"):
                MasterCli(address).ask_worker_info(43, timeout_s=30)
    assert commands == [b"@!42 show info\n", *[b"@!43 show info\n"] * 2]


def test_servers_state_is_asked_for(serve: Serve, address: str) -> None:
    with serve(say(b"1\n# be_name srv_name\nbe s1\n\n")):
        assert RuntimeApi(address).ask_servers_state(timeout_s=30) == ({"be_name": "be", "srv_name": "s1"},)


def test_reload_does_not_half_close_before_its_answer(serve: Serve, address: str) -> None:
    def answer(connection: socket.socket) -> None:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(b"Success=1\n--\n[NOTICE]   (1) : Loading success.\n\n")

    with serve(answer) as commands:
        reply = MasterCli(address).apply_reload()
    assert reply.success
    assert [m.text for m in reply.messages] == ["Loading success."]
    assert commands == [b"reload\n"]


def test_reload_can_be_hard_or_refused(serve: Serve, address: str) -> None:
    with serve(say(b"Success=0\n"), say(b"Permission denied\n\n"), say(b"\n")) as commands:
        assert MasterCli(address).apply_reload(hard=True).success is False
        with pytest.raises(WasRefused, match="Permission denied"):
            MasterCli(address).apply_reload()
        assert MasterCli(address).apply_reload().success is None
    assert commands[0] == b"hard-reload\n"


def test_silence_ends_at_the_deadline(serve: Serve, address: str) -> None:
    with serve(keep_silent), pytest.raises(CouldNotAsk, match="did not answer in time"):
        RuntimeApi(address).ask("show info", timeout_s=0.2)


def repeat(data: bytes, pause_s: float) -> Answer:
    def answer(connection: socket.socket) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            while True:
                connection.sendall(data)
                threading.Event().wait(pause_s)

    return answer


def test_trickling_ends_at_the_deadline(serve: Serve, address: str) -> None:
    with serve(repeat(b"x", 0.01)), pytest.raises(CouldNotAsk, match="did not answer in time"):
        RuntimeApi(address).ask("show info", timeout_s=0.3)


def test_an_endless_answer_is_cut_off(serve: Serve, address: str) -> None:
    with serve(repeat(b"x" * 65536, 0)), pytest.raises(CouldNotAsk, match="longer than 100000 bytes"):
        RuntimeApi(address).ask("show info", timeout_s=30, limit_bytes=100_000)


def test_half_an_answer_is_not_understood(serve: Serve, address: str) -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(b"half an ans")
        connection.shutdown(socket.SHUT_RDWR)

    with serve(reset), pytest.raises(NotUnderstood):
        RuntimeApi(address).ask_info(timeout_s=30)


def test_patience_outlasts_an_empty_answer(serve: Serve, address: str) -> None:
    with serve(say(b""), say(b"\n"), say(b"yes\n")) as commands:
        assert MasterCli(address).ask("show version", timeout_s=30, patient=True) == "yes"
    assert len(commands) == 3


def test_without_patience_an_empty_answer_is_an_answer(serve: Serve, address: str) -> None:
    with serve(say(b"\n")):
        assert RuntimeApi(address).ask("set server be/s1 state ready", timeout_s=30) == ""


def test_a_missing_and_a_dead_socket_are_told_apart(address: str) -> None:
    with pytest.raises(CouldNotAsk, match="no socket at") as caught:
        RuntimeApi(address).ask_info()
    assert caught.value.transient
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(address)
    with pytest.raises(CouldNotAsk, match="nobody listens on") as caught:
        RuntimeApi(address).ask_info()
    assert caught.value.transient


def test_patience_waits_for_somebody_to_listen_and_ends(address: str) -> None:
    with pytest.raises(CouldNotAsk, match=r"no socket at|did not answer in time"):
        RuntimeApi(address).ask_info(timeout_s=0.05, patient=True)


def test_a_directory_is_no_socket(tmp_path: Path) -> None:
    with pytest.raises(CouldNotAsk, match=r"nobody listens|cannot be reached"):
        RuntimeApi(str(tmp_path)).ask_info()


def test_a_full_backlog_is_transient(address: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(address)
        listener.listen(0)
        first.connect(address)
        with pytest.raises(CouldNotAsk) as caught:
            RuntimeApi(address).ask_info(timeout_s=0.2)
    assert caught.value.message


def test_tcp_is_spoken_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def run() -> None:
            with listener.accept()[0] as connection:
                read_command(connection)
                connection.sendall(b"Version: 2.6\nPid: 7\nUptime_sec: 1\nStopping: 0\n\n")

        thread = threading.Thread(target=run)
        thread.start()
        assert RuntimeApi(f"127.0.0.1:{port}").ask_info(timeout_s=30).pid == 7
        thread.join()
    with pytest.raises(CouldNotAsk, match="nobody listens"):
        RuntimeApi(f"127.0.0.1:{port}").ask_info()


class Clock:
    """In the place of `time`: it goes on while somebody sleeps, and with each look at it."""

    def __init__(self, look_s: float = 0.0) -> None:
        self.now_s = 0.0
        self._look_s = look_s

    def monotonic(self) -> float:
        self.now_s += self._look_s
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.now_s += duration_s


def test_time_that_runs_out_between_two_tries_is_no_silence(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = RuntimeApi._exchange
    clock = Clock()
    monkeypatch.setattr("hitless.control.runtime_api.time", clock)

    def late(self: RuntimeApi, data: bytes, deadline: float, *words: Any, **more: Any) -> str:
        if deadline - clock.monotonic() < 0.01:  # the last try begins when nothing is left
            raise CouldNotAsk(f"{address} did not answer in time")
        return ask(self, data, deadline, *words, **more)

    monkeypatch.setattr(RuntimeApi, "_exchange", late)
    with pytest.raises(CouldNotAsk, match="no socket at") as error:
        RuntimeApi(address).ask("show info", timeout_s=0.1, patient=True)
    assert error.value.transient


def test_time_that_runs_out_before_a_try_is_no_silence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second try begins in time, and 30 ms go by before it does anything."""
    monkeypatch.setattr("hitless.control.runtime_api.time", Clock(look_s=0.03))
    with pytest.raises(CouldNotAsk, match="no socket at") as error:
        RuntimeApi(address).ask("show info", timeout_s=0.15, patient=True)
    assert error.value.transient
