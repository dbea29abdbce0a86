"""A bind names an address that this host does not have.

## What it does

Compares every single address that HAProxy binds with the addresses of the interfaces; `transparent`, `namespace`, the
kernel's ip_nonlocal_bind and the networks of the loopback interface are taken into account.

## Why it drops connections

A start fails: "cannot bind socket (Cannot assign requested address)". A reload fails as well, and refuses every client
for two seconds while it tries; only where the running process already holds a listener on the address, it is
inherited, and the reload works although a restart would not.

## Example

```cfg
frontend www
    bind 192.0.2.10:80
```
```json host
{"addresses": [{"address": "192.0.2.1", "prefix_length": 24, "interface": "eth0"}]}
```

## Use instead

```cfg
frontend www
    bind 192.0.2.10:80 transparent
```
```json host
{"addresses": [{"address": "192.0.2.1", "prefix_length": 24, "interface": "eth0"}]}
```

## Known problems

Local routes (`ip route add local`) make addresses bindable that no interface has; they are not seen. Addresses of
keepalived.conf are HL406's.

## Fix safety

Safe: `transparent` lets the bind succeed with and without the address; nothing else changes. The reload that brings it
opens a new listening socket, and connections in the accept queue of the old one are reset unless tcp_migrate_req is
on.

## References

- HAProxy 2.8 configuration.txt section 5.1 `transparent`; src/sock_inet.c; ip(7) ip_nonlocal_bind
- tried on 2.2, 2.6, 2.8, 3.0, 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.absent import needed_addresses, transparent_fix
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Severity
from hitless.subject.endpoints import host_address, own_listeners, text_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import ListeningSocket
    from hitless.subject import Subject
    from hitless.subject.endpoints import Endpoint, IpAddress


def _check(subject: Subject) -> Iterator[Finding]:
    own = own_listeners(subject)
    virtual = {v.address for v in (subject.host.keepalived if subject.host else None) or ()}
    for ip, binds in needed_addresses(subject).items():
        have = host_address(subject, ip)
        if str(ip) in virtual or (have is not None and not have.tentative):
            continue
        yield _finding(subject, binds, own, tentative=have is not None)


def _finding(
    subject: Subject,
    binds: tuple[Endpoint, ...],
    own: dict[tuple[IpAddress, int], ListeningSocket],
    *,
    tentative: bool,
) -> Finding:
    first = binds[0]
    held = all(endpoint.key in own for endpoint in binds)
    more = f" and {len(binds) - 1} more binds of it" if len(binds) > 1 else ""
    what = "is still tentative" if tentative else "is on no interface of this host"
    then = "a reload inherits it, a restart fails" if held else "HAProxy cannot bind it"
    evidence = [Evidence(text=f"{first.ip} {what}", source="rtnetlink RTM_GETADDR")]
    socket = own.get(first.key)
    if socket is not None:
        evidence.append(
            Evidence(text=f"inode {socket.inode}, held by process {socket.pids[0]}", source="inet_diag")
        )
    return RULE.finding(
        subject,
        f"{text_of(first)} ({first.owner}){more} {what}: {then}",
        severity=Severity.WARNING if held or tentative else Severity.ERROR,
        place=config_place(subject, first.bind.where, str(first.ip)),
        evidence=tuple(evidence),
        fix=transparent_fix(subject, binds),
    )


RULE = Rule(
    code="HL402",
    name="address-not-on-host",
    severity=Severity.ERROR,
    summary="a bind names an address that this host does not have",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.ADDRESSES}),
    check=_check,
)
