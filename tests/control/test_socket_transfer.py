"""The asking side against servers of our own, which do it right, break off, lie, or say nothing."""

import gc
import os
import resource
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.fd_passing import SocketRecord, SocketsServer
from hitless.control.socket_transfer import close_listeners, fetch_listeners

Act = Callable[[socket.socket], None]


def open_descriptors() -> int:
    gc.collect()  # what nobody has any more is not closed in the middle of a test
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def send(connection: socket.socket, data: bytes, descriptors: list[int]) -> None:
    socket.send_fds(connection, [data], descriptors) if descriptors else connection.sendall(data)


def read_request(connection: socket.socket) -> None:
    data = b""
    while not data.endswith(b"\n") and (more := connection.recv(100)):
        data += more
    assert data == b"_getsocks\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


class Server:
    """Lets one client be treated as a test says; the thread has ended after `join`."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.path = str(directory / "old.sock")
        self.listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        self.listening.bind(self.path)
        self.listening.listen()
        self.thread: threading.Thread | None = None

    def treat(self, act: Act) -> None:
        def run() -> None:
            connection, _ = self.listening.accept()
            with connection, suppress(OSError):
                connection.settimeout(30)
                act(connection)

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def join(self) -> None:
        if self.thread is not None:
            self.thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with ExitStack() as stack:
        found = Server(tmp_path, stack)
        yield found
        found.join()


def hand_over(connection: socket.socket, records: list[SocketRecord], descriptors: list[int]) -> None:
    """Do it as HAProxy does, without waiting for the last acknowledgement."""
    asked = SocketsServer(records)
    read_request(connection)
    messages = asked.feed(b"_getsocks\n")
    while messages:
        for message in messages:
            send(connection, message.data, [descriptors[i] for i in message.sockets])
            sent = message.sockets.stop
        if sent == len(records):
            return
        messages = asked.feed(connection.recv(4))


@pytest.mark.parametrize("number", [1, 252, 253, 700])
def test_sockets_are_fetched_in_order_with_what_is_said_of_them(
    server: Server, listener: socket.socket, number: int
) -> None:
    records = [SocketRecord("blue", "eth0", index) for index in range(number)]
    server.treat(lambda c: hand_over(c, records, [listener.fileno()] * number))
    before = open_descriptors()
    found = fetch_listeners(server.path, timeout_s=30)
    server.join()
    try:
        assert [one.record for one in found] == records
        assert {one.inode for one in found} == {os.fstat(listener.fileno()).st_ino}
        assert not any(os.get_inheritable(one.descriptor) for one in found)
        assert open_descriptors() == before + number
    finally:
        close_listeners(found)
    assert open_descriptors() == before


def no_socket(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(struct.pack("=i", 1))
    with Path("/dev/null").open("rb") as null:
        send(connection, SocketRecord().encode(), [null.fileno()])
    connection.recv(4)


def half_of_them(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(struct.pack("=i", 2))
    with socket.socket() as one:
        send(connection, SocketRecord().encode(), [one.fileno()])
    connection.recv(4)


def one_too_many(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(struct.pack("=i", 1))
    with socket.socket() as one:
        send(connection, SocketRecord().encode() * 2, [one.fileno()] * 2)
    connection.recv(4)


def nothing_at_all(connection: socket.socket) -> None:
    read_request(connection)


def cli_text(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"Unknown command: '_getsocks'\n")


def far_too_many(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(struct.pack("=i", 2_000_000))
    connection.recv(4)


def silence(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(struct.pack("=i", 1))
    while connection.recv(100):
        pass


@pytest.mark.parametrize(
    ("act", "kind", "message"),
    [
        (no_socket, NotUnderstood, "no socket"),
        (half_of_them, CouldNotAsk, "broke off after 1 of 2 sockets"),
        (one_too_many, NotUnderstood, "2 sockets came, 1 were announced"),
        (nothing_at_all, WasRefused, "hands over no listening sockets"),
        (cli_text, NotUnderstood, "sockets were announced"),
        (far_too_many, NotUnderstood, "2000000 sockets were announced"),
        (silence, CouldNotAsk, "did not answer in time"),
    ],
)
def test_whoever_does_it_otherwise_leaves_nothing_open(
    server: Server, act: Act, kind: type[Exception], message: str
) -> None:
    before = open_descriptors()
    server.treat(act)
    with pytest.raises(kind, match=message):
        fetch_listeners(server.path, timeout_s=0.5 if act is silence else 30)
    server.join()
    assert open_descriptors() == before


def test_more_than_this_process_may_have_open(server: Server, listener: socket.socket) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = open_descriptors()
    server.treat(lambda c: hand_over(c, [SocketRecord()] * 400, [listener.fileno()] * 400))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 130, before[1]))
        found = fetch_listeners(server.path, timeout_s=30)
        assert len(found) == 400
        close_listeners(found)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_message_that_is_cut_short_by_the_limit(
    server: Server, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hitless.control.socket_transfer.allow_descriptors", lambda _count: True)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = open_descriptors()
    server.treat(lambda c: hand_over(c, [SocketRecord()] * 250, [listener.fileno()] * 250))
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, before[1]))
    try:
        with pytest.raises(CouldNotAsk, match="ulimit -n"):
            fetch_listeners(server.path, timeout_s=30)
    finally:
        server.join()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert open_descriptors() == count


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(CouldNotAsk, match="no socket at"):
        fetch_listeners(str(tmp_path / "missing"), timeout_s=1)


def test_only_unix_sockets_pass_descriptors() -> None:
    with pytest.raises(ValueError, match="unix"):
        fetch_listeners("127.0.0.1:9999", timeout_s=1)
