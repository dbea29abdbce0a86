"""Weights set by agents are back to the configured ones after a reload.

## What it does

Finds servers with `agent-check` in backends that load no server states.

## Why it drops connections

An agent says how much its server can bear. A new process begins with the configured weights, and keeps them until
each agent has answered: a server that had asked for little gets its full share for `agent-inter`, and one that was
drained by its agent gets requests.

## Example

```cfg
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80 check agent-check agent-port 9000
    server b 192.0.2.2:80 check agent-check agent-port 9000
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
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80 check agent-check agent-port 9000
    server b 192.0.2.2:80 check agent-check agent-port 9000
```

## Known problems

None known.

## Fix safety

Manual: a state file needs a command that writes it before each reload.

## References

- HAProxy 2.8 configuration.txt section 5.2 `agent-check`, `agent-inter`; section 4.2 `load-server-state-from-file`
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
from hitless.subject.state_lines import loads_state, serving_proxies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    servers = [
        (proxy, server)
        for proxy in serving_proxies(subject)
        if not loads_state(proxy)
        for server in proxy.servers
        if server.has("agent-check") and not server.has("init-state")
    ]
    if servers:
        proxy, server = servers[0]
        more = f" and {len(servers) - 1} more" if len(servers) > 1 else ""
        yield RULE.finding(
            subject,
            f"{proxy.name}/{server.name}{more}: full weight until the agent answers",
            place=config_place(subject, server.where, "agent-check"),
            fix=Fix(
                summary="`server-state-file` in `global`, `load-server-state-from-file global` in defaults, and "
                "`show servers state` written to that file before each reload"
            ),
        )


RULE = Rule(
    code="HL814",
    name="agent-weights-lost",
    severity=Severity.NOTE,
    summary="weights set by agents are lost at a reload",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
