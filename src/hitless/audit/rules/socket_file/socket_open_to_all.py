"""Everybody can connect to a socket that may end sessions or take the listening sockets.

## What it does

Finds stats sockets with `level admin` or `expose-fd listeners` that are world-writable, or that listen on an address
other than loopback.

## Why it drops connections

Whoever connects can shut down every session, put servers into maintenance, or fetch and hold the listening sockets, so
that a reload shares its connections with a process that does not answer.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 666 level admin
    stats socket ipv4@*:9999 level admin
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 group haproxy level admin
    stats socket ipv4@127.0.0.1:9999 level admin
    stats socket /run/haproxy/stats.sock mode 666 level user
```

## Known problems

A packet filter in front of a network address is not seen. A directory that others cannot enter makes a unix socket
private; that is seen on a host.

## Fix safety

Manual: who is to connect is for a person to say.

## References

- HAProxy 2.8 configuration.txt section 3.1 `stats socket`, 5.1 `level`, `mode`, `expose-fd`; unix(7)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Severity
from hitless.subject.binds import directory_of
from hitless.subject.endpoints import ip_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Address, Bind
    from hitless.subject import Subject

_OTHERS_WRITE = 0o002
_OTHERS_ENTER = 0o001


def _check(subject: Subject) -> Iterator[Finding]:
    for bind in subject.model.stats_sockets:
        powerful = bind.options.get("level", ())[-1:] == ("admin",) or bind.has("expose-fd")
        for address in bind.addresses if powerful else ():
            how = _open(subject, bind, address)
            if how:
                yield RULE.finding(
                    subject,
                    f"{how} may end sessions and change servers through {address.text}",
                    place=config_place(subject, bind.where, address.text),
                    fix=Fix(
                        summary="`mode 660` and a group for a path, 127.0.0.1 for an address, or `level user`"
                    ),
                )
                break


def _open(subject: Subject, bind: Bind, address: Address) -> str:
    ip = ip_of(address)
    if ip is not None:
        return "" if ip.is_loopback else "everybody who reaches the address"
    mode = bind.options.get("mode", ())[-1:]
    if address.kind != "unix" or not mode or not set(mode[0]) <= set("01234567"):
        return ""
    directory = subject.host.path(directory_of(address.host)) if subject.host else None
    private = directory is not None and directory.kind == "directory" and not directory.mode & _OTHERS_ENTER
    return "every user of the host" if int(mode[0] or "0", 8) & _OTHERS_WRITE and not private else ""


RULE = Rule(
    code="HL306",
    name="socket-open-to-all",
    severity=Severity.WARNING,
    summary="everybody can connect to a socket with administrative rights",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
