"""How a unit starts and reloads HAProxy: the command lines in it, what they do, and the reload it should have."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hitless.audit.acts import Act, Action
from hitless.audit.scripts import actions, line_acts, script_place
from hitless.audit.shell import Line, without_comment
from hitless.config.arguments import HaproxyArguments, parse_arguments
from hitless.facts import RunMode
from hitless.findings import Evidence, Fix, Safety, UnitEdit
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.facts import ExecCommand, Script, Unit
    from hitless.findings import Place
    from hitless.subject import Subject

__all__ = [
    "CommandLine",
    "Deed",
    "binds_inherited_sockets",
    "classic_reload_advice",
    "command_deeds",
    "command_lines",
    "graceful_reload",
    "haproxy_arguments",
    "reload_fix",
    "script_deeds",
    "start_check",
    "unit_start",
]

_CONTAINER_TOOLS = frozenset({"docker", "podman", "nerdctl", "ctr", "kubectl", "systemd-nspawn", "lxc-start"})
_CONFIGURATION_FILE = re.compile(r"/[\w./@+-]{1,250}\.cfg\b")
_RELOAD_SIGNAL = "ExecReload=/bin/kill -USR2 $MAINPID"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a unit or a script does to HAProxy, and where it says so."""

    act: Act
    place: Place
    evidence: Evidence
    kind: str
    """The script's kind, "ExecReload" for a unit's."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line of HAProxy that somebody runs. `what` names who: "ExecStart=", "process 12", "/etc/cron.d/x"."""

    arguments: HaproxyArguments
    place: Place
    source: str
    what: str


def unit_start(unit: Unit) -> tuple[ExecCommand, HaproxyArguments] | None:
    """Return the command that starts HAProxy, None where another program does it (a wrapper, a container)."""
    for command in unit.start:
        arguments = haproxy_arguments(command.arguments)
        if arguments is not None:
            return command, arguments
    return None


def haproxy_arguments(words: Sequence[str]) -> HaproxyArguments | None:
    """Return HAProxy's command line inside another ("/bin/sh -c 'exec haproxy -W …'"), None if there is none.

    What a container tool starts is another service's: its paths and its processes are not the host's.
    """
    if words and words[0].rpartition("/")[2] in _CONTAINER_TOOLS:
        return None
    for position, word in enumerate(words):
        if word.rpartition("/")[2] == "haproxy":
            return parse_arguments(words[position:])
        if " " in word and "haproxy" in word and not word.startswith("-"):
            found = haproxy_arguments(_split(word))
            if found is not None:
                return found
    return None


def command_deeds(unit: Unit, commands: Sequence[ExecCommand]) -> Iterator[Deed]:
    """Yield what commands of HAProxy's own unit do; "$MAINPID" is HAProxy."""
    for command in commands:
        joined = " ".join(f'"{w}"' if " " in w else w for w in command.arguments) or command.text
        for name in ("${MAINPID}", "$MAINPID"):
            joined = joined.replace(name, "$(haproxy)")
        line = Line(0, command.text, without_comment(joined[:4096]))
        place = text_place(unit.files, command.where, command.text)
        for act in line_acts(line, (unit.name,)):
            yield Deed(
                act, place, Evidence(text=command.text, source=command.where or unit.source), "ExecReload"
            )


def script_deeds(subject: Subject, *kinds: str) -> Iterator[tuple[Script, Deed]]:
    """Yield what scripts of these kinds do to HAProxy (without kinds: all)."""
    services = (subject.unit.name,) if subject.unit is not None else ()
    for script in (subject.host.scripts or ()) if subject.host is not None else ():
        if (kinds and script.kind not in kinds) or _is_shadowed(subject, script):
            continue
        for act in _acts_of(script, services):
            place = script_place(script, act.line, act.word)
            source = f"{script.path}:{act.line}" + (f", run by {script.named_by}" if script.named_by else "")
            yield script, Deed(act, place, Evidence(text=act.text, source=source), script.kind)


def _is_shadowed(subject: Subject, script: Script) -> bool:
    """Return whether an init script is not what starts this HAProxy.

    With LSB's functions, which it reads first, systemd's own (init-functions.d/40-systemd) hand over to `systemctl`
    where there is a unit. Without a unit it is another service's if it names other configuration files, or a HAProxy
    with a master runs (-W) of which it says nothing.
    """
    if script.kind != "sysv-init":
        return False
    if subject.unit is not None:
        return "/lib/lsb/init-functions" in script.text
    if subject.processes and subject.arguments.master_worker and "-W" not in script.text:
        return True
    named = set(_CONFIGURATION_FILE.findall(script.text))
    return bool(named) and named.isdisjoint(file.path for file in subject.instance.configuration)


@lru_cache(maxsize=1024)
def _acts_of(script: Script, services: tuple[str, ...]) -> tuple[Act, ...]:
    """Return what a script does; half a dozen rules ask for each."""
    return tuple(actions(script, services))


def command_lines(subject: Subject) -> Iterator[CommandLine]:
    """Yield the command lines of HAProxy that the unit, the scripts and the processes have."""
    unit = subject.unit
    if unit is not None:
        for setting, commands in (("ExecStart=", unit.start), ("ExecReload=", unit.reload)):
            for command in commands:
                found = haproxy_arguments(command.arguments)
                if found is not None and not found.check:
                    place = text_place(unit.files, command.where, command.text)
                    yield CommandLine(found, place, command.where or unit.source, setting)
    for script, deed in script_deeds(subject):
        if deed.act.action is Action.SPAWN:
            found = haproxy_arguments(_split(deed.act.detail))
            if found is not None:
                yield CommandLine(found, deed.place, deed.evidence.source, script.path)


def binds_inherited_sockets(subject: Subject) -> bool:
    """Return whether a bind takes a descriptor that systemd hands over ("fd@3"): no `haproxy -c` outside has it."""
    return any(a.kind == "fd" for p in subject.model.proxies for b in p.binds for a in b.addresses)


def graceful_reload(subject: Subject) -> tuple[str, ...] | None:
    """Return the ExecReload= lines that this unit should have: check as it starts, then signal the master.

    With "fd@" binds no check can pass (it has not the descriptors), so there is none. None for a classic process or a
    start that is not understood. Source: HAProxy 2.5 to 3.4 admin/systemd/haproxy.service.in.
    """
    check = start_check(subject)
    if check is None:
        return None
    if binds_inherited_sockets(subject):
        return ("ExecReload=", _RELOAD_SIGNAL)
    return ("ExecReload=", f"ExecReload={check}", _RELOAD_SIGNAL)


def start_check(subject: Subject) -> str | None:
    """Return the command line that checks what the unit starts; None if it starts no master."""
    start = unit_start(subject.unit) if subject.unit is not None else None
    if start is None or not start[1].master_worker:
        return None
    return _check_command(start[0].text.lstrip("-@:+!|"))


def reload_fix(subject: Subject, summary: str) -> Fix:
    """Return the drop-in that gives the unit the reload it should have; words for a person where that is not known."""
    lines = graceful_reload(subject)
    unit = subject.unit
    if unit is not None and lines is not None:
        edit = UnitEdit(unit=unit.name, section="Service", lines=lines)
        return Fix(summary=summary, safety=Safety.SAFE, edits=(edit,), commands=("systemctl daemon-reload",))
    if subject.mode is RunMode.CLASSIC:
        return Fix(summary=f"{summary}; {classic_reload_advice(subject)}")
    return Fix(summary=summary)


def classic_reload_advice(subject: Subject) -> str:
    """Return what a reload of a classic process looks like here."""
    files = " ".join(f"-f {f}" for f in subject.arguments.files) or "-f /etc/haproxy/haproxy.cfg"
    pid_file = subject.arguments.pid_file or "/run/haproxy.pid"
    return (
        f"a classic process is reloaded by a new one: haproxy -D {files} -p {pid_file} -x {_transfer_socket(subject)} "
        f"-sf $(cat {pid_file}); better: run it with a master (-Ws)"
    )


def _transfer_socket(subject: Subject) -> str:
    for bind in subject.model.stats_sockets:
        for address in bind.addresses:
            if address.kind == "unix" and bind.options.get("expose-fd") == ("listeners",):
                return address.host
    return "STATS-SOCKET (with expose-fd listeners)"


def _check_command(text: str) -> str:
    """Return the start's command line as a check, its variables as they are written: "-p FILE" off, "-c" added."""
    if any(quote in text for quote in "\"'\\"):
        return f"{text} -c"
    words: list[str] = []
    rest = iter(text.split())
    for word in rest:
        if word == "-p":
            next(rest, "")
        elif word != "-D":
            words.append(word)
    position = max((n + 2 for n, word in enumerate(words) if word == "-f"), default=len(words))
    return " ".join((*words[:position], "-c", *words[position:]))


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
