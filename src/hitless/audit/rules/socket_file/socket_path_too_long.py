"""The path of a unix socket is longer than HAProxy can bind.

## What it does

Finds unix sockets whose path, the prefix of `unix-bind` included, has more than 97 bytes.

## Why it drops connections

HAProxy adds ".PID.tmp" to the path before it binds, and refuses longer ones: "socket path too long (max 97)". The
reload is refused, a restart ends in an outage.

## Example

```cfg
global
    stats socket /run/haproxy/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```

## Known problems

None.

## Fix safety

Manual: those who connect have to change with it.

## References

- HAProxy 2.8 src/tools.c str2sa_range(); tried on 2.2, 2.6, 2.8, 3.0, 3.2: 97 accepted, 98 refused
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Severity
from hitless.subject.binds import socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_LIMIT_BYTES = 97


def _check(subject: Subject) -> Iterator[Finding]:
    for socket in unix_sockets(subject):
        size = len(socket.path.encode("utf-8", "surrogateescape"))
        if size > _LIMIT_BYTES:
            yield RULE.finding(
                subject,
                f"the path of the socket of {socket.owner} has {size} bytes, and HAProxy takes {_LIMIT_BYTES}",
                place=socket_place(subject, socket),
                fix=Fix(summary=f"a path of at most {_LIMIT_BYTES} bytes"),
            )


RULE = Rule(
    code="HL311",
    name="socket-path-too-long",
    severity=Severity.ERROR,
    summary="the path of a unix socket is longer than HAProxy can bind",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
