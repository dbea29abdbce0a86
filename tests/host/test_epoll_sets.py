"""A child that closes a listening socket of which we hold a duplicate, and waits for it all the same."""

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.host.descriptors import duplicate_listeners
from hitless.host.epoll_sets import apply_forget_closed, read_polled_inodes
from hitless.host.errors import Gone
from tests.control.test_socket_transfer import open_descriptors

WAITS = """
import os, select, socket, sys
one, other = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
numbers = list(range(20, 60))
sets = [select.epoll(), select.epoll()]
for number in numbers:
    os.dup2(one.fileno(), number)
for each in sets:
    for number in [*numbers, other.fileno()]:
        each.register(number, select.EPOLLIN)
print(one.getsockname()[1], other.getsockname()[1], flush=True)
sys.stdin.readline()
one.close()
for number in numbers:
    os.close(number)
os.open("/dev/null", os.O_RDONLY)
pair = socket.socketpair()
print("closed", flush=True)
for line in sys.stdin:
    print(len(sets[0].poll(0)), flush=True)
"""


class Waiter:
    """The child."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.pid = process.pid
        self._process = process
        self.ports = [int(word) for word in self.hear().split()]

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def ask(self) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.hear().strip()


@pytest.fixture
def waiter() -> Iterator[Waiter]:
    words = [sys.executable, "-I", "-S", "-c", WAITS]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Waiter(process)
        process.kill()


def test_a_closed_socket_wakes_nobody_any_more(waiter: Waiter) -> None:
    before = open_descriptors()
    with duplicate_listeners(waiter.pid) as held:
        sockets = {one.inode: one.descriptor for one in held}
        assert read_polled_inodes(waiter.pid) >= sockets.keys()
        assert apply_forget_closed(waiter.pid, sockets) == 0  # it has them open
        assert waiter.ask() == "closed"
        with socket.create_connection(("127.0.0.1", waiter.ports[0])):
            assert waiter.ask() == "40"
            assert apply_forget_closed(waiter.pid, sockets) == 80
            assert waiter.ask() == "0"
            assert apply_forget_closed(waiter.pid, sockets) == 0
        with socket.create_connection(("127.0.0.1", waiter.ports[1])):
            assert waiter.ask() == "1"
        open_inode = next(one.inode for one in held if one.endpoint.endswith(f":{waiter.ports[1]}"))
        assert read_polled_inodes(waiter.pid) == {open_inode}
    assert open_descriptors() == before


def test_our_own_sets_are_read_as_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, select.epoll() as epoll:
        inode = os.fstat(listening.fileno()).st_ino
        assert inode not in read_polled_inodes(os.getpid())
        epoll.register(listening, select.EPOLLIN)
        assert inode in read_polled_inodes(os.getpid())


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(Gone):
        read_polled_inodes(0x7FFF_FFFF)
    with pytest.raises(Gone):
        apply_forget_closed(0x7FFF_FFFF, {})
    (tmp_path / "1" / "fd").mkdir(parents=True)
    assert read_polled_inodes(1, tmp_path) == frozenset()
