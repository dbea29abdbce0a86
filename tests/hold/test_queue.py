import socket
import time

from hitless.hold.queue import read_queue


def test_who_waits() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=7) as listening:
        assert read_queue(listening.fileno(), tcp=True) == (0, 7)
        with (
            socket.create_connection(listening.getsockname()),
            socket.create_connection(listening.getsockname()),
        ):
            deadline_s = time.monotonic() + 30  # a client is connected a moment before it stands in the queue
            while (found := read_queue(listening.fileno(), tcp=True)) != (2, 7):
                assert time.monotonic() < deadline_s, found
        assert listening.fileno() >= 0


def test_what_is_not_known() -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        assert read_queue(raw.fileno(), tcp=False) == (None, None)
        assert read_queue(raw.fileno(), tcp=True) == (None, None)
