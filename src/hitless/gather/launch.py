"""How HAProxy is started, from the command line and the environment of a process that has been through reloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.config.arguments import WITH_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "NOT_FOR_ANOTHER",
    "RUN_VARIABLE",
    "environment_for_another",
    "with_files",
    "without_reload",
    "words_for_a_check",
]

RUN_VARIABLE = "HITLESS_RUN"
"""In the environment of a HAProxy that `hitless run` has started: what is started in its place must be below that."""

NOT_FOR_ANOTHER = frozenset(
    {
        *("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "WATCHDOG_USEC", "WATCHDOG_PID"),
        *(
            "HAPROXY_PROCESSES",
            "HAPROXY_CLI",
            "HAPROXY_MASTER_CLI",
            "HAPROXY_CFGFILES",
            "HAPROXY_LOAD_SUCCESS",
        ),
        *("HAPROXY_STARTUPLOGS_FD", "HAPROXY_STARTUP_VERSION"),
        *("HAPROXY_MWORKER", "HAPROXY_MWORKER_REEXEC", "HAPROXY_MWORKER_WAIT_ONLY"),
    }
)
"""What systemd and a master say to their children: another HAProxy with it takes itself for a master's next life, and
`haproxy -c` then fails without a word."""

_PID_LISTS = frozenset({"-sf", "-st"})
_NOT_IN_A_CHECK = frozenset({"-D", "-d", "-db", "-q"})
"""Options that send it to the background, make it talk of polling, or hide its messages."""
_VALUES_NOT_IN_A_CHECK = frozenset({"-f", "-p", "-x"})
"""Files are named anew; a check writes no pid file and takes no sockets."""


def environment_for_another(environment: Mapping[str, str]) -> dict[str, str]:
    """Return a HAProxy's environment without what was meant for this very process."""
    return {name: value for name, value in environment.items() if name not in NOT_FOR_ANOTHER}


def words_for_a_check(arguments: Sequence[str], *, keep_directory: bool = False) -> tuple[str, ...]:
    """Return the service's own words for `haproxy -c`: all that decides how it reads its files, without the files.

    `arguments` begin with the program. -S stays, since it is an error without -W; a check does not bind it (tried on
    2.2, 2.6, 2.8, 3.0, 3.2). `keep_directory` keeps -C, which a running process has already followed.
    """
    kept: list[str] = []
    words = iter(without_reload(arguments)[1:])
    for word in words:
        if word == "--":
            break
        if word in WITH_VALUE:
            value = next(words, "")
            if word not in _VALUES_NOT_IN_A_CHECK and (word != "-C" or keep_directory):
                kept += [word, value]
        elif word not in _NOT_IN_A_CHECK:
            kept.append(word)
    return tuple(kept)


def with_files(arguments: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    """Return a command line with other configuration files in place of its own (-f, and what stands after "--")."""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            break
        if word == "-f":
            next(words, "")
        else:
            kept.append(word)
    return (*kept, *(word for file in files for word in ("-f", file)))


def without_reload(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return a command line without what a reload adds: -sf or -st with their pids, and the -x that goes with them.

    A master that re-executes itself appends both (src/mworker.c mworker_reexec(); 2.6 and later "-x sockpair@N").
    An -x without -sf or -st was given by whoever started HAProxy, and stays.
    """
    reloaded = bool(_PID_LISTS & set(arguments))
    kept: list[str] = []
    in_list = False
    words = iter(arguments)
    for word in words:
        if word in _PID_LISTS:
            in_list = True
        elif in_list and not word.startswith("-"):
            continue
        elif word == "-x":
            in_list = False
            value = next(words, "")
            if not reloaded and not value.startswith("sockpair@"):
                kept += [word, value]
        else:
            in_list = False
            kept.append(word)
    return tuple(kept)
