"""Ask a HAProxy for its listening sockets, as the next HAProxy would with `-x`.

What is fetched are duplicates: while one is open, connections queue on it although no HAProxy may be left to accept
them. Close them as soon as they have served their purpose, and never accept on one.
"""

import array
import contextlib
import os
import socket
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.fd_passing import DESCRIPTORS_PER_MESSAGE, REQUEST, SocketRecord, SocketsReply
from hitless.control.runtime_api import errors_explained, set_deadline
from hitless.control.wire import parse_address
from hitless.limits import allow_descriptors

__all__ = ["PassedListener", "close_listeners", "fetch_listeners"]

_INT_BYTES = array.array("i").itemsize
_ANCILLARY_BYTES = socket.CMSG_SPACE((DESCRIPTORS_PER_MESSAGE + 1) * _INT_BYTES)
"""Up to 2.5.0 a message brings 253."""
_UNNAMED = SocketRecord()


@dataclass(frozen=True, slots=True)
class PassedListener:
    """A listening socket of another process: an open descriptor of ours, close-on-exec, and what is said of it."""

    descriptor: int
    record: SocketRecord = _UNNAMED

    @property
    def inode(self) -> int:
        """What /proc and inet_diag call this very socket, in whichever process."""
        return os.fstat(self.descriptor).st_ino


def close_listeners(listeners: Iterable[PassedListener]) -> None:
    """Close the descriptors; the sockets live on where others hold them."""
    for listener in listeners:
        os.close(listener.descriptor)


def fetch_listeners(address: str, *, timeout_s: float) -> list[PassedListener]:
    """Return the listening sockets of the HAProxy whose stats socket is at `address`, in its order.

    `timeout_s` bounds the whole. The caller closes them (`close_listeners`); after an error nothing is left open.
    Raises: CouldNotAsk; WasRefused if it hands nothing over (no `expose-fd listeners`, or not HAProxy);
        NotUnderstood; ValueError for an address that is none of a unix socket.
    """
    where = parse_address(address)
    if where.family != socket.AF_UNIX:
        raise ValueError(f"descriptors pass only through unix sockets: {address!r}")
    deadline = time.monotonic() + timeout_s
    descriptors: list[int] = []
    reply = SocketsReply()
    try:
        with (
            errors_explained(where.text),
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection,
        ):
            set_deadline(connection, deadline)
            connection.connect(where.target)
            connection.sendall(REQUEST)
            while not reply.complete:
                set_deadline(connection, deadline)
                _read(connection, reply, descriptors, where.text)
        return [PassedListener(d, r) for d, r in zip(descriptors, reply.records, strict=True)]
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def _read(connection: socket.socket, reply: SocketsReply, descriptors: list[int], where: str) -> None:
    data, ancillary, flags, _ = connection.recvmsg(
        reply.read_bytes, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC
    )
    came = array.array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            came.frombytes(content[: len(content) // _INT_BYTES * _INT_BYTES])
    descriptors.extend(came)
    if flags & socket.MSG_CTRUNC:
        raise CouldNotAsk(f"{where} handed over more sockets than this process may have open (ulimit -n)")
    if not data:
        raise _closed(reply, where)
    if not all(stat.S_ISSOCK(os.fstat(descriptor).st_mode) for descriptor in came):
        raise NotUnderstood(f"{where} handed over what is no socket", raw="")
    known = reply.announced is not None
    acknowledgement = reply.feed(data, len(came))
    if not known and reply.announced is not None and not allow_descriptors(reply.announced):
        raise CouldNotAsk(
            f"{where} has {reply.announced} sockets to hand over, and this process may not have so many files open",
            hint="Raise the hard limit of open files (ulimit -Hn, LimitNOFILE=).",
        )
    # The last one finds the other side gone up to 3.2-dev5, which do not wait for it.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(acknowledgement)


def _closed(reply: SocketsReply, where: str) -> CouldNotAsk | WasRefused:
    if reply.announced is not None:
        return CouldNotAsk(f"{where} broke off after {len(reply.records)} of {reply.announced} sockets")
    return WasRefused(
        f"{where} hands over no listening sockets",
        hint="the `stats socket` line needs `expose-fd listeners`; the master's CLI has none to give",
    )
