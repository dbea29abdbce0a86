"""Let the kernel move waiting connections for the time of one reload: net.ipv4.tcp_migrate_req.

Where listening sockets are not handed over, the old process closes its own, and what waits in their queues is reset.
With this setting the kernel gives it to the new process's socket of the same SO_REUSEPORT group instead.

It is of a network namespace. Source: Linux 5.14 net/core/sock_reuseport.c reuseport_migrate_sock(); ip-sysctl.
"""

from __future__ import annotations

from pathlib import Path

from hitless.errors import ReloadError
from hitless.host.netns import in_network_namespace

__all__ = ["read_migrate_req", "write_migrate_req"]

_SETTING = Path("/proc/sys/net/ipv4/tcp_migrate_req")


def read_migrate_req(pid: int | None) -> str:
    """Return the setting in the network namespace of a process (None: ours): "0", "1", "" where the kernel has none.

    Raises: HostError if that namespace cannot be entered.
    """

    def read() -> str:
        try:
            return _SETTING.read_text().strip()
        except OSError:
            return ""

    return in_network_namespace(pid, read)


def write_migrate_req(pid: int | None, value: str) -> None:
    """Set it in the network namespace of a process (None: ours).

    Raises: ReloadError if it cannot be set; HostError if that namespace cannot be entered.
    """

    def write() -> None:
        try:
            _SETTING.write_text(f"{value}\n")
        except OSError as error:
            raise ReloadError(
                f"net.ipv4.tcp_migrate_req cannot be set to {value}: {error.strerror}.",
                hint="It takes root, and /proc/sys writable.",
            ) from error

    in_network_namespace(pid, write)
