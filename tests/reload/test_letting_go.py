import os
import socket

from hitless.host.descriptors import HeldListeners
from hitless.host.held_listener import HeldListener
from hitless.reload.letting_go import wait_let_go


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert wait_let_go([2**22 + 1], HeldListeners(())) == []


def test_a_process_that_does_not_hold_it_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = HeldListener(
            descriptor=os.dup(server.fileno()),
            number=3,
            inode=os.fstat(server.fileno()).st_ino + 1_000_000,
            kind=socket.SOCK_STREAM,
            endpoint="127.0.0.1:1",
            owner_uid=0,
        )
        with HeldListeners((listener,)) as held:
            assert wait_let_go([os.getpid()], held) == []
