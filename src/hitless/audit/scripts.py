"""What a script does to HAProxy, line by line: restart, reload, signals, starts. Words are looked for, nothing runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hitless.findings import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Script

__all__ = ["Act", "Action", "actions", "script_place"]


class Action(StrEnum):
    """What one line of a script does to HAProxy."""

    RESTART = "restart"
    RELOAD = "reload"
    STOP = "stop"
    START = "start"
    SIGNAL = "signal"
    """kill, pkill, killall, systemctl kill, docker kill: `detail` is the signal without SIG ("TERM", "USR2", …)."""
    SPAWN = "spawn"
    """A haproxy is started by hand: `detail` is its command line."""
    CHECK = "check"
    MASTER_CLI = "master-cli"
    """`reload` is written to a socket."""


@dataclass(frozen=True, slots=True)
class Act:
    """One line (continuations joined) that touches HAProxy. `line` counts from 1."""

    action: Action
    line: int
    text: str
    detail: str = ""


_SERVICE = re.compile(
    r"(?:systemctl|service|rc-service|invoke-rc\.d|/etc/init\.d/haproxy|deb-systemd-invoke|initctl)\b[^|;&#\n]*"
)
_VERB = re.compile(
    r"(?<![\w-])(?:force-|try-)?(?:(restart)|reload-or-(restart)|reload-or-try-(restart)|condrestart|(reload)|(stop)|(start))(?![\w-])"
)
_HAPROXY = re.compile(r"(?<![\w-])haproxy(?![\w-]*[:/]\w)", re.IGNORECASE)
_KILL = re.compile(
    r"(?:^|[\s;&|(`])(?:/\S*/)?(?:kill|pkill|killall|docker\s+kill|podman\s+kill|systemctl\s+kill)\b(?P<rest>[^|;&\n]*)"
)
_SIGNAL = re.compile(
    r"(?:-s\s*|--signal[=\s]|-)(?:SIG)?(HUP|USR1|USR2|TERM|KILL|INT|QUIT|TTOU|1|2|9|10|12|15)\b"
)
_SIGNALS = {"1": "HUP", "2": "INT", "9": "KILL", "10": "USR1", "12": "USR2", "15": "TERM"}
_SPAWN = re.compile(r"(?:^|[\s;&|(`\"'])(?P<command>(?:/\S*/)?haproxy\s+-[^|;&\n]*)")
_ANSIBLE_STATE = re.compile(r"\bstate\s*[:=]\s*['\"]?(restarted|reloaded|stopped|started)")
_SOCKET_RELOAD = re.compile(
    r"(?:echo|printf)\s+['\"]?(?:@master\s+)?reload\b.*(?:socat|nc)\b|haproxy-reload\b"
)


def actions(script: Script) -> Iterator[Act]:
    """Yield what the script does to HAProxy, in order. Comments do nothing."""
    for number, text in _logical_lines(script.text):
        yield from _acts(number, text)
    yield from _module_acts(script)


def script_place(script: Script, line: int, word: str = "") -> Place:
    """Return the place of a line of a script."""
    lines = script.text.splitlines()
    text = lines[line - 1] if 1 <= line <= len(lines) else ""
    column = text.find(word) + 1 if word else 0
    length = len(word) if column else len(text.strip())
    return Place(
        file=script.path,
        line=line,
        column=column or len(text) - len(text.lstrip()) + 1,
        length=length,
        text=text,
    )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if pending else number
        joined = pending + line
        if joined.endswith("\\"):
            pending = joined[:-1] + " "
            continue
        pending = ""
        if not joined.lstrip().startswith(("#", ";", "//")):
            yield start, joined
    if pending:
        yield start, pending


def _acts(number: int, text: str) -> Iterator[Act]:
    for match in _SERVICE.finditer(text):
        verb = _VERB.search(match[0])
        if verb and (_HAPROXY.search(match[0]) or "init.d/haproxy" in match[0]):
            word = "restart" if "restart" in verb[0] else verb[0].removeprefix("force-").removeprefix("try-")
            yield Act(Action(word), number, text.strip(), match[0].strip())
    for match in _KILL.finditer(text):
        if _HAPROXY.search(match["rest"]) or _HAPROXY.search(text):
            signal = _SIGNAL.search(match["rest"])
            name = signal[1] if signal else "TERM"
            yield Act(Action.SIGNAL, number, text.strip(), _SIGNALS.get(name, name))
    for match in _SPAWN.finditer(text):
        words = match["command"].split()
        action = Action.CHECK if {"-c", "-vv", "-v", "-cc"} & set(words) else Action.SPAWN
        yield Act(action, number, text.strip(), match["command"].strip())
    if _SOCKET_RELOAD.search(text):
        yield Act(Action.MASTER_CLI, number, text.strip())


def _module_acts(script: Script) -> Iterator[Act]:
    """Yield what the tasks of a configuration-management tree do: a service module that names haproxy, and a state."""
    lines = script.text.splitlines()
    for number, line in enumerate(lines, 1):
        state = _ANSIBLE_STATE.search(line)
        if state is None or line.lstrip().startswith("#"):
            continue
        near = "\n".join(lines[max(0, number - 6) : number + 5])
        if _HAPROXY.search(near) and re.search(r"\b(?:service|systemd|systemd_service|sysvinit)\b", near):
            verbs = {"restarted": Action.RESTART, "reloaded": Action.RELOAD, "stopped": Action.STOP}
            yield Act(verbs.get(state[1], Action.START), number, line.strip(), f"state: {state[1]}")
