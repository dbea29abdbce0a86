"""When something last moved on TCP sockets, as the kernel says it: how idle a connection is.

The struct tcp_info that INET_DIAG_INFO brings is at least as long as Linux 2.6.21's; the three times are milliseconds
before now: `__u32 tcpi_last_data_sent` at 44, `tcpi_last_ack_sent` at 48, `tcpi_last_data_recv` at 52. They count data,
not keep-alive probes; a socket that has carried none counts from when it was established.

Source: Linux v6.18 include/uapi/linux/tcp.h struct tcp_info, net/ipv4/tcp.c tcp_get_info(), net/ipv4/tcp_minisocks.c
tcp_create_openreq_child().
"""

import socket
import struct
from collections.abc import Collection
from dataclasses import dataclass

from hitless.host import netlink
from hitless.host.inet_diag import DEFAULT_TIMEOUT_S, dump_tcp, parse_connection

__all__ = ["SocketActivity", "read_socket_activity"]

_INET_DIAG_INFO = 2
_ESTABLISHED, _FIN_WAIT1, _FIN_WAIT2, _CLOSE_WAIT = 1, 4, 5, 8
_STATES = 1 << _ESTABLISHED | 1 << _FIN_WAIT1 | 1 << _FIN_WAIT2 | 1 << _CLOSE_WAIT
_STATE_OFFSET = 1
_INODE = struct.Struct("=I")
_INODE_OFFSET = 68
_TIMES = struct.Struct("=III")
_TIMES_OFFSET = 44


@dataclass(frozen=True, slots=True)
class SocketActivity:
    """One TCP connection; endpoints as events write them ("10.0.0.1:443"), seen from the process that holds it."""

    local: str
    remote: str
    inode: int
    idle_s: float | None
    """Since data last moved in either direction; None where the kernel did not say."""
    half_closed: bool = False
    """The peer has closed its side, and our process has not (CLOSE_WAIT)."""


def read_socket_activity(
    inodes: Collection[int], diag: socket.socket | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> dict[int, SocketActivity]:
    """Return those of these sockets that are TCP connections, by inode; all of the namespace's are looked through.

    Raises: EvidenceError if the kernel cannot be asked or its answer cannot be read.
    """
    found = {}
    for payload in dump_tcp(_STATES, extensions=1 << (_INET_DIAG_INFO - 1), diag=diag, timeout_s=timeout_s):
        if len(payload) >= _INODE_OFFSET + _INODE.size:
            # Most are others' sockets: nothing more of them is taken apart.
            inode = _INODE.unpack_from(payload, _INODE_OFFSET)[0]
            if inode in inodes:
                found[inode] = _parse(payload)
    return found


def _parse(payload: bytes) -> SocketActivity:
    connection = parse_connection(payload)
    info = netlink.parse_attributes(payload[_INODE_OFFSET + _INODE.size :]).get(_INET_DIAG_INFO, b"")
    idle_s = None
    if len(info) >= _TIMES_OFFSET + _TIMES.size:
        sent_ms, _, received_ms = _TIMES.unpack_from(info, _TIMES_OFFSET)
        idle_s = min(sent_ms, received_ms) / 1000
    return SocketActivity(
        local=connection.local,
        remote=connection.remote,
        inode=connection.inode,
        idle_s=idle_s,
        half_closed=payload[_STATE_OFFSET] == _CLOSE_WAIT,
    )
