"""Ports for programs that tests start."""

import random
import socket
from contextlib import suppress

__all__ = ["free_port"]


def free_port(kind: int = socket.SOCK_STREAM, address: str = "127.0.0.1") -> int:
    """Return a port below the range that the kernel gives to clients, so that none of them can take it."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket(type=kind) as probe, suppress(OSError):
            probe.bind((address, port))
            return port
