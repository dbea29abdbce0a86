import os
import socket
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.host.errors import Gone
from hitless.reload.preflight import read_sockets
from hitless.reload.preflight.read_sockets import (
    name_holders,
    read_descriptor,
    read_namespace,
    read_port_users,
)
from hitless.reload.preflight.receivers import Kind
from hitless.reload.preflight.socket_view import SeenSocket
from tests.reload.preflight.binds_bed import receivers_of


def inode_of(sock: socket.socket) -> int:
    return os.fstat(sock.fileno()).st_ino


def seen(sock: socket.socket, name: str = "") -> SeenSocket:
    views = name_holders({name: read_namespace(name)})
    (found,) = (s for s in views[name].sockets if s.inode == inode_of(sock))
    return found


def test_a_listening_socket_and_who_holds_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = seen(server, "blue")
        assert found.kind is Kind.TCP
        assert found.endpoint == f"127.0.0.1:{server.getsockname()[1]}"
        assert (found.family, found.interface, found.namespace) == (4, 0, "blue")
        assert os.getpid() in found.pids
        assert found.inet is not None
        assert found.inet.uid == os.geteuid()


def test_udp_sockets() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as receives:
        receives.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        receives.bind(("::", 0))
        found = seen(receives)
        assert (found.kind, found.family, found.v6_only) == (Kind.UDP, 6, True)


def test_a_kernel_that_lists_no_udp(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise EvidenceError("no udp_diag")

    monkeypatch.setattr(read_sockets, "read_udp_sockets", refuse)
    view = read_namespace()
    assert view.udp_problem == "no udp_diag"
    assert not [s for s in view.sockets if s.kind is Kind.UDP]


def test_unix_sockets_without_the_suffix_that_haproxy_binds_to(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/x.sock.{os.getpid()}.tmp")
        server.listen()
        found = seen(server)
        assert (found.kind, found.endpoint) == (Kind.UNIX, f"{tmp_path}/x.sock")
        assert found.file is not None


def test_an_abstract_name_is_its_listeners_not_its_connections() -> None:
    name = f"hitless-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(f"\0{name}")
        assert seen(server).kind is Kind.ABSTRACT  # bound is enough to be in the way
        server.listen()
        client.connect(f"\0{name}")
        with server.accept()[0] as accepted:
            inodes = [s.inode for s in read_namespace().sockets if s.endpoint == f"@{name}"]
            assert inodes == [inode_of(server)]
            assert inode_of(accepted) not in inodes


def test_devices_and_settings() -> None:
    view = read_namespace()
    assert view.interfaces["lo"] == socket.if_nametoindex("lo")
    assert view.sysctls["net.ipv4.ip_unprivileged_port_start"].isdigit()


def test_the_connections_of_a_port() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        port = client.getsockname()[1]
        # Who is connected to somebody else may have the same port.
        there = f"127.0.0.1:{server.getsockname()[1]}"
        ((connection, who),) = (user for user in read_port_users([port]) if user[0].remote == there)
        assert connection.local == f"127.0.0.1:{port}"
        assert who.endswith(f"(pid {os.getpid()})")


def test_a_descriptor_that_is_passed_on() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Path(os.devnull).open() as other,
        socket.socket() as unbound,
    ):
        sockets = read_namespace().sockets
        (socket_bind,) = receivers_of(f"bind fd@{server.fileno()}")
        found = read_descriptor(os.getpid(), socket_bind, sockets)
        assert found is not None
        assert (found.kind, found.inode) == (Kind.DESCRIPTOR, inode_of(server))
        assert found.shown == f"127.0.0.1:{server.getsockname()[1]}"
        for text in (f"bind fd@{other.fileno()}", f"bind fd@{unbound.fileno()}", "bind fd@9999"):
            (no_socket,) = receivers_of(text)
            assert read_descriptor(os.getpid(), no_socket, sockets) is None
        with pytest.raises(Gone):
            read_descriptor(0x7FFF_FFFF, socket_bind, sockets)
