"""The queue of the log socket is short: HAProxy throws lines away under load.

## What it does

Looks at `net.unix.max_dgram_qlen` where HAProxy logs to a unix socket.

## Why it drops connections

HAProxy never waits for the log. With ten datagrams in the queue of /dev/log the eleventh line is dropped, and `show
info` counts it under DroppedLogs: in the seconds of a reload, when most lines are written, most are lost.

## Example

```cfg
global
    log /dev/log local0
defaults
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80
```

```json host
{"sysctls": [{"name": "net.unix.max_dgram_qlen", "value": "10", "source": "/proc/sys/net/unix/max_dgram_qlen"}]}
```

## Use instead

```cfg
global
    log /dev/log local0
defaults
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80
```

```json host
{"sysctls": [{"name": "net.unix.max_dgram_qlen", "value": "512", "source": "/proc/sys/net/unix/max_dgram_qlen"}]}
```

## Known problems

None known.

## Fix safety

Safe. The value holds for sockets made from then on: the syslog daemon must be started anew.

## References

- unix(7), Linux net/unix/af_unix.c unix_create1(): sk_max_ack_backlog is taken from the sysctl; kernel's default 10
- systemd src/core/main.c sets 512 at boot; HAProxy 2.8 management.txt section 9.3 `show info` (DroppedLogs)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Safety,
    Severity,
    SysctlEdit,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_NAME = "net.unix.max_dgram_qlen"
_SHORT = 10


def _check(subject: Subject) -> Iterator[Finding]:
    value = subject.host.sysctl(_NAME) if subject.host else None
    targets = [t for p in subject.frontends for t in p.log_targets if t.address.kind == "unix"]
    if not targets or value is None or not value.isdigit() or int(value) > _SHORT:
        return
    yield RULE.finding(
        subject,
        f"the queue of {targets[0].address.host} holds {value} lines; what comes while it is full is dropped",
        place=config_place(subject, targets[0].where, targets[0].address.text),
        evidence=(Evidence(text=f"{_NAME} = {value}", source="/proc/sys/net/unix/max_dgram_qlen"),),
        fix=Fix(
            summary=f"{_NAME} = 512, and start the syslog daemon anew",
            safety=Safety.SAFE,
            edits=(SysctlEdit(name=_NAME, value="512"),),
        ),
    )


RULE = Rule(
    code="HL712",
    name="datagram-queue-small",
    severity=Severity.NOTE,
    summary="the queue of the log socket is short",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.SYSCTLS}),
    check=_check,
)
