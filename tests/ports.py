"""Ports for programs that tests start."""

import os
import random
import socket
from collections import deque
from contextlib import suppress

__all__ = ["free_port"]

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_MINE = range(10_000 + _WORKER, 30_000, _WORKERS)
_chance = random.SystemRandom()  # hypothesis seeds the usual one anew for each test
_given: deque[int] = deque(maxlen=len(_MINE) // 2)


def free_port(kind: int = socket.SOCK_STREAM, address: str = "127.0.0.1") -> int:
    """Return a port below the range that the kernel gives to clients, so that none of them can take it.

    It may not be bound for a while yet: no other test worker, and no call of this one soon, gets it meanwhile.
    """
    while True:
        port = _chance.choice(_MINE)
        if port in _given:
            continue
        with socket.socket(type=kind) as probe, suppress(OSError):
            probe.bind((address, port))
            _given.append(port)
            return port
