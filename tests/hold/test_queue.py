import socket

from hitless.hold.queue import read_queue


def test_who_waits() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=7) as listening:
        assert read_queue(listening.fileno(), tcp=True) == (0, 7)
        with (
            socket.create_connection(listening.getsockname()),
            socket.create_connection(listening.getsockname()),
        ):
            assert read_queue(listening.fileno(), tcp=True) == (2, 7)
        assert listening.fileno() >= 0


def test_what_is_not_known() -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        assert read_queue(raw.fileno(), tcp=False) == (None, None)
        assert read_queue(raw.fileno(), tcp=True) == (None, None)
