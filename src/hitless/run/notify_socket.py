"""Between HAProxy and its service manager: a socket for what it says (NOTIFY_SOCKET), and ours to the manager."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hitless.run.notify import passed_on

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NotifySocket"]

_UCRED = struct.Struct("=iII")
_MOST_BYTES = 4096
_MOST_AT_ONCE = 32


class NotifySocket:
    """A context manager. Without a service manager that listens (NOTIFY_SOCKET) it has no socket, and says nothing.

    `path` is HAProxy's NOTIFY_SOCKET, "" without one.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._manager = environment.get("NOTIFY_SOCKET", "")
        self._resources = contextlib.ExitStack()
        self._socket: socket.socket | None = None
        self.path = ""

    def __enter__(self) -> Self:
        """Open it. Raises: OSError."""
        if not self._manager:
            return self
        with contextlib.ExitStack() as resources:
            place = resources.enter_context(tempfile.TemporaryDirectory(prefix="hitless-run-"))  # mode 0700
            receiving = resources.enter_context(
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
            )
            receiving.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            self.path = f"{place}/notify"
            receiving.bind(self.path)
            Path(self.path).chmod(0o600)
            self._socket = receiving
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def fileno(self) -> int:
        """Return the descriptor that is readable when HAProxy has said something; -1 without one."""
        return self._socket.fileno() if self._socket is not None else -1

    def pass_on(self) -> None:
        """Take what HAProxy has said, and pass on what is the manager's to know."""
        if self._socket is None:
            return
        for _ in range(_MOST_AT_ONCE):
            try:
                data, ancillary, _, _ = self._socket.recvmsg(_MOST_BYTES, socket.CMSG_SPACE(_UCRED.size))
            except OSError:  # nothing more
                return
            if _sender(ancillary) in {0, os.geteuid()}:
                self.say(passed_on(data).decode())

    def say(self, text: str) -> bool:
        """Tell the manager; return whether it was told. One that does not listen any more is no reason to end."""
        if not self._manager or not text:
            return False
        address = f"\0{self._manager[1:]}" if self._manager.startswith("@") else self._manager
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(1.0)
            try:
                sender.sendto(text.encode("utf-8", "replace"), address)
            except OSError:
                return False
        return True


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    """Return the user who sent a datagram."""
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(content) >= _UCRED.size:
            _, uid, _ = _UCRED.unpack(content[: _UCRED.size])
            return int(uid)
    return None
