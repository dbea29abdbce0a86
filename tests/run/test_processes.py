import os
import socket

from hitless.run.processes import haproxy_children, read_serving, signature


def test_other_programs_are_no_haproxy() -> None:
    assert haproxy_children(os.getpid()) == ()
    assert haproxy_children(2**22 + 1) == ()


def test_who_listens_serves() -> None:
    assert read_serving(2**22 + 1) == ()
    with socket.create_server(("127.0.0.1", 0)):
        assert read_serving(os.getpid()) == (os.getpid(),)


def test_the_signature_is_of_processes_and_their_start() -> None:
    assert [pid for pid, _ in signature(os.getpid())] == [os.getpid()]
    assert signature(os.getpid()) == signature(os.getpid())
