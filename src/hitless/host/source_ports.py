"""Who holds source ports towards a server: every TCP connection to one endpoint from one address has its own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hitless.host.inet_diag import DEFAULT_TIMEOUT_S, TCP_LISTEN, dump_tcp, parse_connection

if TYPE_CHECKING:
    import socket

__all__ = ["count_towards"]

_TIME_WAIT = 6
_ALL_BUT_LISTEN = 0xFFF & ~(1 << TCP_LISTEN)
"""States 1 (ESTABLISHED) to 11 (CLOSING). Source: Linux v6.18 include/net/tcp_states.h."""
_STATE = 1
"""Where struct inet_diag_msg has the state."""


def count_towards(
    remote_port: int, diag: socket.socket | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> Counter[tuple[str, str, bool]]:
    """Count the TCP sockets towards a remote port: by local address, remote endpoint, and whether in TIME_WAIT.

    Raises: EvidenceError if the kernel cannot be asked or its answer cannot be read.
    """
    found: Counter[tuple[str, str, bool]] = Counter()
    for payload in dump_tcp(_ALL_BUT_LISTEN, remote_port=remote_port, diag=diag, timeout_s=timeout_s):
        connection = parse_connection(payload)
        local = connection.local.rpartition(":")[0]
        found[local, connection.remote, payload[_STATE] == _TIME_WAIT] += 1
    return found
