import os
import socket
import struct

import pytest

from hitless.control.errors import CouldNotAsk, NotUnderstood
from hitless.control.fd_passing import REQUEST, SocketRecord, SocketsServer
from hitless.control.socket_serving import ServedClient


def test_one_conversation() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        served = ServedClient(ours, SocketsServer([SocketRecord()]), [ours.fileno()])
        with pytest.raises(BlockingIOError):
            served.hear()
        theirs.sendall(REQUEST)
        served.hear()
        assert theirs.recv(4) == struct.pack("=i", 1)
        _, descriptors, _, _ = socket.recv_fds(theirs, 100, 2)
        assert [os.fstat(one).st_ino for one in descriptors] == [os.fstat(ours.fileno()).st_ino]
        os.close(descriptors[0])
        assert not served.complete
        theirs.sendall(struct.pack("=i", 1))
        served.hear()
        assert served.complete


def test_who_leaves_and_who_says_something_else() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        served = ServedClient(ours, SocketsServer([SocketRecord()]), [ours.fileno()])
        with pytest.raises(NotUnderstood):
            served.feed(b"show info")
        theirs.close()
        with pytest.raises(CouldNotAsk, match="went away"):
            served.hear()
