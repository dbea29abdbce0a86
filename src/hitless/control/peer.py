"""Who is on the other side of a unix socket, as the kernel says it."""

import socket
import struct
from dataclasses import dataclass

__all__ = ["Peer", "read_peer"]

_UCRED = struct.Struct("=iII")


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected (0 where it is in a process namespace that we do not see), and its user."""

    pid: int
    uid: int

    def __str__(self) -> str:
        return f"process {self.pid} of user {self.uid}"


def read_peer(connection: socket.socket) -> Peer:
    """Return who connected.

    Source: unix(7), SO_PEERCRED: struct ucred { pid_t pid; uid_t uid; gid_t gid; }, as of connect().
    """
    pid, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, uid)
