"""How many connections wait on a listening socket, asked of the socket itself, in whichever network namespace it is."""

import socket
import struct

__all__ = ["read_queue"]

_FIELDS = struct.Struct("=II")
_OFFSET = 24
_SIZE_BYTES = 104


def read_queue(descriptor: int, *, tcp: bool) -> tuple[int | None, int | None]:
    """Return how many connections wait to be accepted, and how many may; None where the kernel does not say.

    Source: Linux v6.18 net/ipv4/tcp.c tcp_get_info(): of a socket in LISTEN, tcpi_unacked is sk_ack_backlog and
    tcpi_sacked is sk_max_ack_backlog.
    """
    if not tcp:
        return None, None
    # Family and kind are as they are; as given here they only keep Python from asking first.
    raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=descriptor)
    try:
        data = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE_BYTES)
        length, limit = _FIELDS.unpack_from(data, _OFFSET)
    except (OSError, struct.error):  # MPTCP, a kernel that is older than all of this
        return None, None
    finally:
        raw.detach()
    return length, limit
