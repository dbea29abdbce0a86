"""Ports for programs that tests start."""

import os
import random
import socket
from collections import deque
from contextlib import suppress

__all__ = ["free_port"]

_given: deque[int] = deque(maxlen=2000)


def free_port(kind: int = socket.SOCK_STREAM, address: str = "127.0.0.1") -> int:
    """Return a port below the range that the kernel gives to clients, so that none of them can take it.

    Nor can another test: each process of pytest-xdist has its own ports, and gives none twice.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        port = random.randrange(10_000 + worker, 30_000, workers)
        if port in _given:
            continue
        with socket.socket(type=kind) as probe, suppress(OSError):
            probe.bind((address, port))
            _given.append(port)
            return port
