"""TLS session tickets are worth nothing after a reload.

## What it does

Finds TLS binds that issue tickets (no `no-tls-tickets`) and have no `tls-ticket-keys`.

## Why it drops connections

Each process makes its own ticket keys. After a reload no client can resume: all of them do full handshakes, in the
seconds when the new process is busiest. Nobody is dropped; with many clients the processor is the limit, and new
connections wait.

## Example

```cfg
global
    server-state-file /var/lib/haproxy/server-state
defaults
    load-server-state-from-file global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :443 ssl crt /etc/ssl/site.pem
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

## Use instead

```cfg
global
    server-state-file /var/lib/haproxy/server-state
defaults
    load-server-state-from-file global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :443 ssl crt /etc/ssl/site.pem tls-ticket-keys /etc/haproxy/tickets
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

## Known problems

The session cache of TLS 1.2 without tickets is lost too, and nothing keeps it.

## Fix safety

Manual: the keys are secrets, and must be changed regularly.

## References

- HAProxy 2.8 configuration.txt section 5.1 `tls-ticket-keys`, `no-tls-tickets`, section 3.1 `ssl-default-bind-options`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if any("no-tls-tickets" in line.words for line in subject.in_global("ssl-default-bind-options")):
        return
    binds = [
        bind
        for proxy in subject.frontends
        for bind in proxy.binds
        if bind.has("ssl") and not bind.has("tls-ticket-keys") and not bind.has("no-tls-tickets")
    ]
    if binds:
        more = f" ({len(binds)} TLS binds)" if len(binds) > 1 else ""
        yield RULE.finding(
            subject,
            f"no client can resume its TLS session after a reload{more}",
            place=config_place(subject, binds[0].where, "ssl"),
            fix=Fix(
                summary="`tls-ticket-keys FILE` on the bind line, with three or more keys, changed regularly",
                commands=("openssl rand -base64 48",),
            ),
        )


RULE = Rule(
    code="HL807",
    name="ticket-keys-lost",
    severity=Severity.NOTE,
    summary="TLS session tickets are worth nothing after a reload",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
