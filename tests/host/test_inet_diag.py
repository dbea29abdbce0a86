import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import EvidenceError
from hitless.host import inet_diag
from hitless.host.inet_diag import (
    Listener,
    open_sock_diag,
    read_connection_inodes,
    read_connections,
    read_listeners,
    read_udp_sockets,
    read_unix_sockets,
)

IP_FREEBIND, IP_TRANSPARENT = 15, 19
"""Source: Linux include/uapi/linux/in.h; the socket module of 3.11 lacks them."""


@pytest.fixture(params=[("127.0.0.1", False), ("::1", True), ("::", False), ("::", True)])
def server(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    address, v6_only = request.param
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listening:
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6_only)
        listening.bind((address, 0))
        listening.listen(77)
        yield listening


def find(server: socket.socket) -> Listener:
    inode = os.fstat(server.fileno()).st_ino
    (found,) = (listener for listener in read_listeners() if listener.inode == inode)
    return found


def test_a_listening_socket_is_found(server: socket.socket) -> None:
    listener = find(server)
    address, port = server.getsockname()[:2]
    assert (listener.family, listener.address, listener.port) == (server.family, address, port)
    assert (listener.uid, listener.queue_length, listener.queue_limit) == (os.getuid(), 0, 77)
    assert listener.endpoint == (f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
    v6 = server.family == socket.AF_INET6
    assert listener.v6_only == bool(v6 and server.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))


def test_connections_wait_in_its_queue_and_have_two_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"twelve bytes")
            assert select.select([server], [], [], 30)[0]
            assert find(server).queue_length == 1
            (connection,) = read_connections(port)
            ours = client.getsockname()
            assert (connection.local, connection.remote) == (f"127.0.0.1:{port}", f"127.0.0.1:{ours[1]}")
            assert connection.unread_bytes == 12
            assert connection.inode == 0


def test_an_ipv4_client_of_a_dual_stack_socket_is_an_ipv4_client() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            (connection,) = read_connections(port)
            assert connection.local == f"127.0.0.1:{port}"


def test_unix_sockets_know_their_peers() -> None:
    left, right = socket.socketpair()
    with left, right, socket.socket(socket.AF_UNIX) as named:
        name = f"@hitless-test-{os.getpid()}"
        named.bind("\0" + name[1:])
        found = {unix.inode: unix for unix in read_unix_sockets()}
        assert found[os.fstat(left.fileno()).st_ino].peer_inode == os.fstat(right.fileno()).st_ino
        assert found[os.fstat(named.fileno()).st_ino].name == name


def test_a_unix_socket_is_known_by_its_file_whatever_that_is_called_now(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as named:
        named.bind(str(tmp_path / "before"))
        (tmp_path / "before").rename(tmp_path / "after")
        (found,) = (u for u in read_unix_sockets() if u.inode == os.fstat(named.fileno()).st_ino)
        status = (tmp_path / "after").stat()
        assert (found.name, found.file) == (
            str(tmp_path / "before"),
            (status.st_dev, status.st_ino & 0xFFFF_FFFF),
        )


@pytest.mark.parametrize("option", [None, IP_TRANSPARENT, IP_FREEBIND])
def test_a_listener_says_its_device_and_whether_its_address_may_be_absent(option: int | None) -> None:
    with socket.socket() as server:
        if option is not None:
            try:
                server.setsockopt(socket.IPPROTO_IP, option, 1)
            except PermissionError:
                pytest.skip("IP_TRANSPARENT needs CAP_NET_ADMIN")
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        server.bind(("127.0.0.1", 0))
        server.listen()
        listener = find(server)
        assert listener.interface == socket.if_nametoindex("lo")
        assert listener.foreign is (option is not None)


def test_udp_sockets_are_found_connected_or_not() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receives,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as connected,
    ):
        receives.bind(("127.0.0.1", 0))
        connected.connect(("::1", 9))
        try:
            found = {udp.inode: udp for udp in read_udp_sockets()}
        except EvidenceError as error:
            pytest.skip(f"this kernel lists no UDP sockets: {error}")
        port = receives.getsockname()[1]
        assert found[os.fstat(receives.fileno()).st_ino].endpoint == f"127.0.0.1:{port}"
        assert found[os.fstat(connected.fileno()).st_ino].port == connected.getsockname()[1]


def test_one_socket_can_ask_again_and_again() -> None:
    with open_sock_diag() as diag, socket.create_server(("127.0.0.1", 0)) as server:
        inode = os.fstat(server.fileno()).st_ino
        for _ in range(3):
            assert inode in {listener.inode for listener in read_listeners(diag)}


@given(st.binary(max_size=150))
def test_any_bytes_are_a_socket_or_refused(payload: bytes) -> None:
    for parse in (inet_diag._parse_listener, inet_diag.parse_connection, inet_diag._parse_unix):
        try:
            parse(payload)
        except EvidenceError:
            continue


def test_the_inodes_of_all_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client, server.accept()[0] as accepted:
            found = read_connection_inodes()
            ends = {os.fstat(s.fileno()).st_ino for s in (client, accepted)}
            assert ends <= found
            assert {c.inode for c in read_connections(server.getsockname()[1])} <= found
        assert os.fstat(server.fileno()).st_ino not in found
