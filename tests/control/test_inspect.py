import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.control import inspect
from hitless.control.inspect import Deadline, read_master_view, read_worker_view
from tests.control.test_process_state import SERVERS, SESSIONS

INFO = "Name: HAProxy\nVersion: 2.8.25\nPid: 77\nUptime_sec: 900000\nStopping: 0\nCurrConns: 4\nJobs: 6\nMaxconn: 100\n"
PROC = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
1200            master          3 [failed: 1]   0d00h00m09s     2.8.25
# workers
1204            worker          0               0d00h00m01s     2.8.25
# old workers
1202            worker          1               0d00h00m08s     2.8.25
# programs
"""
LOG = "[NOTICE]   (1200) : Loading.\n[WARNING]  (1200) : config : parsing [a:1] : odd\n"
ANSWERS = {
    "show info": INFO,
    "show sess": SESSIONS,
    "show servers state": SERVERS,
    "show peers": "\n",
    "show proc": PROC,
    "show startup-logs": LOG,
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time."""
    monkeypatch.setattr(inspect, "_ASK_TIMEOUT_S", 30.0)


@contextlib.contextmanager
def runtime_api(path: Path, answers: dict[str, str] | None) -> Iterator[str]:
    """A socket that answers these commands; without answers it never says anything."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener, answers))
        thread.start()
        yield str(path)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def serve(listener: socket.socket, answers: dict[str, str] | None) -> None:
    with contextlib.ExitStack() as held:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if answers is None:
                held.enter_context(connection)
                continue
            with contextlib.suppress(OSError), connection:  # who asked may leave before all is said
                command = connection.makefile().readline().strip()
                pid, _, rest = command.partition(" ")
                text = answers.get(rest if pid.startswith("@!") else command, "Unknown command.\n")
                connection.sendall(text.encode())


def test_a_worker_says_what_it_is(tmp_path: Path) -> None:
    with runtime_api(tmp_path / "s", ANSWERS) as address:
        view, unknown = read_worker_view(address, shown="/run/x.sock")
    assert not unknown
    assert view is not None
    assert (view.pid, view.socket, view.stopping, view.current_connections) == (77, "/run/x.sock", False, 4)
    assert view.sessions[0] == "db, age 4d3h"
    assert view.server_differences
    assert view.peers_in_sync is None


def test_a_session_older_than_its_process_is_not_named(tmp_path: Path) -> None:
    info = INFO.replace("Uptime_sec: 900000", "Uptime_sec: 60")
    with runtime_api(tmp_path / "s", ANSWERS | {"show info": info}) as address:
        view, _ = read_worker_view(address)
    assert view is not None
    assert view.sessions == ("all, age 59s",)


def test_sessions_that_are_not_understood_are_unknown(tmp_path: Path) -> None:
    with runtime_api(tmp_path / "s", ANSWERS | {"show sess": "0x1: proto=new\n"}) as address:
        view, unknown = read_worker_view(address)
    assert view is not None
    assert view.sessions == ()
    assert [u.what for u in unknown] == ["the sessions of process 77"]


def test_an_old_worker_is_asked_through_its_master(tmp_path: Path) -> None:
    with runtime_api(
        tmp_path / "s", ANSWERS | {"show info": INFO.replace("Stopping: 0", "Stopping: 1")}
    ) as address:
        view, unknown = read_worker_view(address, 77)
    assert not unknown
    assert view is not None
    assert view.stopping
    assert view.server_differences is None


def test_a_master_lists_its_processes(tmp_path: Path) -> None:
    with runtime_api(tmp_path / "s", ANSWERS) as address:
        view, unknown = read_master_view(address)
    assert not unknown
    assert view is not None
    assert [(p.pid, p.kind, p.old) for p in view.processes] == [
        (1200, "master", False),
        (1204, "worker", False),
        (1202, "worker", True),
    ]
    assert view.failed_reloads == 1
    assert view.startup_log == ("[WARNING] config : parsing [a:1] : odd",)


def test_no_question_too_much_for_many_connections(tmp_path: Path) -> None:
    info = INFO.replace("CurrConns: 4", "CurrConns: 90000")
    with runtime_api(tmp_path / "s", ANSWERS | {"show info": info}) as address:
        view, unknown = read_worker_view(address)
    assert view is not None
    assert view.sessions == ()
    assert "90000 connections" in unknown[0].why


@pytest.mark.parametrize("reply", ["", "garbage\n", "\0\1\2", "Permission denied\n", "x" * 17_000_000])
def test_what_is_not_understood_is_unknown(tmp_path: Path, reply: str) -> None:
    with runtime_api(tmp_path / "s", dict.fromkeys(ANSWERS, reply)) as address:
        view, unknown = read_worker_view(address)
        master, of_master = read_master_view(address)
    assert view is None
    assert master is None
    assert unknown
    assert of_master


def test_silence_ends_at_the_deadline(tmp_path: Path) -> None:
    with runtime_api(tmp_path / "s", None) as address:
        view, unknown = read_worker_view(address, deadline=Deadline(0.05))
    assert view is None
    assert "did not answer in time" in unknown[0].why


def test_no_socket_and_no_address_are_unknown(tmp_path: Path) -> None:
    for address in (str(tmp_path / "none"), "", "/" + "x" * 200):
        view, unknown = read_worker_view(address)
        assert view is None
        assert len(unknown) == 1
