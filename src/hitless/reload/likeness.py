"""Become what another process is: its control groups, limits, namespaces, user, capabilities, directory.

Only for a process of one thread that is about to start a program. It imports nothing of hitless: see `stand_in`.

Source: setns(2), capabilities(7), prctl(2), setpriority(2); constants from Linux v6.18 include/uapi/linux/{prctl,
capability}.h.
"""

import ctypes
import os
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

__all__ = ["Likeness", "UnlikeError", "apply_likeness", "set_subreaper"]

_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x2008_0522
_MOST_CAPABILITIES = 64

_libc = ctypes.CDLL(None, use_errno=True)


class UnlikeError(Exception):
    """It cannot become so; the text says what failed."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What to become, as it goes through JSON."""

    control_groups: Sequence[str]
    """`cgroup.procs` files."""
    limits: Sequence[Sequence[int]]
    """resource.RLIMIT_*, soft, hard."""
    nice: int
    oom_score_adj: int
    umask: int
    namespaces: Sequence[int]
    """Open descriptors, in the order in which they are entered: the mount namespace last."""
    uid: int
    gid: int
    groups: Sequence[int]
    bounding: int
    inheritable: int
    ambient: int
    no_new_privileges: bool
    directory: str


def apply_likeness(likeness: Likeness) -> list[str]:
    """Become so; return what could not be done and can be done without.

    Raises: UnlikeError
    """
    notes: list[str] = []
    for file in likeness.control_groups:
        _try(f"the control group {Path(file).parent}", notes, partial(Path(file).write_text, "0"))
    for number, soft, hard in likeness.limits:
        _try(f"limit {number}", notes, partial(_set_limit, number, (soft, hard)))
    oom_score_adj = str(likeness.oom_score_adj)
    _try("oom_score_adj", notes, partial(Path("/proc/self/oom_score_adj").write_text, oom_score_adj))
    _try("the nice value", notes, lambda: os.setpriority(os.PRIO_PROCESS, 0, likeness.nice))
    os.umask(likeness.umask)
    steps: tuple[tuple[str, Callable[[Likeness], None]], ...] = (
        ("namespaces", _enter),
        ("user", _change_user),
        ("directory", lambda wanted: os.chdir(wanted.directory)),
    )
    for what, step in steps:
        try:
            step(likeness)
        except (OSError, ValueError) as error:
            raise UnlikeError(f"the {what} of the old process: {error}") from error
    return notes


def _try(what: str, notes: list[str], act: Callable[[], object]) -> None:
    try:
        act()
    except (OSError, ValueError) as error:
        notes.append(f"{what} of the old process could not be taken over: {error}")


def set_subreaper() -> None:
    """Keep processes that go into the background as children: those of children that have ended come to us."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _set_limit(number: int, limit: tuple[int, int]) -> None:
    if resource.getrlimit(number) != limit:
        resource.setrlimit(number, limit)


def _enter(wanted: Likeness) -> None:
    for descriptor in wanted.namespaces:
        _check(_libc.setns(descriptor, 0))


def _change_user(wanted: Likeness) -> None:
    """Take over user, groups and capabilities; what is given up comes last."""
    if os.geteuid() == 0:
        for number in range(_MOST_CAPABILITIES):
            if not wanted.bounding >> number & 1 and _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
                break  # beyond the last one that this kernel knows; or we have no right to, and then none to give
        os.setgroups(list(wanted.groups))
        _prctl(_PR_SET_KEEPCAPS, 1 if wanted.uid else 0)
        os.setresgid(wanted.gid, wanted.gid, wanted.gid)
        os.setresuid(wanted.uid, wanted.uid, wanted.uid)
        if wanted.uid:
            _keep_capabilities(wanted.inheritable | wanted.ambient, wanted.ambient)
    if wanted.no_new_privileges:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _keep_capabilities(inheritable: int, ambient: int) -> None:
    """Give up all capabilities but these, which a program without any of its own keeps through execve."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    halves = [mask >> shift & 0xFFFF_FFFF for shift in (0, 32) for mask in (ambient, ambient, inheritable)]
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)(*halves)))
    for number in range(_MOST_CAPABILITIES):
        if ambient >> number & 1:
            _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number)


def _prctl(option: int, *arguments: int) -> None:
    words = (*arguments, 0, 0, 0, 0)[:4]
    _check(_libc.prctl(option, *[ctypes.c_ulong(word) for word in words]))


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
