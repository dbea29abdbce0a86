"""How HAProxy is started, from the command line and environment of a process that has been through reloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["with_files", "without_manager", "without_reload"]

_PID_LISTS = frozenset({"-sf", "-st"})
_OF_MANAGERS = frozenset(
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
"""What systemd and a master say to their children: with it a HAProxy takes itself for a master's next life."""


def without_manager(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a running HAProxy as another one can be started with it."""
    return {name: value for name, value in environment.items() if name not in _OF_MANAGERS}


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
