"""With which rights a process acts: user, groups, capabilities, and the label of a security module."""

from dataclasses import dataclass
from pathlib import Path

from hitless.host.errors import HostError, translated
from hitless.host.processes import PROC

__all__ = ["ProcessRights", "read_rights", "read_security_label"]

_STATUS_LIMIT_BYTES = 1024 * 1024
_LABEL_LIMIT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ProcessRights:
    """The effective user and groups of a process, and its effective capabilities as a set of bits."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    capabilities: int

    def has(self, capability: int) -> bool:
        """Return whether a capability is effective, by its number in include/uapi/linux/capability.h."""
        return bool(self.capabilities >> capability & 1)


def read_rights(pid: int, proc: Path = PROC) -> ProcessRights:
    """Return the rights of a process.

    Raises: Gone, Denied, HostError if the kernel does not say them.
    Source: Linux v6.18 fs/proc/array.c task_state(), task_cap(): "Uid:" real, effective, saved, file system.
    """
    text = _read(proc / str(pid) / "status", pid, _STATUS_LIMIT_BYTES)
    fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    try:
        return ProcessRights(
            uid=int(fields["Uid"].split()[1]),
            gid=int(fields["Gid"].split()[1]),
            groups=tuple(int(word) for word in fields.get("Groups", "").split()),
            capabilities=int(fields["CapEff"], 16),
        )
    except (KeyError, IndexError, ValueError) as error:
        raise HostError(f"process {pid}: its status does not say its rights") from error


def read_security_label(pid: int, proc: Path = PROC) -> str:
    """Return what SELinux, AppArmor or the like calls a process ("system_u:system_r:haproxy_t:s0"), "" without one.

    Raises: Denied.
    """
    try:
        return _read(proc / str(pid) / "attr" / "current", pid, _LABEL_LIMIT_BYTES).rstrip("\0\n")
    except HostError as error:
        if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, PermissionError):
            return ""  # no security module answers: EINVAL, or no such file
        raise


def _read(path: Path, pid: int, limit_bytes: int) -> str:
    with (
        translated(f"process {pid} is gone", f"process {pid} does not let us look"),
        path.open("rb") as file,
    ):
        return file.read(limit_bytes).decode(errors="backslashreplace")
