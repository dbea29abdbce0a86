"""After a reload requests go to servers that are down, until their first check has failed.

## What it does

Finds backends with two or more checked servers that take their state neither from a file nor from `init-state`. It is
a warning where the checks are ten seconds or more apart, or where a server is down at this moment.

## Why it drops connections

A new process knows nothing of its servers: each starts as up, and the first failed check takes it out. The first
checks are spread over `inter`. In that time requests go to a server that the old process had taken out long ago, and
get a 503 or a connect timeout. Maintenance set by hand is forgotten too.

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
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

## Known problems

Whether a server is ever down at a reload is not known.

## Fix safety

Manual: a state file needs a command that writes it before each reload.

## References

- HAProxy 2.8 configuration.txt section 4.2 `load-server-state-from-file`, section 5.2 `inter`
- HAProxy 3.1 configuration.txt section 5.2 `init-state`
- https://github.com/haproxy/haproxy/issues/918, https://github.com/haproxy/haproxy/issues/2085
- measured on 2.6.12, 2.8.25 and 3.2.26 with one of two servers down: no request fails before the reload, every second
  one after it, until the first check
- tried: `init-state` is refused up to 3.0 and accepted by 3.2
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
from hitless.subject.state_lines import checked_servers, loads_state, serving_proxies
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy, Server
    from hitless.subject import Subject

_SLOW_S = 10.0
_FILE_PRICE = (
    "a state file: what the old process knew holds at once; it must be written just before each reload, and a stale "
    "one brings back an old state"
)
_INIT_PRICE = (
    "init-state fully-down (3.1 and later): no request goes to a server that was not checked; until the checks have "
    "passed, a backend has no server and answers 503"
)


def _check(subject: Subject) -> Iterator[Finding]:
    cold = [
        proxy
        for proxy in serving_proxies(subject)
        if not loads_state(proxy) and sum(not s.has("init-state") for s in checked_servers(proxy)) > 1
    ]
    if not cold:
        return
    slow = next((p for p in cold if any(_interval_s(s) >= _SLOW_S for s in checked_servers(p))), None)
    down = _down_now(subject, cold)
    first = slow or cold[0]
    servers = sum(len(checked_servers(p)) for p in cold)
    named = f"backend {first.name}" if len(cold) == 1 else f"{first.name} and {len(cold) - 1} more"
    yield RULE.finding(
        subject,
        f"{named}: {servers} checked servers start as up after each reload, whatever their state was",
        severity=Severity.WARNING if slow or down else Severity.NOTE,
        place=config_place(subject, checked_servers(first)[0].where, "check"),
        evidence=down,
        fix=Fix(
            summary="`server-state-file` in `global`, `load-server-state-from-file global` in defaults, and "
            "`show servers state` written to that file before each reload",
        ),
        prices=(_FILE_PRICE, _INIT_PRICE) if subject.version_in((3, 1)) else (_FILE_PRICE,),
    )


def _interval_s(server: Server) -> float:
    words = server.options.get("inter", ())
    try:
        return parse_duration_s(words[-1]) if words else 2.0
    except ValueError:
        return 0.0


def _down_now(subject: Subject, proxies: list[Proxy]) -> tuple[Evidence, ...]:
    names = {proxy.name for proxy in proxies}
    return tuple(
        Evidence(
            text=f"{d.backend}/{d.server}: {d.difference}", source=f"show servers state on {view.socket}"
        )
        for view in subject.instance.workers or ()
        if not view.stopping
        for d in view.server_differences or ()
        if d.backend in names and "down" in d.difference.lower()
    )[:5]


RULE = Rule(
    code="HL801",
    name="cold-servers-after-reload",
    severity=Severity.NOTE,
    summary="after a reload requests go to servers that are down, until a check has failed",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
