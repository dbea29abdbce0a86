"""The number of listening sockets follows the machine's processors: with fewer of them, queues are lost.

## What it does

Finds binds with `shards by-thread` (or `by-group`, or `tune.listener.default-shards`) in a configuration without
`nbthread`.

## Why it drops connections

Each shard is a listening socket with a queue of its own. The number of threads is that of the processors that HAProxy
may use. When this number falls (a smaller machine, a cpuset, a container limit), the next process takes fewer sockets,
and what waits in the queues of the others is reset.

## Example

```cfg
frontend www
    mode tcp
    bind :443 shards by-thread
    timeout client 30s
```

## Use instead

```cfg
global
    nbthread 4

frontend www
    mode tcp
    bind :443 shards by-thread
    timeout client 30s
```

## Known problems

A note: nothing is lost as long as the number stays, or grows.

## Fix safety

`net.ipv4.tcp_migrate_req=1` (Linux 5.14 and later) is safe: it matters only when a listening socket is closed beside
another on the same address.

## References

- HAProxy 2.8 configuration.txt section 5.1 `shards`, section 3.1 `nbthread`
- Linux Documentation/networking/ip-sysctl.rst tcp_migrate_req
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.shards import shards_by_cpu
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, SysctlEdit
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_MIGRATE = "net.ipv4.tcp_migrate_req"


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.host is not None and subject.host.sysctl(_MIGRATE) == "1":
        return
    binds = [(p, b) for p in subject.frontends for b in p.binds if any(a.kind == "ip" for a in b.addresses)]
    found = [(proxy, bind, shards_by_cpu(subject, bind)) for proxy, bind in binds]
    hit = [row for row in found if row[2]]
    if not hit:
        return
    proxy, bind, setting = hit[0]
    more = f" and {len(hit) - 1} more binds" if len(hit) > 1 else ""
    yield RULE.finding(
        subject,
        f"{proxy.kind} {proxy.name}{more} has as many listening sockets as there are processors: with fewer of them a "
        "reload resets what waits in the queues of the others",
        place=config_place(subject, bind.where, setting),
        evidence=(Evidence(text=f"{setting}, no nbthread", source=bind.where),),
        fix=Fix(
            summary=f"{_MIGRATE}=1, or `nbthread` with the number of threads of today",
            safety=Safety.SAFE,
            edits=(SysctlEdit(name=_MIGRATE, value="1"),),
        ),
    )


RULE = Rule(
    code="HL511",
    name="shards-follow-threads",
    severity=Severity.NOTE,
    summary="the number of listening sockets follows the machine's processors",
    versions="2.5 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
