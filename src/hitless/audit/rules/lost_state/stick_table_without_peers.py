"""A stick-table is empty after each reload.

## What it does

Finds stick-tables in use that name no `peers` section: a warning where clients stick to servers by it, a note where
only rates or counters are kept in it.

## Why it drops connections

The table lives in the process. After a reload the new one begins empty: clients that stuck to a server are sent to
another, where their session is not known, and blocked clients are free until they are counted again. With a `peers`
section that has the process itself as a peer, the old process teaches the new one.

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
    bind :80
    default_backend app
    stick-table type ip size 100k expire 30m
    stick on src
backend app
    stick-table type ip size 100k expire 30m
    stick on src
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

## Use instead

```cfg
peers self
    peer lb1 127.0.0.1:10000
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
    stick-table type ip size 100k expire 30m peers self
    stick on src
backend app
    stick-table type ip size 100k expire 30m peers self
    stick on src
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

## Known problems

`store` without use, and tables that only a script reads over the runtime API, are not meant.

## Fix safety

Unsafe where one `peers` section stands in the configuration (`peers NAME` is added). Otherwise manual: a `peers`
section needs a port that is free.

## References

- HAProxy 2.8 configuration.txt section 3.5 (peers), section 4.2 `stick-table`
- HAProxy 2.8 management.txt section 4 (the local peer at a reload)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.edits import with_words
from hitless.audit.rule import Need, Rule
from hitless.config.templates import is_template
from hitless.findings import (
    Finding,
    Fix,
    Safety,
    Severity,
)
from hitless.subject.places import config_place
from hitless.subject.state_lines import local_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Directive
    from hitless.subject import Subject

_TRACK = re.compile(r"^track-sc\d*$")


def _check(subject: Subject) -> Iterator[Finding]:
    users = _users(subject)
    counted: list[Directive] = []
    for proxy in subject.model.proxies:
        for line in proxy.all("stick-table"):
            if "peers" in line.words or proxy.disabled or proxy.name not in users:
                continue
            if users[proxy.name]:
                yield _finding(
                    subject,
                    line,
                    f"clients of {proxy.name} lose their server at each reload",
                    Severity.WARNING,
                )
            else:
                counted.append(line)
    if counted:
        more = f" (and {len(counted) - 1} more)" if len(counted) > 1 else ""
        message = f"rates and counters of this table begin at zero after each reload{more}"
        yield _finding(subject, counted[0], message, Severity.NOTE)


def _users(subject: Subject) -> dict[str, bool]:
    """Return the tables in use by name: True where clients stick to servers by it."""
    users: dict[str, bool] = {}
    for proxy in subject.model.proxies:
        for line in proxy.directives:
            words = line.words
            sticks = words[0] == "stick"
            if proxy.disabled or not (sticks or any(_TRACK.match(w) for w in words)):
                continue
            name = words[words.index("table") + 1] if "table" in words[:-1] else proxy.name
            users[name] = users.get(name, False) or sticks
    return users


def _finding(subject: Subject, line: Directive, message: str, severity: Severity) -> Finding:
    sections = [
        section
        for _, section in subject.sections("peers")
        if section.name and not is_template([section.name])
    ]
    if len(sections) == 1:
        words = f"peers {sections[0].name}"
        fix = Fix(
            summary=f"`{words}` at the end of the `stick-table` line",
            safety=Safety.UNSAFE,
            edits=with_words(subject, line.where, words),
        )
    else:
        name = local_peer(subject) or "NAME"
        fix = Fix(
            summary=f"a section `peers self` with `peer {name} 127.0.0.1:10000` (a free port; {name} is the host name, "
            "`-L` or `localpeer`), and `peers self` on the `stick-table` line"
        )
    return RULE.finding(
        subject, message, severity=severity, place=config_place(subject, line.where, "stick-table"), fix=fix
    )


RULE = Rule(
    code="HL802",
    name="stick-table-without-peers",
    severity=Severity.WARNING,
    summary="a stick-table is empty after each reload",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
