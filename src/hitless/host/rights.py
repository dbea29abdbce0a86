"""As whom a process runs (user, groups, capabilities, security label), and how to run a program with the same rights.

A program that root runs reads every file and raises every limit; the service it stands for may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.host.errors import HostError, translated_of
from hitless.host.processes import PROC

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CAP_DAC_OVERRIDE",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
    "CAP_SYS_RESOURCE",
    "Rights",
    "parse_rights",
    "read_hard_descriptor_limit",
    "read_rights",
    "read_security_label",
    "rights_prefix",
]

# Source: Linux v6.18 include/uapi/linux/capability.h.
CAP_DAC_OVERRIDE = 1
CAP_SETGID = 6
CAP_SETUID = 7
CAP_SYS_CHROOT = 18
CAP_SYS_RESOURCE = 24
_LAST_CAPABILITY = 63
_STATUS_LIMIT_BYTES = 1024 * 1024
"""A process can be in 65 536 groups."""
_LABEL_LIMIT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Rights:
    """Effective user and groups, and capabilities as bit masks (1 << CAP_…)."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    effective: int = 0
    bounding: int = 0

    def has(self, capability: int) -> bool:
        """Return whether this capability is in force."""
        return bool(self.effective >> capability & 1)


def read_rights(pid: int, proc: Path = PROC) -> Rights:
    """Return the rights of a process.

    Raises: Gone, Denied, HostError.
    """
    with translated_of(pid):
        with (proc / str(pid) / "status").open("rb") as file:
            text = file.read(_STATUS_LIMIT_BYTES).decode(errors="backslashreplace")
        return parse_rights(text)


def parse_rights(status: str) -> Rights:
    """Read /proc/PID/status.

    Raises: HostError if it does not say.
    Source: proc_pid_status(5): "Uid: real effective saved file system", masks in hexadecimal.
    """
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    try:
        return Rights(
            uid=int(fields["Uid"].split()[1]),
            gid=int(fields["Gid"].split()[1]),
            groups=tuple(sorted(map(int, fields["Groups"].split()))),
            effective=int(fields["CapEff"], 16),
            bounding=int(fields["CapBnd"], 16),
        )
    except (KeyError, IndexError, ValueError) as error:
        raise HostError("/proc/PID/status does not say as whom the process runs") from error


def read_hard_descriptor_limit(pid: int, proc: Path = PROC) -> int | None:
    """Return up to which number a process without CAP_SYS_RESOURCE can raise its open files; None for no limit.

    Raises: Gone, Denied, HostError.
    Source: Linux v6.18 fs/proc/base.c proc_pid_limits(): name, soft limit, hard limit, unit.
    """
    with translated_of(pid):
        lines = (proc / str(pid) / "limits").read_bytes()[:_STATUS_LIMIT_BYTES].splitlines()
    for line in lines:
        words = line.removeprefix(b"Max open files").split()
        if line.startswith(b"Max open files") and len(words) > 1:
            return int(words[1]) if words[1].isdigit() else None
    raise HostError(f"process {pid}: its limits do not name open files")


def read_security_label(pid: int, proc: Path = PROC) -> str:
    """Return what SELinux, AppArmor or the like calls a process ("system_u:system_r:haproxy_t:s0"), "" without one.

    Raises: Denied.
    """
    try:
        with (
            translated_of(pid),
            (proc / str(pid) / "attr" / "current").open("rb") as file,
        ):
            return file.read(_LABEL_LIMIT_BYTES).decode(errors="backslashreplace").rstrip("\0\n")
    except HostError as error:
        if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, PermissionError):
            return ""  # no security module answers: EINVAL, or no such file
        raise


def rights_prefix(wanted: Rights, ours: Rights) -> tuple[str, ...]:
    """Return the command (setpriv(1), util-linux) that runs the words behind it with `wanted`; () where we have them.

    Only root can: whoever is not runs things as himself, and must say so.
    """
    if wanted == ours or ours.uid != 0:
        return ()
    words = ["setpriv", f"--reuid={wanted.uid}", f"--regid={wanted.gid}"]
    words.append(f"--groups={','.join(map(str, wanted.groups))}" if wanted.groups else "--clear-groups")
    if wanted.bounding != ours.bounding:
        words.append(f"--bounding-set={_listed(wanted.bounding & ours.bounding)}")
    if wanted.uid != 0:  # root has by exec() what the bounding set leaves
        kept = _listed(wanted.effective & wanted.bounding & ours.effective)
        words += [f"--inh-caps={kept}", f"--ambient-caps={kept}"]
    return (*words, "--")


def _listed(mask: int) -> str:
    kept = [f"+cap_{bit}" for bit in range(_LAST_CAPABILITY + 1) if mask >> bit & 1]
    return ",".join(["-all", *kept])
