"""Ports for programs that tests start."""

import os
import random
import socket
from contextlib import suppress

__all__ = ["free_port"]

_LOWEST, _END = 10_000, 30_000
_MANY = 2_000
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_given: list[int] = []


def free_port(kind: int = socket.SOCK_STREAM, address: str = "127.0.0.1") -> int:
    """Return a port below the range that the kernel gives to clients, so that none of them can take it.

    Whoever asked for it binds it a moment later: nobody else is given it meanwhile, here or in another pytest worker.
    """
    while True:
        port = random.randrange(_LOWEST + _WORKER % _WORKERS, _END, _WORKERS)
        if port in _given:
            continue
        with socket.socket(type=kind) as probe, suppress(OSError):
            probe.bind((address, port))
            _given.append(port)
            del _given[:-_MANY]
            return port
