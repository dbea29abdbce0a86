"""The offering side against clients that do it right, stall, lie, break off, or have no right to ask."""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk, WasRefused
from hitless.control.fd_passing import REQUEST, SocketRecord
from hitless.control.socket_offer import SocketOffer
from hitless.control.socket_transfer import PassedListener, close_listeners, fetch_listeners
from tests.control.test_socket_transfer import open_descriptors

AWAY = "went away before it had them all"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short path: the kernel takes 107 bytes for a socket's."""
    with tempfile.TemporaryDirectory(prefix="offer-") as directory:
        yield Path(directory)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def listeners(listening: socket.socket, number: int = 1) -> list[PassedListener]:
    return [PassedListener(listening.fileno(), SocketRecord("", "eth0", i)) for i in range(number)]


def connect(offer: SocketOffer) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(offer.path)
    return connection


def await_problem(offer: SocketOffer, text: str) -> None:
    """Wait until the offer has dealt with a client: whoever connects next is dealt with after it."""
    for _ in range(1000):
        if any(text in problem for problem in offer.problems):
            return
        with connect(offer) as probe:
            probe.shutdown(socket.SHUT_WR)
            probe.recv(1)
    raise AssertionError(offer.problems)


@pytest.mark.parametrize("number", [1, 2000])
def test_one_haproxy_gets_them_all(listening: socket.socket, tmp_path: Path, number: int) -> None:
    before = open_descriptors()
    with SocketOffer(listeners(listening, number), directory=str(tmp_path)) as offer:
        assert not offer.was_served
        found = fetch_listeners(offer.path, timeout_s=30)
        assert offer.wait_served(30)
        assert [one.record.options for one in found] == list(range(number))
        assert {one.inode for one in found} == {os.fstat(listening.fileno()).st_ino}
        close_listeners(found)
        with pytest.raises((WasRefused, CouldNotAsk)):
            fetch_listeners(offer.path, timeout_s=30)
    assert open_descriptors() == before
    assert list(tmp_path.iterdir()) == []
    assert offer.problems == [
        f"process {os.getpid()} of user {os.geteuid()} came after they had been handed over"
    ]


def test_the_socket_is_private(listening: socket.socket, tmp_path: Path) -> None:
    with SocketOffer(listeners(listening), directory=str(tmp_path)) as offer:
        path = Path(offer.path)
        assert path.parent.stat().st_mode & 0o7777 == 0o700
        assert path.stat().st_mode & 0o7777 == 0o600


def test_garbage_and_silence_hold_up_nobody(listening: socket.socket, tmp_path: Path) -> None:
    with SocketOffer(listeners(listening, 300), directory=str(tmp_path), client_timeout_s=30) as offer:
        silent = [connect(offer) for _ in range(5)]
        half = connect(offer)
        half.sendall(REQUEST)
        assert half.recv(4) == struct.pack("=i", 300)
        for garbage in (b"GET / HTTP/1.1\r\n", b"\0" * 64, b"_getsocks\r\n", b"show info\n"):
            with connect(offer) as client:
                client.sendall(garbage)
                assert client.recv(1) == b""
        found = fetch_listeners(offer.path, timeout_s=30)
        assert len(found) == 300
        assert offer.wait_served(30)
        close_listeners(found)
        for client in (*silent, half):
            client.close()
    assert sum("no HAProxy that asks" in problem for problem in offer.problems) == 4


def test_who_breaks_off_leaves_them_to_the_next(listening: socket.socket, tmp_path: Path) -> None:
    with SocketOffer(listeners(listening, 300), directory=str(tmp_path)) as offer:
        with connect(offer) as client:
            client.sendall(REQUEST)
            client.recv(4)
        await_problem(offer, AWAY)
        assert not offer.was_served
        close_listeners(fetch_listeners(offer.path, timeout_s=30))
        assert offer.wait_served(30)


def test_a_client_has_a_deadline(listening: socket.socket, tmp_path: Path) -> None:
    with (
        SocketOffer(listeners(listening), directory=str(tmp_path), client_timeout_s=0.05) as offer,
        connect(offer) as client,
    ):
        assert client.recv(1) == b""
        assert offer.problems == [f"process {os.getpid()} of user {os.geteuid()} took longer than 0.05 s"]


def test_only_so_many_at_a_time(listening: socket.socket, tmp_path: Path) -> None:
    with SocketOffer(listeners(listening), directory=str(tmp_path)) as offer:
        clients = [connect(offer) for _ in range(17)]
        assert clients[-1].recv(1) == b""
        for client in clients:
            client.close()
        await_problem(offer, "one too many")
        close_listeners(fetch_listeners(offer.path, timeout_s=30))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_another_user_gets_nothing_unless_named(listening: socket.socket, tmp_path: Path) -> None:
    client = (
        "import os, socket, sys; os.setuid(int(sys.argv[2])); s = socket.socket(socket.AF_UNIX); "
        "s.connect(sys.argv[1]); s.sendall(b'_getsocks\\n'); print(len(s.recv(4)))"
    )

    def ask(path: str, uid: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", "-c", client, path, str(uid)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    for directory in (tmp_path, *tmp_path.parents[:-2]):
        directory.chmod(0o755)
    with SocketOffer(listeners(listening), directory=str(tmp_path), allowed_uid=65534) as offer:
        assert Path(offer.path).parent.stat().st_mode & 0o7777 == 0o700
        assert Path(offer.path).parent.stat().st_uid == 65534
        assert ask(offer.path, 65534).stdout == "4\n"
        assert "PermissionError" in ask(offer.path, 65533).stderr
        for path in (Path(offer.path), Path(offer.path).parent):  # even where the directory lets him in
            path.chmod(0o777)
        assert "4" not in ask(offer.path, 65533).stdout
        await_problem(offer, "of user 65533 is not allowed to have the listening sockets")
        assert ask(offer.path, 0).stdout == "4\n"


def test_what_a_killed_process_left_is_removed(listening: socket.socket, tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f"hitless-offer-{gone.pid}-abcd_123"
    left.mkdir()
    (left / "sockets").touch()
    kept = tmp_path / f"hitless-offer-{os.getpid()}-abcd_123"
    kept.mkdir()
    with SocketOffer(listeners(listening), directory=str(tmp_path)):
        assert not left.exists()
    assert list(tmp_path.iterdir()) == [kept]


def test_nothing_to_offer() -> None:
    with pytest.raises(ValueError, match="0 sockets"):
        SocketOffer([])


def test_no_place_for_it(listening: socket.socket, tmp_path: Path) -> None:
    before = open_descriptors(), threading.active_count()
    with (
        pytest.raises(CouldNotAsk, match="no socket can be made"),
        SocketOffer(listeners(listening), directory=str(tmp_path / "missing")),
    ):
        pass
    assert (open_descriptors(), threading.active_count()) == before
