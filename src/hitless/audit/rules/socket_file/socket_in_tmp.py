"""A socket lives in a directory for temporary files.

## What it does

Finds unix sockets in /tmp or /var/tmp.

## Why it drops connections

With PrivateTmp= of the unit nobody outside can connect. Without it, cleaners take the file for a dead socket: the
kernel lists it under the temporary name with which HAProxy bound it, and a reload does not make the file again.

## Example

```cfg
global
    stats socket /tmp/haproxy.sock mode 660 level admin
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```

## Known problems

Whether a cleaner removes files by age depends on the host's tmpfiles.d; Debian 12 empties /tmp at boot only.

## Fix safety

Manual: those who connect have to change with it.

## References

- systemd.exec(5) PrivateTmp=; systemd 252 src/tmpfiles/tmpfiles.c unix_socket_alive()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.binds import socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    private = unit is not None and unit.private_tmp
    for socket in unix_sockets(subject):
        if socket.path.startswith(("/tmp/", "/var/tmp/")):  # noqa: S108 - comparing
            yield RULE.finding(
                subject,
                f"{socket.path} ({socket.owner}) is "
                + (
                    "in the unit's private /tmp: nobody outside can connect"
                    if private
                    else "where cleaners remove files, and a reload does not make it again"
                ),
                severity=Severity.WARNING if private else Severity.NOTE,
                place=socket_place(subject, socket),
                evidence=(Evidence(text="PrivateTmp=yes", source=unit.place_of("PrivateTmp")),)
                if unit and private
                else (),
                fix=Fix(summary="a directory below /run that RuntimeDirectory= or tmpfiles.d makes"),
            )


RULE = Rule(
    code="HL313",
    name="socket-in-tmp",
    severity=Severity.NOTE,
    summary="a socket lives in a directory for temporary files",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
