"""The log says who connected, and not how it ended.

## What it does

Finds frontends with a log target and without `option httplog`, `httpslog`, `tcplog` or a `log-format`.

## Why it drops connections

HAProxy's default line is written when a connection begins: "Connect from …". It has no status, no duration and no
termination state, so that a request that was cut by a reload looks like any other.

## Example

```cfg
global
    log /dev/log local0
defaults
    log global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80
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

## Known problems

None known.

## Fix safety

Safe: log lines get longer; nothing changes for clients.

## References

- HAProxy 2.8 configuration.txt section 8.2 (log formats), section 8.5 (termination states)
- tried on 2.2 to 3.2: "Connect from 127.0.0.1:41242 to 127.0.0.1:18777 (f/HTTP)"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section
from hitless.audit.log_lines import has_format, logged_frontends, read_log_target
from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Finding,
    Fix,
    Safety,
    Severity,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.findings import Edit
    from hitless.subject import Subject

_OPTIONS = {"http": "option httplog", "tcp": "option tcplog"}


def _check(subject: Subject) -> Iterator[Finding]:
    bare = [
        proxy
        for proxy in logged_frontends(subject)
        if proxy.log_targets
        and not has_format(proxy)
        and not any(read_log_target(subject, target).profile for target in proxy.log_targets)
    ]
    if not bare:
        return
    first = bare[0]
    named = f"frontend {first.name}" if len(bare) == 1 else f"{first.name} and {len(bare) - 1} more"
    edits: tuple[Edit, ...] = ()
    for where, text in dict.fromkeys(_home(subject, proxy) for proxy in bare):
        edits += add_to_section(subject, where, text, beside=("mode", "log", "option"))
    yield RULE.finding(
        subject,
        f"{named}: the default log line has no status and no termination state",
        place=config_place(subject, first.where),
        fix=Fix(
            summary=f"`{_OPTIONS[first.mode]}`", safety=Safety.SAFE if edits else Safety.MANUAL, edits=edits
        ),
    )


def _home(subject: Subject, proxy: Proxy) -> tuple[str, str]:
    """Return the section that gets the option: the defaults, if it fits all who inherit from them."""
    heirs = [p for p in subject.model.proxies if p.defaults_where == proxy.defaults_where and p.binds]
    # HAProxy warns of a format where nothing is logged, and `zero-warning` would refuse it.
    shared = bool(proxy.defaults_where) and all(
        p.mode == proxy.mode and p.log_targets and not has_format(p) for p in heirs
    )
    return (proxy.defaults_where if shared else proxy.where), _OPTIONS[proxy.mode]


RULE = Rule(
    code="HL706",
    name="default-log-format",
    severity=Severity.NOTE,
    summary="log lines have no status and no termination state",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
