import os
import socket
import time
from collections.abc import Iterator

import pytest

from hitless.errors import EvidenceError
from hitless.host import inet_diag, socket_activity
from hitless.host.processes import read_socket_descriptors
from hitless.host.socket_activity import read_socket_activity


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        with client, server:
            yield client, server


def inode(sock: socket.socket) -> int:
    return os.fstat(sock.fileno()).st_ino


GROWN_S = 0.3
"""Far more than the kernel's clock tick, in which the times are counted."""


def test_a_connection_and_how_long_it_is_silent(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    found = read_socket_activity({inode(client), inode(server)})
    assert set(found) == {inode(client), inode(server)}
    seen = found[inode(server)]
    assert seen.local == f"127.0.0.1:{server.getsockname()[1]}"
    assert seen.remote == f"127.0.0.1:{client.getsockname()[1]}"
    assert seen.idle_s is not None
    assert 0 <= seen.idle_s < 60
    assert not seen.half_closed


def test_data_ends_the_silence(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    first = read_socket_activity({inode(server)})[inode(server)].idle_s
    assert first is not None
    before = first
    while before <= first + GROWN_S:  # silence grows
        seen = read_socket_activity({inode(server)})[inode(server)].idle_s
        assert seen is not None
        before = seen
    sent_s = time.monotonic()
    client.sendall(b"x")
    server.recv(1)
    after = read_socket_activity({inode(server)})[inode(server)].idle_s
    assert after is not None
    assert time.monotonic() - after > sent_s - GROWN_S / 2  # it began with the data, whenever it is looked at


def test_a_peer_that_has_left(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    assert read_socket_activity({inode(server)})[inode(server)].half_closed


@pytest.mark.usefixtures("pair")
def test_others_are_not_told_of() -> None:
    assert read_socket_activity({1}) == {}
    assert read_socket_activity(()) == {}


def test_the_socket_behind_a_descriptor(pair: tuple[socket.socket, socket.socket]) -> None:
    client, _ = pair
    assert read_socket_descriptors(os.getpid())[client.fileno()] == inode(client)
    with open("/dev/null") as file:  # noqa: PTH123 - a descriptor is wanted
        assert file.fileno() not in read_socket_descriptors(os.getpid())


def test_a_message_without_times_says_nothing_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    payload = bytearray(72)
    payload[0] = socket.AF_INET
    payload[1] = 8
    payload[68:72] = (77).to_bytes(4, "little")
    monkeypatch.setattr(socket_activity, "dump_tcp", lambda *_, **__: iter([bytes(payload), b"short"]))
    seen = read_socket_activity({77})[77]
    assert seen.idle_s is None
    assert seen.half_closed


def test_a_kernel_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(inet_diag, "open_sock_diag", refuse)
    with pytest.raises(EvidenceError):
        read_socket_activity({1})
