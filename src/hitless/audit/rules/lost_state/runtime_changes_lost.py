"""Changes made over the runtime API are gone after the next reload.

## What it does

Compares the servers' weights, addresses and administrative states in the running process with the configuration.

## Why it drops connections

A new process takes everything from its files. A server that was drained or put into maintenance by hand gets requests
again the moment a certificate is renewed, and a weight set to 10 is 100 again.

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

```json instance
{"workers": [{"pid": 7, "socket": "/run/haproxy/admin.sock", "stopping": false,
  "server_differences": [{"backend": "app", "server": "a",
  "difference": "in maintenance by the CLI"}]}]}
```

## Use instead

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

```json instance
{"workers": [{"pid": 7, "socket": "/run/haproxy/admin.sock", "stopping": false,
  "server_differences": []}]}
```

## Known problems

None known.

## Fix safety

Manual: which of the two is right is for a person to say.

## References

- HAProxy 2.8 management.txt section 9.3 `set server`; configuration.txt section 4.2 `load-server-state-from-file`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Place,
    Severity,
)
from hitless.subject.state_lines import loads_state, serving_proxies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_CHANGED = ("configured", "by the CLI", "by cli", "maintenance", "drain")


def _check(subject: Subject) -> Iterator[Finding]:
    kept = {proxy.name for proxy in serving_proxies(subject) if loads_state(proxy)}
    for view in subject.instance.workers or ():
        lost = [
            d
            for d in view.server_differences or ()
            if d.backend not in kept and any(word in d.difference for word in _CHANGED)
        ]
        if lost and not view.stopping:
            more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
            yield RULE.finding(
                subject,
                f"{lost[0].backend}/{lost[0].server} is {lost[0].difference}{more}: the next reload undoes it",
                place=Place(file=view.socket),
                evidence=tuple(
                    Evidence(text=f"{d.backend}/{d.server}: {d.difference}", source=f"process {view.pid}")
                    for d in lost[:8]
                ),
                fix=Fix(summary="write it into the configuration, or load server states from a file"),
            )
            return


RULE = Rule(
    code="HL806",
    name="runtime-changes-lost",
    severity=Severity.WARNING,
    summary="changes made over the runtime API are gone after the next reload",
    versions="all",
    needs=frozenset({Need.WORKERS}),
    check=_check,
)
