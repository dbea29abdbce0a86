"""The engine in the test's own process, and servers that fail in a chosen way."""

import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

from hitless.attempts import OUTCOMES, read_attempts
from hitless.clock import now_ns
from hitless.load.engine import Engine
from hitless.load.table import AttemptTable, attempts_name
from hitless.load.workloads import PreparedStream
from hitless.records import Outcome, Stream, Target, Workload

Rows = npt.NDArray[np.void]
Behaviour = Callable[[socket.socket], None]
PATIENCE_S = 60.0
GIVE_UP_NS = 60_000_000_000
END_OF_HEAD = b"\r\n\r\n"
OK_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def target_of(port: int, **fields: object) -> Target:
    return Target(frontend="fe", where="test.cfg:1", address="127.0.0.1", port=port, **fields)  # type: ignore[arg-type]


@contextmanager
def engine_in(directory: Path) -> Iterator[Engine]:
    """An engine whose table is in this directory."""
    directory_fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with AttemptTable(directory_fd, process=0, capacity=10_000) as table:
            yield Engine(table)
    finally:
        os.close(directory_fd)


def patient(stream: Stream) -> Stream:
    """Return it with time enough on a busy machine: only what a test calls slow, or too late, is."""
    usual = Stream(number=0, workload=Workload.CONNECT, target=stream.target)
    left = [name for name in ("slow_s", "timeout_s") if getattr(stream, name) == getattr(usual, name)]
    return msgspec.structs.replace(stream, **dict.fromkeys(left, PATIENCE_S))


def run_stream(
    directory: Path, stream: Stream, *, rows: int, hold: Callable[[int], object] = lambda _rows: None
) -> Rows:
    """Run one stream until the table holds so many rows, and return all of them.

    `hold` is told every millisecond how many there are; the engine stands still until it returns.
    """
    with engine_in(directory) as engine:
        table = engine.table
        give_up_ns = now_ns() + GIVE_UP_NS

        def watch(now: int) -> None:
            hold(table.rows)
            if table.rows >= rows or now > give_up_ns:
                engine.request_stop()
            else:
                engine.call_at(now + 1_000_000, watch)

        engine.add(PreparedStream(engine, patient(stream)).make_clients(now_ns(), process=0, processes=1))
        engine.call_at(0, watch)
        engine.run(ready=lambda: None)
        assert table.rows >= rows, f"only {table.rows} attempts ended"
    return read_attempts(directory / attempts_name(0))


def outcomes_of(directory: Path, stream: Stream, rows: int) -> list[Outcome]:
    """Run one stream, and return the outcomes of its first rows."""
    return [OUTCOMES[code] for code in run_stream(directory, stream, rows=rows)["outcome"][:rows]]


class FaultServer:
    """Hands each connection to the next behaviour of a list, the last one again and again; one thread for each."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self._acceptor = threading.Thread(target=self._accept)

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._acceptor.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            if not select.select([self._listener], [], [], 0.02)[0]:
                continue
            connection, _ = self._listener.accept()
            connection.settimeout(PATIENCE_S)
            behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
            thread = threading.Thread(target=self._serve, args=(connection, behaviour))
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket, behaviour: Behaviour) -> None:
        with connection, suppress(ConnectionError, TimeoutError):
            behaviour(connection)


def read_head(connection: socket.socket) -> bytes:
    """Read a request's head, and nothing of its body; b"" if the client left."""
    head = b""
    while not head.endswith(END_OF_HEAD):
        data = connection.recv(4096, socket.MSG_PEEK)
        if not data:
            return b""
        found = (head + data).find(END_OF_HEAD)
        head += connection.recv(len(data) if found < 0 else found + len(END_OF_HEAD) - len(head))
    return head


def answer_all(connection: socket.socket) -> None:
    while read_head(connection):
        connection.sendall(OK_ANSWER)


def answer(*pieces: bytes, then: Behaviour | None = None) -> Behaviour:
    """Return a behaviour that answers one request in these pieces and then closes, or does `then`."""

    def behave(connection: socket.socket) -> None:
        read_head(connection)
        for piece in pieces:
            connection.sendall(piece)
        if then is not None:
            then(connection)

    return behave


class Standstill:
    """Answers and leaves while the engine stands still: the client finds all of it, the end too, at once."""

    def __init__(self, *pieces: bytes, then: Behaviour) -> None:
        self._pieces = pieces
        self._then = then
        self._asked, self._held, self._over = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        read_head(connection)
        self._asked.set()
        assert self._held.wait(PATIENCE_S)
        for piece in self._pieces:
            connection.sendall(piece)
        self._then(connection)
        self._over.set()

    def hold(self, _rows: int) -> None:
        """Stand still while the server answers: for `run_stream`."""
        if self._asked.is_set():
            self._held.set()
            assert self._over.wait(PATIENCE_S)


def note_heads(heads: list[bytes], response: bytes = OK_ANSWER) -> Behaviour:
    """Return a behaviour that keeps the heads of requests and answers them, to the last that is announced."""

    def behave(connection: socket.socket) -> None:
        while head := read_head(connection):
            heads.append(head)
            connection.sendall(response)
            if b"\r\nConnection: close\r\n" in head:
                return

    return behave


def wait_for_client(connection: socket.socket) -> None:
    """Say nothing until the client leaves."""
    while connection.recv(4096):
        pass


def reset(connection: socket.socket) -> None:
    """Close with a RST instead of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def close(connection: socket.socket) -> None:
    """Close with a FIN."""
    connection.close()
