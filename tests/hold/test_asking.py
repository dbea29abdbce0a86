import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hitless.control.fd_passing import REQUEST, SocketRecord
from hitless.control.socket_transfer import PassedListener, close_listeners, fetch_listeners
from hitless.hold.asking import AskDoor
from hitless.hold.door import open_listening
from hitless.hold.loop import Loop
from tests.hold.doors import opened

MANY = 600


@contextmanager
def door(
    path: Path, listeners: Sequence[PassedListener]
) -> Iterator[tuple[list[tuple[int, int]], list[str]]]:
    served: list[tuple[int, int]] = []
    said: list[str] = []
    loop = Loop()
    ask = AskDoor(
        open_listening(str(path), os.geteuid()),
        loop,
        frozenset({os.geteuid()}),
        said.append,
        patience_s=30.0,
        offer=lambda pid: listeners if pid == os.getpid() else (),
        on_served=lambda pid, number: served.append((pid, number)),
    )
    with opened(ask, loop):
        yield served, said


def test_what_is_held_is_handed_over(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        record = SocketRecord("blue", "eth0", 2)
        with door(tmp_path / "ask", [PassedListener(held.fileno(), record)] * MANY) as (served, said):
            passed = fetch_listeners(f"{tmp_path}/ask", timeout_s=30.0)
        assert {(one.inode, one.record) for one in passed} == {(os.fstat(held.fileno()).st_ino, record)}
        assert (len(passed), said) == (MANY, [])
        close_listeners(passed)
    assert served in ([], [(os.getpid(), MANY)])  # the last acknowledgement may come after the end


def test_nothing_is_said_with_a_number(tmp_path: Path) -> None:
    with door(tmp_path / "ask", []) as (served, _), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30.0)
        client.connect(f"{tmp_path}/ask")
        client.sendall(REQUEST)
        assert client.recv(100) == struct.pack("=i", 0)
        assert client.recv(100) == b""
        assert served == [(os.getpid(), 0)]


@pytest.mark.parametrize("data", [b"show info\n", b"_getsockx\n", b"\0" * 100])
def test_who_asks_for_something_else(tmp_path: Path, data: bytes) -> None:
    with door(tmp_path / "ask", []) as (_, said), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30.0)
        client.connect(f"{tmp_path}/ask")
        client.sendall(data)
        with suppress(ConnectionResetError):  # it had said more than was read
            assert client.recv(100) == b""
    assert "no HAProxy that asks" in said[0]


def test_a_request_in_pieces(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as held,
        door(tmp_path / "ask", [PassedListener(held.fileno())]),
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(30.0)
        client.connect(f"{tmp_path}/ask")
        for byte in REQUEST:
            client.sendall(bytes([byte]))
        data, descriptors, _, _ = socket.recv_fds(client, 4, 1)
        assert struct.unpack("=i", data) == (1,)
        assert descriptors == []
        data, descriptors, _, _ = socket.recv_fds(client, 100, 1)
        assert len(descriptors) == 1
        os.close(descriptors[0])


def test_duplicates_are_closed_when_somebody_leaves_early(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as held,
        door(tmp_path / "ask", [PassedListener(held.fileno())] * MANY) as (_, said),
    ):
        for _ in range(3):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(f"{tmp_path}/ask")
                client.sendall(REQUEST)
                assert client.recv(4)
    assert len(os.listdir("/proc/self/fd")) < MANY  # noqa: PTH208
    assert all("went away" in one or "Broken pipe" in one or "reset" in one for one in said)
