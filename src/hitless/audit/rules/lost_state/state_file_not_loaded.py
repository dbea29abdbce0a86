"""Server states are saved and never loaded, or loaded from nowhere.

## What it does

Finds `server-state-file` without any `load-server-state-from-file`, and `load-server-state-from-file global` without
`server-state-file`.

## Why it drops connections

The two lines only work together. One alone is accepted and does nothing: after each reload all servers start as up,
and weights and maintenance set at run time are forgotten, although somebody thought of it.

## Example

```cfg
global
    server-state-file /var/lib/haproxy/server-state
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

None known.

## Fix safety

Unsafe: from the next reload on, servers start with the state in the file, also a stale one.

## References

- HAProxy 2.8 configuration.txt section 3.1 `server-state-file`, section 4.2 `load-server-state-from-file`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section
from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Finding,
    Fix,
    Safety,
    Severity,
)
from hitless.subject.places import config_place
from hitless.subject.state_lines import LOAD_STATE, loads_state, serving_proxies, state_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    line = state_file(subject)
    proxies = list(serving_proxies(subject))
    loading = [proxy for proxy in proxies if loads_state(proxy) == "global"]
    if line is not None and proxies and not loading:
        edits = [
            add_to_section(subject, where, _LOAD, beside=("mode",))
            for where in dict.fromkeys(proxy.defaults_where or proxy.where for proxy in proxies)
        ]
        yield RULE.finding(
            subject,
            "no backend loads the server states of this file",
            place=config_place(subject, line.where, line.words[1]),
            fix=Fix(
                summary=f"`{_LOAD}` in defaults",
                safety=Safety.UNSAFE,
                edits=tuple(e for part in edits for e in part),
            ),
        )
    elif line is None and loading:
        where = loading[0].all(LOAD_STATE)[-1].where
        yield RULE.finding(
            subject,
            "`server-state-file` is missing in `global`: there is no file to load",
            place=config_place(subject, where, LOAD_STATE),
            fix=Fix(
                summary="`server-state-file FILE` in `global`, and `show servers state` written to it before a reload"
            ),
        )


_LOAD = f"{LOAD_STATE} global"


RULE = Rule(
    code="HL804",
    name="state-file-not-loaded",
    severity=Severity.WARNING,
    summary="server states are saved and never loaded, or loaded from nowhere",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
