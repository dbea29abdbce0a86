"""A socket file has another mode or owner than the configuration says.

## What it does

Compares `mode`, `user`, `group`, `uid` and `gid` of each unix socket with the file that stands there.

## Why it drops connections

A reload that inherits the socket does not apply a changed mode or owner, and nothing says so. The tool that was to get
access (a drain, a readiness check, `-x`) is refused; what was to be closed stays open.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 group haproxy level admin
```
```json instance
{"processes": [{"pid": 700, "parent_pid": 1, "role": "worker"}]}
```
```json host
{"paths": [{"path": "/run/haproxy/admin.sock", "kind": "socket", "mode": 384, "owner": "root", "group": "root"}]}
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 group haproxy level admin
```
```json instance
{"processes": [{"pid": 700, "parent_pid": 1, "role": "worker"}]}
```
```json host
{"paths": [{"path": "/run/haproxy/admin.sock", "kind": "socket", "mode": 432, "owner": "root", "group": "haproxy"}]}
```

## Known problems

Settings of `unix-bind` are compared only where the socket has none of its own and only in `bind` lines, as HAProxy
does.

## Fix safety

Manual: the commands bring the live file to what the configuration says; nothing else changes.

## References

- HAProxy 2.8 configuration.txt section 3.1 `unix-bind`, 5.1 `mode`, `user`, `group`, `uid`, `gid`
- src/sock_unix.c sock_unix_bind_receiver(): an inherited socket is neither chowned nor chmodded
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.binds import socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitless.facts import PathFact
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for socket in unix_sockets(subject) if subject.processes else ():
        fact = subject.host.path(socket.path) if subject.host else None
        if fact is None or fact.kind != "socket" or socket.path in seen:
            continue
        seen.add(socket.path)
        shared = _unix_bind(subject) if socket.owner.startswith(("frontend", "listen")) else {}
        different = list(_differences({**shared, **socket.options}, fact))
        if different:
            yield RULE.finding(
                subject,
                f"{socket.path} ({socket.owner}): {', '.join(text for text, _ in different)}, "
                "and a reload does not change that",
                place=socket_place(subject, socket),
                evidence=(
                    Evidence(
                        text=f"mode {fact.mode:03o}, {fact.owner or fact.uid}:{fact.group or fact.gid}",
                        source=f"stat {socket.path}",
                    ),
                ),
                fix=Fix(
                    summary="bring the live file to what the configuration says",
                    commands=tuple(f"{command} {socket.path}" for _, command in different),
                ),
            )


def _unix_bind(subject: Subject) -> dict[str, tuple[str, ...]]:
    directive = subject.model.global_value("unix-bind")
    words = directive.words[1:] if directive else ()
    return {key: (value,) for key, value in zip(words[::2], words[1::2], strict=False)}


def _differences(options: Mapping[str, tuple[str, ...]], fact: PathFact) -> Iterator[tuple[str, str]]:
    """Yield what differs, and the command that repairs it up to the path."""
    mode = options.get("mode", ("",))[-1:] or ("",)
    if mode[0] and set(mode[0]) <= set("01234567") and int(mode[0], 8) != fact.mode:
        yield f"mode {fact.mode:03o} instead of {mode[0]}", f"chmod {mode[0]}"
    for keyword, have, command in (
        ("user", fact.owner, "chown"),
        ("uid", str(fact.uid), "chown"),
        ("group", fact.group, "chgrp"),
        ("gid", str(fact.gid), "chgrp"),
    ):
        wanted = (options.get(keyword) or ("",))[-1]
        if wanted and have not in {"", "-1", wanted}:
            yield f"{keyword} {have} instead of {wanted}", f"{command} {wanted}"


RULE = Rule(
    code="HL305",
    name="socket-mode-drift",
    severity=Severity.WARNING,
    summary="a socket file has another mode or owner than the configuration says",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.PROCESSES, Need.PATHS}),
    check=_check,
)
