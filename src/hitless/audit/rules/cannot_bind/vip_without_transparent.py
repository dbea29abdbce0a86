"""A bind names a virtual address of Keepalived, which is on one node only.

## What it does

Compares the addresses that HAProxy binds with the virtual addresses of keepalived.conf; `transparent` and the kernel's
ip_nonlocal_bind allow an address to be absent.

## Why it drops connections

The node without the address cannot start HAProxy, and after a failover nobody serves. A node that lost the address can
still reload, for it inherits the socket, and hides the fault until the next restart.

## Example

```cfg
frontend www
    bind 192.0.2.100:80
```
```json host
{"keepalived": [{"address": "192.0.2.100", "prefix_length": 24, "where": "/etc/keepalived/keepalived.conf:9"}],
 "addresses": [{"address": "192.0.2.100", "prefix_length": 24, "interface": "eth0"}]}
```

## Use instead

```cfg
frontend www
    bind 192.0.2.100:80 transparent
```
```json host
{"keepalived": [{"address": "192.0.2.100", "prefix_length": 24, "where": "/etc/keepalived/keepalived.conf:9"}],
 "addresses": [{"address": "192.0.2.100", "prefix_length": 24, "interface": "eth0"}]}
```

## Known problems

Other tools that move addresses (Pacemaker, cloud agents) are not read: HL402 sees an address that is absent now.

## Fix safety

Safe: as HL402.

## References

- HAProxy 2.8 configuration.txt section 5.1 `transparent`; ip(7) ip_nonlocal_bind
- measured with Keepalived between two network namespaces on 2.2, 2.6, 2.8, 3.0, 3.2
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

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    host = subject.host
    own = own_listeners(subject)
    virtual = {v.address: v for v in (host.keepalived if host else None) or ()}
    for ip, binds in needed_addresses(subject).items():
        vip = virtual.get(str(ip))
        if vip is None:
            continue
        first = binds[0]
        known = host is not None and host.addresses is not None
        absent = known and host_address(subject, ip) is None
        held = all(endpoint.key in own for endpoint in binds)
        more = f" and {len(binds) - 1} more binds of it" if len(binds) > 1 else ""
        now = ", which is not on this node now" if absent else ""
        then = "a restart fails" if absent and held else "HAProxy cannot start on a node without it"
        yield RULE.finding(
            subject,
            f"{text_of(first)} ({first.owner}){more} is a virtual address{now}: {then}",
            severity=Severity.ERROR if absent and not held else Severity.WARNING,
            place=config_place(subject, first.bind.where, str(ip)),
            evidence=(
                Evidence(text=f"virtual_ipaddress {vip.address}/{vip.prefix_length}", source=vip.where),
            ),
            fix=transparent_fix(subject, binds),
        )


RULE = Rule(
    code="HL406",
    name="vip-without-transparent",
    severity=Severity.WARNING,
    summary="a bind names a virtual address of Keepalived, which is on one node only",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.KEEPALIVED}),
    check=_check,
)
