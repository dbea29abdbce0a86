"""A socket lives in a directory below /run that nobody makes at boot.

## What it does

Finds unix sockets (`stats socket`, `bind`, `-S`) in a directory below /run or /var/run which neither RuntimeDirectory=
of the unit, nor a line of tmpfiles.d, nor a command of ExecStartPre= makes.

## Why it drops connections

/run is a tmpfs: after a boot the directory is gone, HAProxy says "cannot bind UNIX socket (No such file or directory)"
and does not start at all, with every frontend.

## Example

```cfg
global
    stats socket /run/lb/admin.sock mode 660 level admin
```
```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Use instead

```cfg
global
    stats socket /run/lb/admin.sock mode 660 level admin
```
```unit
[Service]
RuntimeDirectory=lb
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Known problems

A directory that another service makes is not known here; sockets directly in /run need none.

## Fix safety

Safe: where the directory exists with another owner than the service's user, a line of tmpfiles.d keeps owner and mode;
else RuntimeDirectory= makes it with the mode it has now. systemd removes a runtime directory when the service stops.

## References

- systemd.exec(5) RuntimeDirectory=, tmpfiles.d(5)
- HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(); tried on 2.2, 2.6, 2.8, 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.directories import managed_directories
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, TmpfilesEdit, UnitEdit
from hitless.subject.binds import directory_of, socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_ROOTS = ("/run/user/", "/run/systemd/")


def _check(subject: Subject) -> Iterator[Finding]:
    managed = managed_directories(subject)
    seen: set[str] = set()
    for socket in unix_sockets(subject):
        directory = directory_of(socket.path)
        if not directory.startswith("/run/") or f"{directory}/".startswith(_ROOTS) or directory in seen:
            continue
        seen.add(directory)
        fact = subject.host.path(directory) if subject.host else None
        if directory in managed or (fact is not None and fact.filesystem not in {"", "tmpfs"}):
            continue
        yield RULE.finding(
            subject,
            f"nobody makes {directory} at boot, and without it HAProxy does not start",
            place=socket_place(subject, socket),
            evidence=(
                Evidence(
                    text=f"no RuntimeDirectory= names {directory.removeprefix('/run/')}",
                    source=_unit(subject),
                ),
                Evidence(text=f"no line makes {directory}", source="tmpfiles.d"),
            ),
            fix=_fix(subject, directory),
        )


def _unit(subject: Subject) -> str:
    return subject.unit.place_of("RuntimeDirectory") if subject.unit else ""


def _fix(subject: Subject, directory: str) -> Fix:
    unit = subject.unit
    fact = subject.host.path(directory) if subject.host else None
    exists = fact is not None and fact.kind == "directory"
    user = (unit.user if unit else "") or "root"
    if fact is not None and exists and fact.owner and fact.owner != user:
        line = f"d {directory} {fact.mode:04o} {fact.owner} {fact.group or fact.gid} -"
        return Fix(
            summary=f"a line of tmpfiles.d: {line}", safety=Safety.SAFE, edits=(TmpfilesEdit(line=line),)
        )
    name = directory.removeprefix("/run/")
    mode = f"{fact.mode:04o}" if fact is not None and exists else "0755"
    lines = (f"RuntimeDirectory={name}", f"RuntimeDirectoryMode={mode}")
    return Fix(
        summary=f"{lines[0]} in the unit",
        safety=Safety.SAFE,
        edits=(UnitEdit(unit=unit.name, section="Service", lines=lines),) if unit else (),
        commands=("systemctl daemon-reload",),
    )


RULE = Rule(
    code="HL301",
    name="runtime-directory-unmanaged",
    severity=Severity.WARNING,
    summary="a socket's directory below /run is made by nobody at boot",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.UNIT, Need.TMPFILES}),
    check=_check,
)
