import os
import socket

from hitless.control.peer import Peer, read_peer


def test_ourselves() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert read_peer(one) == Peer(os.getpid(), os.geteuid())
        assert str(read_peer(one)) == f"process {os.getpid()} of user {os.geteuid()}"
