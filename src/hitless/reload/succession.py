"""How a successor of a classic HAProxy is to be started: as the one before it was. Pure.

The command line and the environment of a process are what it says of itself: a process can overwrite both. A HAProxy
that root has started and that has given up its rights is not trusted with them again by its own word: what its
successor would run or load as root must be in root's hands (see `gather.place`), and variables that make programs load
other code are not passed on.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.errors import ReloadError
from hitless.gather.launch import with_files, without_reload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hitless.config.arguments import HaproxyArguments
    from hitless.facts import Unit
    from hitless.host.process_traits import ProcessTraits

__all__ = [
    "Account",
    "Command",
    "choose_account",
    "runs_as_daemon",
    "successor_command",
    "trusted_environment",
    "why_irreplaceable",
]

_LOADS_CODE = (
    "LD_",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "LOCPATH",
    "LUA_",
    "MALLOC_",
    "OPENSSL_",
    "SSLKEYLOGFILE",
)
"""As the loader itself ignores for programs that raise their rights, and what HAProxy's libraries load code by.

Source: glibc 2.36 sysdeps/generic/unsecvars.h; OpenSSL 3 openssl-env(7); Lua 5.4 lua(1).
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Who the successor is when it starts. `raised`: it starts with more rights than the running process has."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    inheritable: int = 0
    ambient: int = 0
    """Capabilities, bit masks: systemd gives them to services without root (AmbientCapabilities=)."""
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """An argument list with a gap in it: the pid that -sf names is known only when the successor is about to start."""

    program: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def why_irreplaceable(traits: ProcessTraits, unit: Unit | None) -> str:
    """Return why nobody must take the place of this process, "" if somebody may.

    Source: pid_namespaces(7); systemd v252 src/core/service.c service_sigchld_event(): when the main process ends,
    only a PIDFile= can name another.
    """
    if traits.pid_inside == 1:
        return f"process {traits.pid} is the first of its pid namespace (a container): with its end all in it ends"
    if {"pid", "user"} & set(traits.other_namespaces):
        return f"process {traits.pid} is in another pid or user namespace (a container): run hitless there"
    if unit is not None and unit.main_pid == traits.pid and not unit.properties.get("PIDFile"):
        kind = unit.type or "simple"
        return (
            f"systemd follows process {traits.pid} (Type={kind} without PIDFile=): when it ends, {unit.name} ends, "
            "and the new process with it"
        )
    return ""


def choose_account(
    traits: ProcessTraits, *, our_uid: int, drops_rights: bool, made_by: frozenset[int]
) -> Account:
    """Return who is to start the successor.

    `drops_rights`: the configuration has it change its user or root directory (`user`, `uid`, `chroot`). `made_by` are
    the users that made its listening sockets: it makes them before it changes, so that root among them means that root
    started it. No user can make a socket that says so.

    Raises: ReloadError if it cannot be started so by us.
    """
    own = Account(
        traits.uid, traits.gid, traits.groups, traits.capabilities.inheritable, traits.capabilities.ambient
    )
    if our_uid != 0:
        if our_uid != traits.uid:
            raise ReloadError(
                f"Process {traits.pid} belongs to user {traits.uid}, and we are user {our_uid}.",
                hint="Run hitless as root, or as the user who starts HAProxy.",
            )
        return own
    if traits.uid == 0:
        return Account(0, traits.gid, traits.groups)
    if drops_rights and 0 in made_by:
        return Account(0, 0, (), raised=True)
    return own


def trusted_environment(environment: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the environment without what makes programs load code, and the names of that."""
    left_out = tuple(sorted(name for name in environment if name.startswith(_LOADS_CODE)))
    return {name: value for name, value in environment.items() if name not in left_out}, left_out


def runs_as_daemon(arguments: HaproxyArguments, *, configured: bool) -> bool:
    """Return whether HAProxy goes into the background: by -D, or by `daemon` unless -db, -d or -Ws keeps it.

    Source: HAProxy v2.2.0 src/haproxy.c init(); v3.2.0 step_init_1(), set_verbosity().
    """
    if arguments.systemd:
        return False
    return arguments.daemon or (configured and not {"-db", "-d"} & set(arguments.flags))


def successor_command(
    arguments: Sequence[str], program: str, *, transfer_from: str | None, files: Sequence[str] = ()
) -> Command:
    """Return the command line of the successor, from the one of the running process.

    A relative -C goes: the process is in this directory already, and its successor is started there. -x and -sf stand
    first, as a master's re-execution puts them: behind "--" they would be files.
    """
    kept = without_reload(arguments)
    if files:
        kept = with_files(kept, files)
    kept = _without(kept, "-C", lambda value: not posixpath.isabs(value))
    if transfer_from:
        kept = _without(kept, "-x", lambda _: True)
    transfer = ("-x", transfer_from) if transfer_from else ()
    return Command(program, (kept[0], *transfer, "-sf"), kept[1:])


def _without(arguments: Sequence[str], option: str, goes: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the words without an option and its value, where the value says so."""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return (*kept, word, *words)
        if word != option:
            kept.append(word)
        elif not goes(value := next(words, "")):
            kept += [word, value]
    return tuple(kept)
