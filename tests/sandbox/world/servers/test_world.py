import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from hitless.records import Event
from hitless.sandbox.world.names import address_for_name
from hitless.sandbox.world.records import DnsName, Endpoint, WorldPlan
from hitless.sandbox.world.servers.events import EventWriter
from hitless.sandbox.world.servers.world import World
from tests.ports import free_port
from tests.sandbox.world.fakes import GREETING

QUERY = b"\0\x07\1\0\0\1\0\0\0\0\0\0\3app\0\0\1\0\1"
LOCAL = "127.0.0.1"
DEADLINE_S = 60


@pytest.fixture
def events_path(tmp_path: Path) -> Path:
    return tmp_path / "events"


@pytest.fixture
def events_fd(events_path: Path) -> Iterator[int]:
    descriptor = os.open(events_path, os.O_CREAT | os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def play(
    endpoints: tuple[Endpoint, ...], events_fd: int, act: Callable[[], None], *, plan: WorldPlan | None = None
) -> World:
    """Serve the endpoints while `act` runs in a thread; return the world, closed."""

    async def serve() -> World:
        loop = asyncio.get_running_loop()
        events = EventWriter(events_fd, loop)
        world = World(
            msgspec.structs.replace(plan or WorldPlan(), endpoints=endpoints, private=False),
            loop,
            events,
            None,
        )
        assert world.open() == ()
        try:
            await asyncio.wait_for(asyncio.to_thread(act), DEADLINE_S)
        finally:
            world.close()
            events.close()
        return world

    return asyncio.run(serve())


def test_servers_dns_and_syslog_over_tcp_and_udp(events_fd: int, events_path: Path) -> None:
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    web, dns_tcp, log_tcp = (free_port(stream) for _ in range(3))
    dns_udp, log_udp = (free_port(datagram) for _ in range(2))
    answers: list[bytes] = []

    def ask() -> None:
        for port, question in ((web, b"GET / HTTP/1.0\r\n\r\n"), (dns_tcp, len(QUERY).to_bytes(2) + QUERY)):
            with socket.create_connection((LOCAL, port), DEADLINE_S) as client:
                client.sendall(question)
                client.shutdown(socket.SHUT_WR)
                answers.append(b"".join(iter(lambda c=client: c.recv(4096), b"")))  # type: ignore[misc]
        with socket.create_connection((LOCAL, log_tcp), DEADLINE_S) as client:
            client.sendall(b"<6>haproxy[1]: tcp\n")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        with socket.socket(type=datagram) as client:
            client.settimeout(DEADLINE_S)
            client.sendto(b"<6>haproxy[2]: udp", (LOCAL, log_udp))
            client.sendto(QUERY, (LOCAL, dns_udp))
            answers.append(client.recv(4096))

    world = play(
        (
            Endpoint(role="server", transport="tcp", address=LOCAL, port=web, label="api/s1"),
            Endpoint(role="dns", transport="tcp", address=LOCAL, port=dns_tcp),
            Endpoint(role="dns", transport="udp", address=LOCAL, port=dns_udp),
            Endpoint(role="syslog", transport="tcp", address=LOCAL, port=log_tcp),
            Endpoint(role="syslog", transport="udp", address=LOCAL, port=log_udp),
        ),
        events_fd,
        ask,
        plan=WorldPlan(names=(DnsName(name="app"),)),
    )
    page, over_tcp, over_udp = answers
    assert page.endswith(GREETING)
    assert over_udp.endswith(socket.inet_aton(address_for_name("app")))
    assert over_tcp == struct.pack("!H", len(over_udp)) + over_udp
    events = [msgspec.json.decode(line, type=Event) for line in events_path.read_bytes().splitlines()]
    assert sorted(event.pid for event in events) == [1, 2]
    assert (world.refused_accepts, world.lost_datagrams) == (0, 0)


def test_what_cannot_be_opened_is_named_and_the_rest_is_served(tmp_path: Path, events_fd: int) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        paths = (tmp_path / "none" / "a.sock", tmp_path / "b\0.sock", tmp_path / "c.sock")
        endpoints = tuple(Endpoint(role="server", transport="unix", address=str(path)) for path in paths)
        plan = WorldPlan(endpoints=endpoints, private=False)
        world = World(plan, loop, EventWriter(events_fd, loop), None)
        failed = world.open()
        assert [failure.endpoint for failure in failed] == [str(path) for path in paths[:2]]
        assert all(failure.error for failure in failed)
        assert paths[2].is_socket()
        world.close()

    asyncio.run(run())


class ScarceListener(socket.socket):
    """A listening socket for which the machine has no descriptor at first."""

    refusals = 2

    def accept(self) -> tuple[socket.socket, object]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_connections_wait_while_descriptors_are_short(
    events_fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = ScarceListener()
    listener.bind((LOCAL, 0))
    listener.listen()
    listener.settimeout(0)
    address = listener.getsockname()
    monkeypatch.setattr("hitless.sandbox.world.servers.world.open_socket", lambda *_, **__: listener)

    def ask() -> None:
        with socket.create_connection(address, DEADLINE_S) as client:
            client.sendall(b"line\n")
            assert client.recv(100) == b"line\n"

    world = play((Endpoint(role="server", transport="tcp", address=LOCAL),), events_fd, ask)
    assert world.refused_accepts == 2
