"""An abstract unix socket has one owner at a time, and a reload has two processes.

## What it does

Finds `bind abns@NAME` where a reload does not hand sockets over, or on versions that lose it when a bind fails.

## Why it drops connections

An abstract name cannot be bound twice or renamed over. Without socket transfer the new process has the old one unbind
first, and clients are refused in between. On 2.4 to 2.6.12 one failed bind in a reload ends the whole service; on
3.0.0 and 3.1.0 the abstract listener is lost after it. Socket transfer (`expose-fd listeners` and `-x`) hands an
abstract socket over as any other. Without it a socket with a path is better, not good: nobody is refused, but what
waits in the queue of the old process is reset. An address on loopback with `net.ipv4.tcp_migrate_req=1` loses neither.

## Example

```cfg
frontend inner
    bind abns@inner accept-proxy
```
```mode classic
```

## Use instead

```cfg
frontend inner
    bind /run/haproxy/inner.sock accept-proxy
```
```mode classic
```

## Known problems

Fixes of these versions in distributions are not seen.

## Fix safety

Manual: clients of the socket have to change with it.

## References

- HAProxy 2.8 configuration.txt section 4.2 `bind`; src/sock_unix.c; commit 445fc1fe3
- measured: a failed reload with an abstract bind on 2.4.0, 2.6.12, 3.0.0, 3.1.0, 3.2.0; six reloads without socket
  transfer at full rate on 2.2 to 3.2: 4 to 259 of some 20 000 requests lost with an abstract socket, 0 to 28 with a
  path, none with loopback
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Severity
from hitless.subject import Transfer
from hitless.subject.binds import every_bind
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    why = _why(subject)
    for owned in every_bind(subject) if why else ():
        address = next((a for a in owned.bind.addresses if a.kind == "abns"), None)
        if address is not None:
            yield RULE.finding(
                subject,
                f"{owned.owner} listens on the abstract socket {address.text}: {why}",
                place=config_place(subject, owned.bind.where, address.text),
                fix=Fix(summary=_fix(subject)),
            )


def _fix(subject: Subject) -> str:
    path = "a unix socket with a path, for the bind and for those who connect to it"
    return f"socket transfer; without it {path}" if subject.transfer == Transfer.NONE else path


def _why(subject: Subject) -> str:
    if subject.transfer == Transfer.NONE:
        return "a reload takes it from the old process before the new one has it"
    if subject.master_worker and subject.version_in((2, 4), (2, 6, 12)):
        return "in this version a failed bind during a reload ends the service"
    if subject.version in {(3, 0, 0), (3, 1, 0)}:
        return "in this version the listener is lost when a reload fails to bind"
    return ""


RULE = Rule(
    code="HL309",
    name="abstract-socket-contested",
    severity=Severity.WARNING,
    summary="an abstract unix socket cannot have two owners, and a reload has two processes",
    versions="2.4 to 2.6.12, 3.0.0, 3.1.0; all without socket transfer",
    needs=frozenset({Need.CONFIGURATION, Need.MODE, Need.VERSION}),
    check=_check,
)
