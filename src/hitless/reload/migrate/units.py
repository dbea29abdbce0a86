"""What systemd makes of another main process, and how the unit has to be written afterwards. Pure.

When the main process of a unit ends, systemd ends the unit and all in it, unless it has got to know another main
process before: by PIDFile=, read again at that moment, or by MAINPID= of sd_notify.

Source: systemd v252 src/core/service.c service_sigchld_event(), service_notify_message_authorized().
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from hitless.facts import RunMode
from hitless.migrations import Following, UnitLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.facts import Unit

__all__ = ["judge_unit", "unit_change"]

_LISTENS = frozenset({"main", "exec", "all"})
_RELOAD = "/usr/local/bin/hitless reload --wait --pid $MAINPID"


def judge_unit(
    unit: Unit | None, main_pid: int, *, pid_file: str, is_root: bool, notifies: bool = False
) -> UnitLink:
    """Return how the unit follows from `main_pid` to its successor.

    `pid_file` is what the successor writes; "" where it writes none. `notifies`: what runs is a master with -Ws, which
    says STOPPING=1 when it is asked to leave.
    """
    if unit is None:
        return UnitLink(following=Following.NOBODY, why="it belongs to no systemd unit")
    if unit.main_pid == 0:
        return _link(unit, Following.NOBODY, "systemd follows no process of it")
    if unit.main_pid != main_pid:
        return _link(unit, Following.NOBODY, f"systemd follows process {unit.main_pid}, which runs it")
    access = unit.properties.get("NotifyAccess", "none")
    if access == "all" and notifies:
        why = f"the old master would say that it stops, and systemd would stop {unit.name} (NotifyAccess=all)"
        return _link(unit, Following.LOST, why)
    if access in _LISTENS and is_root:
        why = f"systemd is told which process is the main one (NotifyAccess={access})"
        return _link(unit, Following.TOLD, why)
    return _by_pid_file(unit, access, pid_file)


def _by_pid_file(unit: Unit, access: str, pid_file: str) -> UnitLink:
    written = unit.properties.get("PIDFile", "")
    if written and pid_file and posixpath.normpath(written) == posixpath.normpath(pid_file):
        return _link(unit, Following.PID_FILE, f"systemd reads {written} when the old process ends")
    kind = unit.type or "simple"
    why = f"systemd follows process {unit.main_pid} alone (Type={kind}, NotifyAccess={access}"
    if written:
        why += f", PIDFile={written}, which the new process does not write"
    why += f"): when it ends, {unit.name} ends, and the new process with it"
    return _link(unit, Following.LOST, why)


def _link(unit: Unit, following: Following, why: str) -> UnitLink:
    return UnitLink(following=following, name=unit.name, why=why, main_pid=unit.main_pid)


def unit_change(
    mode: RunMode, arguments: Sequence[str], files: Sequence[str], *, has_notify: bool, pid_file: str
) -> tuple[str, ...]:
    """Return the lines of a drop-in with which systemd starts what runs after the migration.

    `arguments` are of the new process, the program first; `files` stand in place of theirs. `has_notify`: its master
    tells systemd when it is ready (-Ws).
    """
    named = [word for file in files for word in ("-f", file)]
    if mode is RunMode.MASTER_WORKER and has_notify:
        words = [w for w in arguments if w not in {"-W", "-Ws", "-D"}]
        start = [words[0], "-Ws", *words[1:], *named]
        lines = ["Type=notify", "PIDFile=", "ExecStart=", f"ExecStart={_quoted(start)}"]
        return _drop_in(
            [*lines, "ExecReload=", f"ExecReload={_RELOAD}", "KillMode=mixed", "SuccessExitStatus=143"]
        )
    start = [*(w for w in arguments if w not in {"-D", "-db"}), *named]
    start.insert(1, "-D")
    if not pid_file:
        pid_file = "/run/haproxy.pid"
        start += ["-p", pid_file]
    lines = ["Type=forking", f"PIDFile={pid_file}", "ExecStart=", f"ExecStart={_quoted(start)}"]
    return _drop_in([*lines, "ExecReload=", f"ExecReload={_RELOAD}"])


def _drop_in(lines: Sequence[str]) -> tuple[str, ...]:
    return ("[Service]", *lines)


def _quoted(words: Sequence[str]) -> str:
    """Return a command line in systemd's syntax. Source: systemd.service(5) "Command lines"."""
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if not word or any(c in word for c in " \t\"';") else escaped
