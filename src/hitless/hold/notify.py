"""Talk to systemd: what it shows of us, and its store of descriptors, which outlives us.

Source: sd_notify(3), sd_pid_notify_with_fds(3), FileDescriptorStoreMax= in systemd.service(5); systemd 236 and later
remove by name, 246 and later know FDPOLL=0: without that a socket which HAProxy pauses would be thrown out.
"""

from __future__ import annotations

import array
import os
import socket
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitless.hold.loop import Loop

__all__ = ["Notifier", "listen_names"]

FIRST = 3
"""SD_LISTEN_FDS_START."""


def listen_names(environment: Mapping[str, str], pid: int) -> dict[int, str]:
    """Return the descriptors that systemd has passed, with their names.

    Source: sd_listen_fds_with_names(3).
    """
    number = environment.get("LISTEN_FDS", "")
    if environment.get("LISTEN_PID") != str(pid) or not (number.isascii() and number.isdigit()):
        return {}
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    return dict(zip(range(FIRST, FIRST + int(number)), [*names, *[""] * int(number)], strict=False))


class Notifier:
    """Sends to the service manager, in order, and never waits for it; does nothing where there is none."""

    def __init__(self, address: str, loop: Loop, say: Callable[[str], None]) -> None:
        self._loop = loop
        self._say = say
        self._socket: socket.socket | None = None
        self._waiting: deque[tuple[bytes, int | None]] = deque()
        """What could not be sent yet; with a duplicate of the descriptor, since that may be closed before."""
        if address[:1] in {"/", "@"}:
            self._connect(f"\0{address[1:]}" if address[0] == "@" else address)

    def _connect(self, address: str) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        connection.setblocking(False)  # noqa: FBT003 - the standard library's way
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            self._say(f"the service manager cannot be told anything: {error.strerror or error}")
            return
        self._socket = connection

    def send(self, *lines: str, descriptor: int | None = None) -> None:
        """Send lines, with a descriptor."""
        if self._socket is None:
            return
        self._waiting.append(("\n".join(lines).encode(), None if descriptor is None else os.dup(descriptor)))
        self._flush()

    def _flush(self) -> None:
        """Send what can be sent; the rest is sent when the service manager has read."""
        while self._waiting and self._socket is not None:
            data, descriptor = self._waiting[0]
            passed = [] if descriptor is None else [_rights(descriptor)]
            try:
                self._socket.sendmsg([data], passed)
            except BlockingIOError:
                self._loop.watch(self._socket, self._flush, writing=True)
                return
            except OSError as error:
                self._say(f"the service manager does not take {data!r}: {error.strerror or error}")
            self._waiting.popleft()
            if descriptor is not None:
                os.close(descriptor)
        if self._socket is not None:
            self._loop.forget(self._socket)

    def store(self, name: str, descriptor: int) -> None:
        """Put a descriptor into the store."""
        self.send("FDSTORE=1", f"FDNAME={name}", "FDPOLL=0", descriptor=descriptor)

    def remove(self, name: str) -> None:
        """Take what has this name out of the store."""
        self.send("FDSTOREREMOVE=1", f"FDNAME={name}")

    def close(self) -> None:
        """Send no more; what waits is not sent."""
        if self._socket is not None:
            self._loop.forget(self._socket)
            self._socket.close()
            self._socket = None
        while self._waiting:
            _, descriptor = self._waiting.popleft()
            if descriptor is not None:
                os.close(descriptor)


def _rights(descriptor: int) -> tuple[int, int, array.array[int]]:
    return (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))
