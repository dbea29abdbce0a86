"""Where connections go, and what a look finds."""

import select
import socket

import pytest

from hitless.errors import LoadError
from hitless.load.connection import Connection, resolve_endpoint, server_name_of
from hitless.records import Request, Stream, Target, Workload


def stream_to(address: str, port: int = 80, host: str = "") -> Stream:
    target = Target(frontend="fe", where="test.cfg:1", address=address, port=port)
    return Stream(number=0, workload=Workload.CONNECT, target=target, request=Request(host=host))


@pytest.mark.parametrize(
    ("address", "port", "family", "resolved"),
    [
        ("192.0.2.1", 80, socket.AF_INET, ("192.0.2.1", 80)),
        ("2001:db8::1", 80, socket.AF_INET6, ("2001:db8::1", 80, 0, 0)),
        ("/run/x.sock", 0, socket.AF_UNIX, "/run/x.sock"),
        ("@abstract", 0, socket.AF_UNIX, "\0abstract".ljust(108, "\0")),  # as HAProxy's abns
    ],
)
def test_endpoints(address: str, port: int, family: int, resolved: object) -> None:
    endpoint = resolve_endpoint(stream_to(address, port), None)
    assert (endpoint.family, endpoint.address) == (family, resolved)


@pytest.mark.parametrize("address", ["localhost", "", "192.0.2.1.5", "a\0b"])
def test_names_are_never_looked_up(address: str) -> None:
    with pytest.raises(LoadError, match="not an IP address"):
        resolve_endpoint(stream_to(address), None)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("", None),
        ("example.test", "example.test"),
        ("example.test:8443", "example.test"),
        ("[::1]:80", None),
        ("::1", None),
    ],
)
def test_server_names(host: str, name: str | None) -> None:
    assert server_name_of(host) == name


def seen(connection: Connection) -> tuple[bool, bytes]:
    connection.look()
    return connection.fin_seen, connection.unread


def test_a_look_finds_a_fin_or_what_nobody_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = resolve_endpoint(stream_to("127.0.0.1", server.getsockname()[1]), None)
        connection = Connection(1, socket.AF_INET)
        assert connection.open(endpoint, 5) == 0
        peer, _ = server.accept()
        connection.send(b"hello")
        assert peer.recv(10) == b"hello"
        assert seen(connection) == (False, b"")
        peer.sendall(b"unasked")
        peer.close()
        arrival = select.poll()
        arrival.register(connection.fd, select.POLLRDHUP)
        assert arrival.poll(30_000)
        assert seen(connection) == (True, b"unasked")
        assert connection.recv() == b""
        connection.close()
    assert connection.fd == -1
