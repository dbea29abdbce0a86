"""What configuration management does to HAProxy's service: Ansible and Salt in YAML, Puppet, Chef. Nothing is run.

Source: Ansible's ansible.builtin.service, .systemd_service, .sysvinit (parameter `state`); Salt's service.running (a
`watch` restarts unless `reload: True` stands there); Puppet's service (a refresh restarts unless `restart` names
another command); Chef's notifies and subscribes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.acts import Act, Action, names_haproxy
from hitless.audit.shell import without_comment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ["management_acts"]

_STATES = {
    "restarted": Action.RESTART,
    "reloaded": Action.RELOAD,
    "stopped": Action.STOP,
    "started": Action.START,
}
_STATE = re.compile(r"(?<![\w-])[\"']?state[\"']?\s*[:=]\s*[\"']?(restarted|reloaded|stopped|started)\b")
_SERVICE_MODULE = re.compile(
    r"(?<![\w-])(?:ansible\.\w+\.|community\.\w+\.)?(?:service|systemd|systemd_service|sysvinit|openrc)\s*(?=[:\s]|$)"
)
_NAME = re.compile(
    r"(?<![\w-])[\"']?(?:name|unit)[\"']?\s*[:=]\s*(\"[^\"]*\"|'[^']*'|\{\{[^}]*\}\}|[^\s,}]+)"
)
_TITLE = re.compile(r"\A\s*- name\s*:[^\n]*")
_ITEM = re.compile(r"\{\{\s*item\b")
_LOOP = re.compile(r"^\s*(?:loop|with_items)\s*:", re.MULTILINE)
_JINJA_NAME = re.compile(r"^[\"']?\{\{\s*(\w+)")
_SALT_WATCH = re.compile(r"^\s*-\s*(?:watch|watch_any|listen)\s*:")
_SALT_RELOAD = re.compile(r"^\s*-\s*reload\s*:\s*[\"']?(?:true|yes)\b", re.IGNORECASE | re.MULTILINE)
_PUPPET_SERVICE = re.compile(r"\bservice\s*\{\s*[\"']([\w@.-]+)[\"']\s*:(?P<body>[^{}]*)\}", re.IGNORECASE)
_PUPPET_REFRESH = re.compile(r"(?:(?:notify\s*=>|~>)[^\n]*Service\[\s*[\"']?([\w@.-]+)[\"']?\s*\])")
_CHEF = re.compile(
    r"\b(?P<how>notifies|subscribes)\s*\(?\s*:(?P<verb>restart|reload|stop)\s*,\s*[\"'](?:service|systemd_unit)\["
    r"(?P<name>[\w@.-]+)\]"
)


def management_acts(text: str, services: Collection[str] = ()) -> list[Act]:
    """Return what the tasks, states and resources in a file do to HAProxy's service, in order of lines."""
    lines = [without_comment(line[:1000]) for line in text.splitlines()]
    found = [*_ansible(lines, services), *_salt(lines, services), *_puppet(lines, services)]
    found += [
        Act(Action(match["verb"]), number, line.strip(), match[0], match[0])
        for number, line in enumerate(lines, 1)
        for match in _CHEF.finditer(line)
        if names_haproxy(match["name"], services)
    ]
    return sorted(found, key=lambda act: act.line)


def _ansible(lines: Sequence[str], services: Collection[str]) -> Iterator[Act]:
    for index, line in enumerate(lines):
        state = _STATE.search(line)
        if state is None:
            continue
        item = "\n".join(_item_around(lines, index))
        if _SERVICE_MODULE.search(item) and _is_about(item, services):
            yield Act(_STATES[state[1]], index + 1, line.strip(), f"state: {state[1]}", state[1])


def _is_about(item: str, services: Collection[str]) -> bool:
    """Return whether a task's service is HAProxy: by its name, by a variable's name, or by the list it goes through."""
    for match in _NAME.finditer(_TITLE.sub("- ", item)):
        name = match[1].strip("\"'")
        variable = _JINJA_NAME.match(name)
        if names_haproxy(name, services) or (variable and _is_variable_of_haproxy(variable[1])):
            return True
        if _ITEM.search(match[1]):
            loop = _LOOP.search(item)
            words = re.findall(r"[\w@.-]+", item[loop.end() :]) if loop else []
            if any(names_haproxy(word, services) for word in words):
                return True
    return False


def _is_variable_of_haproxy(name: str) -> bool:
    return bool(re.fullmatch(r"(?:\w+_)?haproxy(?:_(?:service|daemon|unit|svc|systemd))?(?:_name)?", name))


def _item_around(lines: Sequence[str], index: int) -> Sequence[str]:
    """Return the item of a YAML list that a line belongs to."""
    depth = _indent(lines[index])
    start = index
    if not lines[index].lstrip().startswith("- "):
        for start in range(index - 1, max(-1, index - 60), -1):
            line = lines[start]
            if line.strip() and _indent(line) < depth:
                depth = _indent(line)
                if line.lstrip().startswith("- "):
                    break
    depth = _indent(lines[start])
    stop = start + 1
    while stop < min(len(lines), start + 80) and (not lines[stop].strip() or _indent(lines[stop]) > depth):
        stop += 1
    return lines[start:stop]


def _salt(lines: Sequence[str], services: Collection[str]) -> Iterator[Act]:
    for index, line in enumerate(lines):
        if line.strip() not in {"service.running:", "- service.running:"} and line.strip() != "service:":
            continue
        depth = _indent(line)
        stop = index + 1
        while stop < len(lines) and (not lines[stop].strip() or _indent(lines[stop]) > depth):
            stop += 1
        body = lines[index + 1 : stop]
        if line.strip() == "service:" and "- running" not in {b.strip() for b in body}:
            continue
        names = [m[1] for b in body if (m := re.match(r"\s*-\s*name\s*:\s*(\S+)", b))] or [
            _state_id(lines, index)
        ]
        if not any(names_haproxy(n, services) for n in names) or _SALT_RELOAD.search("\n".join(body)):
            continue
        for offset, inner in enumerate(body):
            if _SALT_WATCH.match(inner):
                word = inner.strip()
                yield Act(
                    Action.RESTART,
                    index + offset + 2,
                    word,
                    "service.running: watch without reload: True",
                    word,
                )


def _state_id(lines: Sequence[str], index: int) -> str:
    for line in reversed(lines[max(0, index - 60) : index]):
        if line.strip() and _indent(line) == 0:
            return line.strip().rstrip(":").strip("\"'")
    return ""


def _puppet(lines: Sequence[str], services: Collection[str]) -> Iterator[Act]:
    text = "\n".join(lines)
    for match in _PUPPET_SERVICE.finditer(text):
        if not names_haproxy(match[1], services) or re.search(r"\brestart\s*=>", match["body"]):
            continue
        subscribes = re.search(r"\bsubscribe\s*=>", match["body"])
        if subscribes:
            yield _puppet_act(lines, text.count("\n", 0, match.start("body") + subscribes.start()))
        for refresh in _PUPPET_REFRESH.finditer(text):
            if refresh[1] == match[1]:
                yield _puppet_act(lines, text.count("\n", 0, refresh.start()))


def _puppet_act(lines: Sequence[str], index: int) -> Act:
    word = lines[index].strip()
    return Act(
        Action.RESTART, index + 1, word, "a refresh of the service, which has no restart => of its own", word
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
