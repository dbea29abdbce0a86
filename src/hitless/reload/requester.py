"""Who asked for a reload: as the kernel and the login session say, not as the caller claims."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from pathlib import Path

from hitless.host.errors import HostError
from hitless.host.processes import read_command_line
from hitless.host.redact import redact_text
from hitless.host.root import printable
from hitless.reloads import Requester

__all__ = ["read_requester"]

_NO_LOGIN = 4294967295
"""loginuid of processes that no login stands behind (-1). Source: Linux v6.18 kernel/audit.h AUDIT_UID_UNSET."""
_LONGEST = 300


def read_requester() -> Requester:
    """Return who runs this command."""
    uid = os.getuid()
    login = _login_uid()
    sudo = os.environ.get("SUDO_USER", "") if uid == 0 else ""
    return Requester(
        user=_name(uid),
        uid=uid,
        pid=os.getpid(),
        command=tuple(printable(word)[:_LONGEST] for word in sys.argv),
        parent=_command_of(os.getppid()),
        login_user=printable(sudo)[:_LONGEST] or ("" if login is None else _name(login)),
    )


def _login_uid() -> int | None:
    try:
        uid = int(Path("/proc/self/loginuid").read_text())
    except (OSError, ValueError):  # a kernel without audit
        return None
    return None if uid == _NO_LOGIN else uid


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _command_of(pid: int) -> str:
    try:
        return redact_text(printable(shlex.join(read_command_line(pid))))[:_LONGEST]
    except HostError:
        return ""
