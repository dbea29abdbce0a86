"""How the reload starts the next HAProxy: which program, with whose rights, seeing which files.

A check that runs another program, as another user or elsewhere, proves nothing about the reload.
"""

from __future__ import annotations

import os
import posixpath
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.gather.launch import environment_for_another
from hitless.host.errors import HostError
from hitless.host.rights import Rights, read_rights, rights_prefix

if TYPE_CHECKING:
    from hitless.host.root import HostRoot
    from hitless.reload.target import Target

__all__ = ["Starter", "find_program", "find_starter", "start_rights"]

_DEFAULT_PATH = "/bin:/usr/bin"
"""Where execvp(3) looks without PATH."""
_GIVES_UP_ROOT = ("user", "uid", "group", "gid", "chroot")
_ROOT = frozenset({"", "0", "root"})


@dataclass(frozen=True, slots=True)
class Starter:
    """What to put before HAProxy's words, and around them, to run it as the reload would."""

    program: str
    """"" where there is none at the path that the reload takes."""
    wanted_program: str
    """As the command line says it."""
    rights: Rights
    prefix: tuple[str, ...] = ()
    directory: str = "/"
    environment: dict[str, str] | None = None
    """None where the process's own could not be read: ours stands in."""
    why_not: str = ""
    """Why it must not be run from here; "" if it may."""
    caveat: str = ""
    """In what it differs from the reload; "" if in nothing."""

    @property
    def working_directory(self) -> str | None:
        """Where a child starts: the prefix goes there itself."""
        return None if self.prefix[:1] == ("nsenter",) else self.directory


def find_starter(target: Target) -> Starter:
    """Return how the reload starts HAProxy.

    Raises: HostError if the rights of the process cannot be read.
    """
    launch = target.instance.launch
    words = launch.arguments if launch else ()
    program = find_program(words[0] if words else "", target)
    wanted, ours = start_rights(target), read_rights(os.getpid())
    enter = target.place.command_prefix(target.directory)
    environment = environment_for_another(target.environment)
    caveat = ""
    if ours.uid not in {0, wanted.uid}:
        caveat = f"it was run as user {ours.uid}, the service is started as user {wanted.uid}"
    return Starter(
        program=program,
        wanted_program=words[0] if words else "",
        rights=wanted,
        prefix=(*enter, *rights_prefix(wanted, ours)),
        directory=target.directory,
        environment={**environment, **dict(target.instance.environment)} if environment else None,
        why_not=_why_not(target, program, wanted, ours) if program else "",
        caveat=caveat,
    )


def find_program(name: str, target: Target) -> str:
    """Return the path that a new start by this first word executes, "" if there is no program.

    A master executes the first word of its own command line again, so a package that was upgraded since it started
    makes the next reload an upgrade. Source: HAProxy src/mworker.c (up to 2.2 src/haproxy.c) mworker_reexec():
    execvp(next_argv[0], next_argv).
    """
    if "/" in name:
        paths = [posixpath.join(target.directory, name)]
    else:
        directories = target.environment.get("PATH", _DEFAULT_PATH).split(":")
        paths = [posixpath.join(target.directory, directory, name) for directory in directories]
    return next((path for path in paths if name and _is_program(target.place.root, path)), "")


def start_rights(target: Target) -> Rights:
    """Return the rights with which the next process starts.

    A master never gives any up. A classic process has: where its configuration says so, whoever starts the next one
    is root, as we are.

    Raises: HostError if they cannot be read.
    """
    main = target.master or target.current
    ours = read_rights(os.getpid())
    if main is None:
        return ours
    theirs = read_rights(main.pid)
    if target.master is not None or theirs.uid == 0:
        return theirs
    started_as_user = target.subject.unit is not None and target.subject.unit.user not in _ROOT
    gave_up = any(target.subject.in_global(keyword) for keyword in _GIVES_UP_ROOT)
    return ours if gave_up and not started_as_user else theirs


def _is_program(root: HostRoot, path: str) -> bool:
    try:
        status = root.stat(path)
    except HostError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)


def _why_not(target: Target, program: str, wanted: Rights, ours: Rights) -> str:
    """A program that others can change is run with their rights at most, as the reload itself does."""
    if wanted.uid != 0 and ours.uid == 0 and not target.place.foreign:
        return ""
    return target.place.may_run(program)
