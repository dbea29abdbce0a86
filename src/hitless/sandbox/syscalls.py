"""The Linux system calls that Python 3.11's standard library lacks, through the C library.

Everything here raises OSError with errno and the path or flags it was about.
Source: constants from Linux v6.12 include/uapi/linux/{sched,mount,prctl}.h; the same on all architectures.
"""

import ctypes
import os
from enum import IntFlag

__all__ = [
    "MountFlag",
    "Namespace",
    "drop_descriptors",
    "mount",
    "pivot_root",
    "set_parent_death_signal",
    "unmount_lazily",
    "unshare",
]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.unshare.argtypes = [ctypes.c_int]
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_libc.umount2.argtypes = [ctypes.c_char_p, ctypes.c_int]
_libc.pivot_root.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
_libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]

_PR_SET_PDEATHSIG = 1
_MNT_DETACH = 2


class Namespace(IntFlag):
    """What `unshare` separates (CLONE_NEW...)."""

    MOUNT = 0x0002_0000
    UTS = 0x0400_0000
    IPC = 0x0800_0000
    USER = 0x1000_0000
    PID = 0x2000_0000
    NET = 0x4000_0000


class MountFlag(IntFlag):
    """Flags of mount(2) (MS_...)."""

    RDONLY = 1
    NOSUID = 2
    NODEV = 4
    NOEXEC = 8
    REMOUNT = 32
    NOATIME = 1024
    NODIRATIME = 2048
    BIND = 4096
    REC = 16384
    PRIVATE = 1 << 18
    RELATIME = 1 << 21


_NO_FLAGS = MountFlag(0)


def _check(result: int, about: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about)


def unshare(namespaces: Namespace) -> None:
    """Move this process (and, for PID, its children) into new namespaces.

    Raises: OSError, e.g. EPERM without the right, ENOSPC at a user.max_*_namespaces limit.
    """
    names = "|".join(flag.name or "" for flag in namespaces)
    _check(_libc.unshare(int(namespaces)), f"new namespaces {names}")


def mount(
    source: str, target: str, fstype: str = "", flags: MountFlag = _NO_FLAGS, options: str = ""
) -> None:
    """Attach a filesystem, bind a path or change what is mounted; an empty string is passed as NULL.

    Raises: OSError about the target.
    """
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        fstype.encode() or None,
        int(flags),
        os.fsencode(options) or None,
    )
    _check(result, target)


def unmount_lazily(target: str) -> None:
    """Detach a mount and all below it; it ends when its last user does.

    Raises: OSError about the target.
    """
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), target)


def pivot_root(new_root: str, put_old: str) -> None:
    """Make a mount the root and hang the old root at `put_old` (both may be ".").

    Raises: OSError about the new root.
    """
    _check(_libc.pivot_root(os.fsencode(new_root), os.fsencode(put_old)), new_root)


def set_parent_death_signal(signal_number: int) -> None:
    """Have the kernel send this process a signal when the thread that forked it ends.

    Forgotten at fork, and whenever the process gains rights: call it again after unshare(USER).
    Source: Linux v6.12 kernel/cred.c commit_creds(), kernel/exit.c reparent_leader().
    Raises: OSError.
    """
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "PR_SET_PDEATHSIG")


def drop_descriptors(keep: frozenset[int]) -> None:
    """Close every descriptor above 2 that is not in `keep`, and put /dev/null at 0 and 1."""
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(null, 1)
    start = 3
    for number in sorted(keep):
        os.closerange(start, number)
        start = number + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))
