import subprocess
import sys
from collections.abc import Iterator

import pytest

from hitless.errors import ReloadError
from hitless.facts import Process, Role, RunMode
from hitless.host.errors import Gone
from hitless.reload.taking import take_listeners
from hitless.reload.target import Target
from tests.control.test_socket_transfer import open_descriptors
from tests.reload.test_target import target

LISTENS = """
import os, socket, sys
kept = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
if os.fork() == 0:
    kept.pop().close()
    kept.append(socket.create_server(("127.0.0.1", 0)))
print(os.getpid(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def pair() -> Iterator[list[int]]:
    """Two processes: one socket of each is its own, one is shared."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", LISTENS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield [int(process.stdout.readline()) for _ in range(2)]
        assert process.stdin is not None
        process.stdin.close()


def serving(*pids: int, generation: int = 0) -> Target:
    processes = tuple(
        Process(pid=pid, parent_pid=1, role=Role.CLASSIC, generation=generation) for pid in pids
    )
    return target(*processes, mode=RunMode.CLASSIC)


def test_each_socket_is_taken_once(pair: list[int]) -> None:
    before = open_descriptors()
    with take_listeners(serving(*pair)) as held:
        assert len({one.inode for one in held}) == len(held.listeners) == 3
        assert open_descriptors() == before + 3
    assert open_descriptors() == before


def test_nobody_serves(pair: list[int]) -> None:
    with pytest.raises(ReloadError, match="No process of it serves"):
        take_listeners(serving(*pair, generation=1))


def test_one_that_has_gone_leaves_nothing_open(pair: list[int]) -> None:
    before = open_descriptors()
    with pytest.raises(Gone):
        take_listeners(serving(pair[0], 0x7FFF_FFFF))
    assert open_descriptors() == before
