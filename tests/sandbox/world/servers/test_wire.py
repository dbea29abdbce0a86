import asyncio
import socket
from collections.abc import Awaitable, Callable

from hitless.sandbox.world.servers.echo import Echo
from hitless.sandbox.world.servers.http1 import Http1
from hitless.sandbox.world.servers.serving import Serving
from hitless.sandbox.world.servers.wire import Wire
from tests.sandbox.world.fakes import ENDPOINT

Conversation = Callable[[asyncio.AbstractEventLoop, socket.socket], Awaitable[None]]


def run(first: Callable[[Wire], Echo | Http1], talk: Conversation) -> None:
    async def both() -> None:
        loop = asyncio.get_running_loop()
        served, client = socket.socketpair()
        served.settimeout(0)
        client.settimeout(0)
        Wire(served, loop, first)
        with client:
            await asyncio.wait_for(talk(loop, client), 100)

    asyncio.run(both())


def test_an_echo_keeps_every_byte_under_backpressure() -> None:
    data = bytes(range(256)) * 40_000

    async def talk(loop: asyncio.AbstractEventLoop, client: socket.socket) -> None:
        sending = asyncio.ensure_future(loop.sock_sendall(client, data))
        # Nothing is read until the sender is stuck: the echo has stopped reading.
        await asyncio.wait([sending], timeout=0.2)
        assert not sending.done()
        received = b""
        while len(received) < len(data):
            received += await loop.sock_recv(client, 1 << 20)
        await sending
        assert received == data

    run(Echo, talk)


def test_the_end_of_the_client_closes_after_the_last_byte() -> None:
    async def talk(loop: asyncio.AbstractEventLoop, client: socket.socket) -> None:
        await loop.sock_sendall(client, b"last")
        client.shutdown(socket.SHUT_WR)
        assert await loop.sock_recv(client, 100) == b"last"
        assert await loop.sock_recv(client, 100) == b""

    run(Echo, talk)


def test_a_large_answer_is_complete() -> None:
    async def talk(loop: asyncio.AbstractEventLoop, client: socket.socket) -> None:
        wish = b"GET / HTTP/1.1\r\nX-Hitless: size-bytes=5000000\r\nConnection: close\r\n\r\n"
        await loop.sock_sendall(client, wish)
        received = 0
        while data := await loop.sock_recv(client, 100_000):
            received += len(data)
        assert received > 5_000_000

    run(lambda wire: Http1(wire, Serving(ENDPOINT, None)), talk)


def test_a_client_that_vanishes_is_forgotten() -> None:
    lost = asyncio.Event()

    class Watched(Echo):
        def lost(self) -> None:
            lost.set()

    async def talk(loop: asyncio.AbstractEventLoop, client: socket.socket) -> None:
        await loop.sock_sendall(client, b"x" * 1000)
        client.close()
        await lost.wait()

    run(Watched, talk)
