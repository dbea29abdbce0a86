"""No peer is this process itself: HAProxy drops the `peers` section, and tables are not handed over.

## What it does

Compares the names in `peers` sections with the local one: `localpeer` in `global`, `-L` on the command line, else the
host name.

## Why it drops connections

HAProxy looks for itself among the peers, by name. If it is not there, it warns "Removing incomplete section 'peers
lb' (no peer named …)", starts, and has no peers at all: neither the other load balancers nor the next process get the
tables. Each reload loses what clients stuck to and what was counted.

## Example

```cfg
peers lb
    peer lb1 192.0.2.11:10000
    peer lb2 192.0.2.12:10000
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
    stick-table type ip size 100k expire 30m peers lb
    stick on src
backend app
    stick-table type ip size 100k expire 30m peers lb
    stick on src
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```argv
/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

```json host
{"host_name": "lb1.example.net"}
```

## Use instead

```cfg
peers lb
    peer lb1 192.0.2.11:10000
    peer lb2 192.0.2.12:10000
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
    stick-table type ip size 100k expire 30m peers lb
    stick on src
backend app
    stick-table type ip size 100k expire 30m peers lb
    stick on src
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```argv
/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -L lb1
```

```json host
{"host_name": "lb1.example.net"}
```

## Known problems

None known.

## Fix safety

Manual: which of the names is this host is for a person to say.

## References

- HAProxy 2.8 configuration.txt section 3.1 `localpeer`, section 3.5; management.txt section 3 `-L`
- tried on 2.2 to 3.2: "Removing incomplete section 'peers p' (no peer named 'vm')", and the process starts
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
from hitless.subject.state_lines import local_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    local = local_peer(subject)
    if not local:
        return
    for file, section in subject.sections("peers"):
        words = [file.line(n).words for n in range(section.header + 1, section.stop)]
        names = [w[1] for w in words if len(w) > 1 and w[0] in {"peer", "server"}]
        if not names or local in names or ("disabled",) in words or any("$" in name for name in names):
            continue
        if any(w and w[0].startswith(".") for w in words):
            continue  # `.if` decides which of the peers count.
        yield RULE.finding(
            subject,
            f"none of the peers in {section.name} is named {local}: HAProxy removes the section",
            place=config_place(subject, file.where(section.header), section.name),
            evidence=(
                Evidence(
                    text=f"this process is {local}; peers: {', '.join(names[:8])}", source=_source(subject)
                ),
            ),
            fix=Fix(
                summary=f"name the peer of this host {local}, or start HAProxy with `-L` and the name it has here"
            ),
        )


def _source(subject: Subject) -> str:
    launch = subject.instance.launch
    if launch is not None and subject.arguments.local_peer:
        return launch.source
    line = subject.model.global_value("localpeer")
    return line.where if line is not None else "the host name"


RULE = Rule(
    code="HL803",
    name="peers-without-local",
    severity=Severity.WARNING,
    summary="no peer is this process: the peers section is dropped",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.LAUNCH}),
    check=_check,
)
