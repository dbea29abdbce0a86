"""QUIC tokens of one process mean nothing to the next: there is no `cluster-secret`.

## What it does

Finds QUIC binds in a configuration without `cluster-secret` in `global`.

## Why it drops connections

Without it each process draws its own secret. A Retry token that the old process gave out is refused by the new one, and
a stateless reset that the new one sends is not recognised: a client whose connection is gone waits for its own timeout
instead of reconnecting at once.

## Example

```cfg
frontend www
    mode http
    bind quic4@:8443 ssl crt /etc/haproxy/site.pem alpn h3
    timeout client 30s
```

## Use instead

```cfg
global
    cluster-secret 5e4a9d2c71f0b8e36a17

frontend www
    mode http
    bind quic4@:8443 ssl crt /etc/haproxy/site.pem alpn h3
    timeout client 30s
```

## Known problems

The value is a secret: write your own, the same on all members of a cluster.

## Fix safety

Manual, because the value is a secret.

## References

- HAProxy 2.8 configuration.txt section 3.1 `cluster-secret`; src/quic_tp.c, src/quic_conn.c
- RFC 9000 sections 8.1.2 and 10.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.keep_alive import speaks_quic
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.in_global("cluster-secret"):
        return
    bind = next((b for p in subject.frontends for b in p.binds if speaks_quic(b)), None)
    if bind is None:
        return
    yield RULE.finding(
        subject,
        "each reload draws new secrets for QUIC: tokens of the old process are refused by the new one",
        place=config_place(subject, bind.where),
        evidence=(Evidence(text="a QUIC bind, and no `cluster-secret` in `global`", source=bind.where),),
        fix=Fix(
            summary="`cluster-secret` in `global`, with a random value of your own",
            commands=("openssl rand -hex 16",),
        ),
    )


RULE = Rule(
    code="HL509",
    name="quic-secrets-change",
    severity=Severity.NOTE,
    summary="QUIC tokens of one process mean nothing to the next",
    versions="2.6 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
