"""A reload takes long: thousands of certificates are read each time.

## What it does

Counts the files in certificate directories: a note from 1000 on, a warning from 5000 on.

## Why it drops connections

Loading a certificate takes about 10 ms: 50 000 take 500 s. In that time the change is not in force, scripts give up
waiting, the next reload comes before this one is done, and systemd's limits run out. Certificates can be changed and
added over the runtime API without a reload.

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
    bind :443 ssl crt /etc/haproxy/certs tls-ticket-keys /k
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```json host
{"paths": [{"path": "/etc/haproxy/certs", "kind": "directory", "entries": 12000}]}
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
    bind :443 ssl crt /etc/haproxy/certs tls-ticket-keys /k
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```json host
{"paths": [{"path": "/etc/haproxy/certs", "kind": "directory", "entries": 40}]}
```

## Known problems

The time depends on the keys (RSA takes longer), the processor and the version.

## Fix safety

Manual.

## References

- HAProxy 2.8 management.txt section 9.3 `set ssl cert`, `commit ssl cert`, `new ssl cert`, `add ssl crt-list`
- HAProxy 3.0 configuration.txt section 3.11 `crt-store`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Severity,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_MANY = 1000
_VERY_MANY = 5000
_LOAD_S = 0.01


def _check(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for reference in subject.model.file_references:
        fact = subject.host.path(reference.path) if subject.host else None
        if fact is None or fact.kind != "directory" or fact.entries < _MANY or fact.path in seen:
            continue
        if reference.kind not in {"certificate", "certificate-directory"}:
            continue
        seen.add(fact.path)
        yield RULE.finding(
            subject,
            f"{fact.path} has {fact.entries} files: loading them takes about {fact.entries * _LOAD_S:.0f} s each time",
            severity=Severity.WARNING if fact.entries >= _VERY_MANY else Severity.NOTE,
            place=config_place(subject, reference.where, reference.path),
            evidence=(Evidence(text=f"{fact.entries} entries", source=f"the directory {fact.path}"),),
            fix=Fix(
                summary="change certificates over the runtime API (`set ssl cert`, `commit ssl cert`), without a reload"
            ),
        )


RULE = Rule(
    code="HL808",
    name="many-certificates-load-slowly",
    severity=Severity.NOTE,
    summary="a reload reads thousands of certificates",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.PATHS}),
    check=_check,
)
