"""Keep an accept queue from running empty: connections that are opened and let go, as fast as one core can.

What waits in a listener's accept queue when it is closed is what a reload without socket transfer loses. Clients that
wait for answers leave that queue empty most of the time, however many they are; this program does not wait. It makes no
attempts: whom the reload hurts is counted by the clients whose connections stand in the same queue.

`python -m hitless.load.pressure ADDRESS PORT SOURCE...`: until SIGTERM, or until its parent ends.
"""

import contextlib
import ctypes
import itertools
import os
import signal
import socket
import struct
import sys
from collections import deque

from hitless.load.connection import IP_BIND_ADDRESS_NO_PORT

__all__ = ["press"]

OPEN_AT_ONCE = 256
"""Connections that are open at one time: an accept queue's worth, well below the usual somaxconn of 4096."""

_PR_SET_PDEATHSIG = 1
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero: no TIME_WAIT, so that the ports do not run out within seconds."""


def press(address: str, port: int, sources: list[str], *, rounds: int | None = None) -> None:
    """Open a connection after the other from each source in turn; each is reset when it is the oldest.

    `rounds` bounds how many are opened; None: until the process ends.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    open_ones: deque[socket.socket] = deque()
    counter = itertools.count() if rounds is None else range(rounds)
    for _, source in zip(counter, itertools.cycle(sources), strict=False):
        open_ones.append(_begin(family, source, (address, port)))
        if len(open_ones) >= OPEN_AT_ONCE:
            open_ones.popleft().close()
    for connection in open_ones:
        connection.close()


def _begin(family: int, source: str, target: tuple[str, int]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    with contextlib.suppress(OSError):  # refused, or no port free: the next one follows at once
        connection.bind((source, 0))
        connection.connect(target)
    return connection


def main() -> None:
    """Run until the parent ends."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == parent:
        press(sys.argv[1], int(sys.argv[2]), sys.argv[3:])


if __name__ == "__main__":
    main()
