"""Talk to systemd: what it shows of us, and its store of descriptors, which outlives us.

Source: sd_notify(3), sd_pid_notify_with_fds(3), FileDescriptorStoreMax= in systemd.service(5); systemd 236 and later
remove by name, 246 and later know FDPOLL=0: without that a socket which HAProxy pauses would be thrown out.
"""

import array
import socket
from collections.abc import Callable, Mapping

__all__ = ["Notifier", "listen_names"]

_TIMEOUT_S = 2.0
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
    """Sends to the service manager; does nothing where there is none."""

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self._say = say
        self._socket: socket.socket | None = None
        if address[:1] in {"/", "@"}:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.settimeout(_TIMEOUT_S)
            self._address = f"\0{address[1:]}" if address[0] == "@" else address

    @property
    def there(self) -> bool:
        """Somebody listens to us."""
        return self._socket is not None

    def send(self, *lines: str, descriptors: tuple[int, ...] = ()) -> None:
        """Send lines, with descriptors."""
        if self._socket is None:
            return
        ancillary = (
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        )
        try:
            self._socket.sendmsg(["\n".join(lines).encode()], ancillary, 0, self._address)
        except OSError as error:
            self._say(f"the service manager does not take {lines[0]}: {error.strerror or error}")

    def store(self, name: str, descriptor: int) -> None:
        """Put a descriptor into the store."""
        self.send("FDSTORE=1", f"FDNAME={name}", "FDPOLL=0", descriptors=(descriptor,))

    def remove(self, name: str) -> None:
        """Take what has this name out of the store."""
        self.send("FDSTOREREMOVE=1", f"FDNAME={name}")
