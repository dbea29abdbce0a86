"""What a script does to HAProxy, line by line: restart, reload, signals, starts. Words are looked for, nothing runs.

Any language passes: what counts is a command that names HAProxy where a command can stand. Variables that the script
sets to one literal are put in their places ("PID=$(cat /run/haproxy.pid)"). What is only printed is not done.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from hitless.audit.acts import Act, Action, names_haproxy
from hitless.audit.management import management_acts
from hitless.audit.shell import Line, is_printed, read_lines
from hitless.findings import Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hitless.facts import Script

__all__ = ["Act", "Action", "actions", "line_acts", "script_place"]


_Found = tuple[int, Act]
"""Where in the line it begins, and what it is."""

# Most lines of a host's scripts have nothing to do with HAProxy: they are not looked at closer.
_MAY_MATTER = re.compile(r"haproxy|hapee|\breload\b|__ACME_BASE64__", re.IGNORECASE)
# What a unit does when it is started or stopped is its own: nobody runs it at a deployment.
_OF_A_UNIT = re.compile(r"\s*Exec(?:StartPre|StartPost|Stop|StopPost|Condition)=")
_DIRECTORY = r"/[\w./-]{0,200}/"
_START_OF_COMMAND = r"(?:^|(?<=[\s;&|(`\"'@!:=\[]))"
_WORDS = r"(?P<rest>(?:[ \t]+(?:[^\s;&|<>\"'`()]+|\"[^\"\s]*\"|'[^'\s]*'))*)"
_SERVICE_MANAGER = re.compile(
    rf"{_START_OF_COMMAND}(?:{_DIRECTORY})?(?P<manager>systemctl|deb-systemd-invoke|rcctl|initctl|supervisorctl|sv|"
    rf"docker(?:-compose|[ \t]+compose|[ \t]+container)?|podman|service|rc-service|invoke-rc\.d){_WORDS}"
)
_INIT_SCRIPT = re.compile(
    rf"{_START_OF_COMMAND}(?P<script>/(?:\w+/){{0,9}}(?:init\.d|rc\.d)/\S*haproxy\S*){_WORDS}"
)
_NAME_FIRST = frozenset({"service", "rc-service", "invoke-rc.d"})
_OPTIONS_WITH_VALUE = frozenset(
    {"-H", "-M", "-f", "--file", "-p", "-t", "--time", "-c", "--host", "--machine"}
)
_VERBS = {
    **dict.fromkeys(("restart", "try-restart", "condrestart", "full-restart"), "restart"),
    **dict.fromkeys(("reload", "force-reload", "try-reload-or-restart", "reload-or-restart"), "reload"),
    **dict.fromkeys(("reload-or-try-restart", "reload-or-restart-or-start", "hup"), "reload"),
    **dict.fromkeys(("stop", "down"), "stop"),
    **dict.fromkeys(("start", "up"), "start"),
}

_KILL = re.compile(
    rf"{_START_OF_COMMAND}(?:{_DIRECTORY})?(?:(?P<service>systemctl|docker|podman)[ \t]+(?:--?[\w=-]+[ \t]+)*)?"
    r"(?P<tool>kill|pkill|killall)\b(?P<rest>(?:\$\([^)\n]*\)|`[^`\n]*`|[^;&|\n])*)"
)
_SIGNAL = re.compile(r"(?:^|\s)(?:-s\s*|--signal[=\s]\s*|-)(?:SIG)?([A-Z]+\d?|\d{1,2})(?![\w-])")
_SIGNALS = {"1": "HUP", "2": "INT", "9": "KILL", "10": "USR1", "12": "USR2", "15": "TERM"}
_IN_PATH = re.compile(
    r"(?<![\w-])haproxy(?!\w*[-_]\w*(?:export|dataplane|agent))(?![\w-]*[-_])", re.IGNORECASE
)

_SPAWN = re.compile(
    r"(?:^[-@+\s]*|[;&|(`{\"']\s*|(?<![\w-])(?:sudo|exec|nohup|setsid|then|do|else|if|!|command|daemon|start_daemon|"
    r"RUN|CMD|ENTRYPOINT|time)(?:[ \t]+-\w+)*[ \t]+[\"'\[]*|(?<=[\s=:]))"
    r"(?P<command>(?P<program>(?:[\w./~-]{0,200}/)?haproxy)[\"']?[ \t]+(?P<dashes>--[ \t]+)?-"
    r"(?:\$\([^)\n]*\)|`[^`\n]*`|[^|;&\n])*)"
)
_ASKS = frozenset({"-v", "-vv", "-h", "-cc"})
_SOCKET_TOOL = re.compile(r"(?<![\w-])(?:socat|nc|ncat|netcat)\b")
_CLI_RELOAD = re.compile(
    r"(?:echo|printf)\s+(?:-\w+\s+)*['\"]?(?P<cli>(?:hard-)?reload)(?:\\n)?['\"]?\s*\||"
    r"<<<\s*['\"]?(?P<here>(?:hard-)?reload)\b"
)


def actions(script: Script, services: Collection[str] = ()) -> Iterator[Act]:
    """Yield what the script does to HAProxy, in order. Comments do nothing.

    `services` are names of units that are HAProxy, whatever they are called.
    """
    known = any(name.removesuffix(".service") in script.text for name in services)
    if not known and not _MAY_MATTER.search(script.text):
        return
    found = [act for line in read_lines(script.text) for act in line_acts(line, services)]
    found += management_acts(script.text, services)
    yield from sorted(found, key=lambda act: act.line)


def line_acts(line: Line, services: Collection[str] = ()) -> Iterator[Act]:
    """Yield what one line does to HAProxy, from left to right."""
    known = any(name.removesuffix(".service") in line.resolved for name in services)
    if (not known and not _MAY_MATTER.search(line.resolved)) or _OF_A_UNIT.match(line.resolved):
        return
    found = [
        *_service_acts(line, services),
        *_signal_acts(line, services),
        *_spawn_acts(line),
        *_cli_acts(line),
    ]
    yield from (act for _, act in sorted(found, key=lambda pair: pair[0]))


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


def _service_acts(line: Line, services: Collection[str]) -> Iterator[_Found]:
    for match in _SERVICE_MANAGER.finditer(line.resolved):
        names = _words(match["rest"])
        if match["manager"] in _NAME_FIRST:
            names = [*names[1:2], *names[:1]]
        if len(names) > 1 and any(names_haproxy(n, services) for n in names[1:]):
            yield from _verb_act(line, match, names[0])
    for match in _INIT_SCRIPT.finditer(line.resolved):
        names = _words(match["rest"])
        if names and names_haproxy(match["script"], services):
            yield from _verb_act(line, match, names[0])


def _verb_act(line: Line, match: re.Match[str], verb: str) -> Iterator[_Found]:
    action = _VERBS.get(verb)
    if action is not None and not is_printed(line.resolved, match.start()):
        said = match[0].strip()
        yield match.start(), Act(Action(action), line.number, _one_line(line), said, said)


def _one_line(line: Line) -> str:
    return " ".join(line.text.split())


def _words(rest: str) -> list[str]:
    """Return the words of a command without options and quotes."""
    found = []
    words = iter(rest.split())
    for word in words:
        bare = word.strip("\"'")
        if bare in _OPTIONS_WITH_VALUE:
            next(words, "")
        elif not bare.startswith("-"):
            found.append(bare)
    return found


def _signal_acts(line: Line, services: Collection[str]) -> Iterator[_Found]:
    for match in _KILL.finditer(line.resolved):
        rest = match["rest"]
        signal = _SIGNAL.search(rest)
        name = signal[1] if signal else "KILL" if match["service"] in {"docker", "podman"} else "TERM"
        targeted = _IN_PATH.search(rest) or any(names_haproxy(w, services) for w in rest.split())
        if (
            targeted
            and name not in {"0", "L"}
            and " -l" not in rest
            and not is_printed(line.resolved, match.start())
        ):
            said = match[0].strip()
            yield (
                match.start(),
                Act(Action.SIGNAL, line.number, _one_line(line), _SIGNALS.get(name, name), said),
            )


def _spawn_acts(line: Line) -> Iterator[_Found]:
    for match in _SPAWN.finditer(line.resolved):
        program = match["program"]
        # A bare name behind a space is an argument ("apt install haproxy -y"); a path may stand behind a wrapper.
        if match.start() == match.start("command") and "/" not in program and match.start():
            continue
        if is_printed(line.resolved, match.start("command")):
            continue
        # start-stop-daemon(8) ends its own options with "--"; HAProxy would take what follows for files.
        command = match["command"].replace(match["dashes"] or "\0", "", 1).strip()
        words = _split(command)
        if _ASKS & set(words):
            continue
        if "-c" in words or "-f" in words:
            action = Action.CHECK if "-c" in words else Action.SPAWN
            yield match.start("command"), Act(action, line.number, _one_line(line), command, command)


def _cli_acts(line: Line) -> Iterator[_Found]:
    found = _CLI_RELOAD.search(line.resolved)
    if found and _SOCKET_TOOL.search(line.resolved):
        detail = found["cli"] or found["here"]
        yield found.start(), Act(Action.MASTER_CLI, line.number, _one_line(line), detail, detail)


def _split(command: str) -> Sequence[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return [word.strip("\"'") for word in command.split()]
