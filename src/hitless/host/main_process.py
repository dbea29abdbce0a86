"""Tell systemd which process is the main one of a service: MAINPID= of sd_notify(3).

systemd takes it from the present main process alone (NotifyAccess=main), or from any of the unit (all). Root may say
whom a datagram is from (SCM_CREDENTIALS, as `systemd-notify --pid=` does), so it can be said for the present one.

Source: systemd v252 src/core/service.c service_notify_message(), src/systemctl/../notify/notify.c; unix(7); tried on
systemd 252.
"""

import array
import os
import socket
import struct

from hitless.host.errors import translated

__all__ = ["NOTIFY_SOCKET", "apply_main_process"]

NOTIFY_SOCKET = "/run/systemd/notify"
"""Of the system's manager. Source: systemd v252 src/core/manager.c manager_setup_notify()."""
_UCRED = struct.Struct("=iII")
_TIMEOUT_S = 2.0


def apply_main_process(old_pid: int, new_pid: int, *, address: str = NOTIFY_SOCKET) -> None:
    """Say, as the present main process, that another one of the unit is the main process from now on.

    Nothing answers: whether it was taken shows in MainPID= of the unit.

    Raises: HostError, Gone, Denied if it cannot be said.
    """
    who = array.array("b", _UCRED.pack(old_pid, os.geteuid(), os.getegid()))
    with (
        translated(f"process {old_pid} or {address} is not there", f"{address} takes no message from us"),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
    ):
        sender.settimeout(_TIMEOUT_S)
        message = f"MAINPID={new_pid}\n".encode()
        sender.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, who)], 0, address)
