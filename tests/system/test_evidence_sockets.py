"""Our socket lists against those of `ss`."""

import os
import re
import shutil
import socket
import subprocess

import pytest

from hitless.host.inet_diag import read_connections, read_listeners, read_unix_sockets
from tests.system.conftest import require
from tests.system.live_haproxy import await_true
from tests.system.load_bed import await_queue

pytestmark = pytest.mark.system


def run_ss(*options: str) -> list[str]:
    require(shutil.which("ss"), "ss is not installed")
    return subprocess.run(
        ["ss", "--no-header", "--numeric", "--extended", *options], check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_listeners_are_those_of_ss() -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=5) as four,
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as dual,
        socket.create_server(("::", 0), family=socket.AF_INET6) as six,
        socket.create_connection(("127.0.0.1", dual.getsockname()[1])),
    ):
        await_queue(dual.getsockname()[1], 1)
        own = {os.fstat(server.fileno()).st_ino for server in (four, dual, six)}
        ours = {
            (item.inode, item.port, item.queue_length, item.queue_limit, item.v6_only)
            for item in read_listeners()
            if item.inode in own
        }
        theirs = set()
        for line in run_ss("--tcp", "--listening"):
            words = line.split()
            inode = re.search(r"\bino:(\d+)", line)
            assert inode is not None
            if int(inode[1]) in own:
                port = int(words[3].rpartition(":")[2])
                theirs.add((int(inode[1]), port, int(words[1]), int(words[2]), "v6only:1" in line))
        assert len(ours) == len(own)
        assert ours == theirs


def test_connections_are_those_of_ss() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        await_true(lambda: len(read_connections(port)) >= 20, "the last packet of each handshake has come")
        ours = {item.remote for item in read_connections(port)}
        theirs = {
            line.split()[3] for line in run_ss("--tcp", "state", "established", "sport", "=", f":{port}")
        }
        for client in clients:
            client.close()
        assert len(ours) == 20
        assert ours == theirs


def test_unix_sockets_are_those_of_ss() -> None:
    left, right = socket.socketpair()
    with left, right:
        inodes = {os.fstat(left.fileno()).st_ino, os.fstat(right.fileno()).st_ino}
        ours = {item.inode: item.peer_inode for item in read_unix_sockets() if item.inode in inodes}
        theirs = {}
        for line in run_ss("--unix"):
            words = line.split()
            if int(words[5]) in inodes:
                theirs[int(words[5])] = int(words[7])
        assert len(ours) == 2
        assert ours == theirs
