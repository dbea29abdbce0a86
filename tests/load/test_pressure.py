"""Connections that are opened and let go."""

import select
import socket
import struct

from hitless.load.pressure import OPEN_AT_ONCE, press


def test_every_round_is_a_connection_of_the_next_source_and_none_is_kept() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        press("127.0.0.1", listener.getsockname()[1], ["127.0.0.5", "127.0.0.6"], rounds=4)
        listener.settimeout(30)
        sources = []
        for _ in range(4):
            connection, (source, _port) = listener.accept()
            sources.append(source)
            with connection:
                arrival = select.poll()
                arrival.register(connection, 0)  # POLLHUP and POLLERR are always told
                assert arrival.poll(30_000)
                state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
            assert struct.unpack("B", state)[0] == 7, "TCP_CLOSE: it was reset, so it leaves no TIME_WAIT"
    assert sources == ["127.0.0.5", "127.0.0.6"] * 2


def test_nobody_listening_is_no_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    press("127.0.0.1", port, ["127.0.0.5"], rounds=OPEN_AT_ONCE + 10)
