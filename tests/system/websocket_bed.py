"""Many WebSockets: a server that has no thread for each, clients that only notice when they are closed."""

import selectors
import socket
import threading
import time
from contextlib import ExitStack
from typing import Self

UPGRADE = (
    b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


class Upstream:
    """Accepts WebSockets and keeps them open; answers other requests, those for /slow never. A context manager."""

    def __init__(self) -> None:
        self.requests = 0
        """So many have come: what waits in a queue of HAProxy may still go to either worker."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.settimeout(0)
        self.port: int = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join(10)
        self._woken.close()
        self._listener.close()

    def _serve(self) -> None:
        with ExitStack() as stack:
            selector = stack.enter_context(selectors.DefaultSelector())
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        return
                    if key.fileobj is self._listener:
                        connection, _ = self._listener.accept()
                        stack.callback(connection.close)
                        selector.register(connection, selectors.EVENT_READ)
                        continue
                    assert isinstance(key.fileobj, socket.socket)
                    self.requests += 1
                    if not _answer(key.fileobj):
                        selector.unregister(key.fileobj)
                        key.fileobj.close()


def _answer(connection: socket.socket) -> bool:
    """Read what has come and answer it; return whether the connection goes on. A request comes in one piece here."""
    try:
        data = connection.recv(65536)
        if data.startswith(b"GET /chat"):
            connection.sendall(ACCEPTED)
        elif data.startswith(b"GET ") and not data.startswith(b"GET /slow"):
            connection.sendall(ANSWER)
    except OSError:
        return False
    return bool(data)


def web_socket(port: int) -> socket.socket:
    """Open a WebSocket."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(UPGRADE)
    assert connection.recv(4096).startswith(b"HTTP/1.1 101")
    return connection


def is_open(connection: socket.socket) -> bool:
    """Return whether nothing has come, not even the end."""
    connection.settimeout(0)
    try:
        connection.recv(1)
    except BlockingIOError:
        return True
    return False


class Closings:
    """Notes when each of some connections is closed, until all are or the block ends; a context manager."""

    def __init__(self, connections: list[socket.socket]) -> None:
        self._open = list(connections)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.times: list[float] = []
        """On CLOCK_MONOTONIC, ascending."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(20)

    def await_number(self, number: int, timeout_s: float = 60.0) -> None:
        """Wait until so many have been closed."""
        deadline = time.monotonic() + timeout_s
        while len(self.times) < number:
            assert time.monotonic() < deadline, f"{len(self.times)} of {number} were closed"
            self._thread.join(0.01)

    def _watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            for one in self._open:
                one.settimeout(0)
                selector.register(one, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(0.1)
                for key, _ in ready:
                    assert isinstance(key.fileobj, socket.socket)
                    if _is_closed(key.fileobj):
                        self.times.append(time.monotonic())
                        selector.unregister(key.fileobj)
                if not ready and self._ended.is_set():
                    return


def _is_closed(connection: socket.socket) -> bool:
    try:
        return not connection.recv(4096)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
