import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hitless.control.socket_transfer import close_listeners, fetch_listeners
from hitless.run.kept_sockets import KeptSockets
from tests.control.test_socket_transfer import open_descriptors

LISTENS = (
    "import socket, sys; s = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)];"
    "print(*(x.getsockname()[1] for x in s), flush=True); sys.stdin.read()"
)


@pytest.fixture
def listener() -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    with subprocess.Popen(
        [sys.executable, "-c", LISTENS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield process, [int(word) for word in process.stdout.readline().split()]
        process.kill()


@pytest.mark.parametrize("version", [(2, 8, 0), (2, 2, 0)])
def test_they_outlive_their_process_and_are_handed_over(
    listener: tuple[subprocess.Popen[bytes], list[int]], version: tuple[int, int, int]
) -> None:
    process, ports = listener
    before = open_descriptors()
    kept = KeptSockets(version)
    assert kept.offer() is None
    assert kept.take([process.pid], ()) == ""
    assert kept.take([process.pid], ()) == ""  # again: nothing is left open of the first time
    assert len(kept) == 2
    process.kill()
    process.wait()
    with socket.create_connection(("127.0.0.1", ports[0]), timeout=30):
        offer = kept.offer()
        assert offer is not None
        with offer:
            close_listeners(fetch_listeners(offer.path, timeout_s=30))
    kept.close()
    assert len(kept) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=30)
    assert open_descriptors() == before


def test_what_could_not_be_taken_leaves_what_is_kept(
    listener: tuple[subprocess.Popen[bytes], list[int]],
) -> None:
    process, _ = listener
    kept = KeptSockets((2, 8, 0))
    kept.take([process.pid], ())
    if os.geteuid() != 0:
        assert kept.take([1], ("/nobody",)) != ""
        assert len(kept) == 2
    kept.close()
