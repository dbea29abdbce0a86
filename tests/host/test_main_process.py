import os
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from hitless.host.errors import HostError
from hitless.host.main_process import apply_main_process


def received(directory: Path, old_pid: int) -> tuple[bytes, int]:
    address = str(directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(address)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        server.settimeout(30)
        apply_main_process(old_pid, 4711, address=address)
        data, ancillary, _, _ = server.recvmsg(100, socket.CMSG_SPACE(12))
    pid, _, _ = struct.unpack("=iII", ancillary[0][2])
    return data, pid


def test_it_is_said_as_ourselves(tmp_path: Path) -> None:
    assert received(tmp_path, os.getpid()) == (b"MAINPID=4711\n", os.getpid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may say whom a datagram is from")
def test_root_says_it_as_another_process(tmp_path: Path) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        assert received(tmp_path, other.pid) == (b"MAINPID=4711\n", other.pid)
        other.communicate(b"")


def test_without_a_service_manager_it_cannot_be_said(tmp_path: Path) -> None:
    with pytest.raises(HostError):
        apply_main_process(os.getpid(), 1, address=str(tmp_path / "nobody"))
