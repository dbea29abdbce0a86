import os
import socket
from pathlib import Path

import pytest

from hitless.hold.loop import Loop
from hitless.hold.notify import Notifier, listen_names


@pytest.mark.parametrize("abstract", [False, True])
def test_descriptors_with_their_names(tmp_path: Path, *, abstract: bool) -> None:
    address = f"@hitless-test-{os.getpid()}" if abstract else f"{tmp_path}/notify"
    said: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + address[1:] if abstract else address)
        manager.settimeout(30)
        loop = Loop()
        notifier = Notifier(address, loop, said.append)
        notifier.send("READY=1", "STATUS=x")
        assert manager.recv(100) == b"READY=1\nSTATUS=x"
        notifier.store("held/web/7", manager.fileno())
        data, descriptors, _, _ = socket.recv_fds(manager, 200, 4)
        assert data == b"FDSTORE=1\nFDNAME=held/web/7\nFDPOLL=0"
        assert [os.fstat(one).st_ino for one in descriptors] == [os.fstat(manager.fileno()).st_ino]
        os.close(descriptors[0])
        notifier.remove("held/web/7")
        assert manager.recv(100) == b"FDSTOREREMOVE=1\nFDNAME=held/web/7"
    notifier.send("READY=1")
    assert len(said) == 1
    notifier.close()


def test_without_a_manager() -> None:
    notifier = Notifier("", Loop(), lambda _: pytest.fail("it says something"))
    notifier.send("READY=1")
    notifier.close()


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, {}),
        ({"LISTEN_PID": "1", "LISTEN_FDS": "2"}, {}),
        ({"LISTEN_PID": "9", "LISTEN_FDS": "x"}, {}),
        ({"LISTEN_PID": "9", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}, {3: "a", 4: "b"}),
        ({"LISTEN_PID": "9", "LISTEN_FDS": "2"}, {3: "", 4: ""}),
        ({"LISTEN_PID": "9", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:b"}, {3: "a"}),
    ],
)
def test_what_was_passed(environment: dict[str, str], names: dict[int, str]) -> None:
    assert listen_names(environment, 9) == names


def test_a_manager_that_does_not_read(tmp_path: Path) -> None:
    """Nothing waits for it, nothing is lost, and all comes in order."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    loop = Loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{tmp_path}/notify")
        notifier = Notifier(f"{tmp_path}/notify", loop, pytest.fail)
        read, write = os.pipe()
        for number in range(2000):
            notifier.store(f"held/web/{number}", read)
        os.close(read)
        os.close(write)
        manager.settimeout(30)
        for number in range(2000):
            data, descriptors, _, _ = socket.recv_fds(manager, 200, 2)
            assert f"FDNAME=held/web/{number}\n" in data.decode()
            os.close(descriptors[0])
            loop.run_once(0.0)
        notifier.store("held/web/x", manager.fileno())
        notifier.close()
    loop.close()
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208


def test_nobody_listens(tmp_path: Path) -> None:
    said: list[str] = []
    notifier = Notifier(f"{tmp_path}/nobody", Loop(), said.append)
    notifier.send("READY=1")
    assert len(said) == 1
