"""After a reload servers have no address until a name has been resolved.

## What it does

Finds servers with `resolvers` that start without an address: `init-addr none`, `init-addr last,none` without a state
file, and SRV records without a state file.

## Why it drops connections

The new process takes over the listening sockets at once, and asks the name servers only then. Until the answer is
there, the server has no address, and requests get a 503. The old process knew the address.

## Example

```cfg
resolvers dns
    nameserver a 192.0.2.53:53
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a app.example.net:80 check resolvers dns init-addr none
    server b 192.0.2.2:80 check
```

## Use instead

```cfg
resolvers dns
    nameserver a 192.0.2.53:53
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
    server a app.example.net:80 check resolvers dns init-addr last,libc,none
    server b 192.0.2.2:80 check
```

## Known problems

None known.

## Fix safety

Unsafe: with `libc` the start waits for the system's resolver; a name that does not resolve no longer stands in the
way because of `none` at the end. For SRV records manual.

## References

- HAProxy 2.8 configuration.txt section 5.2 `init-addr`, `resolvers`; section 5.3
- tried on 2.6.12, 2.8.25 and 3.2.26 with `init-addr none` and a name server that does not answer: 503; with
  `last,libc,none` on all three: 200
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Finding,
    Fix,
    Safety,
    Severity,
)
from hitless.subject.places import config_line, config_place, same_for_more
from hitless.subject.state_lines import loads_state, serving_proxies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy, Server
    from hitless.subject import Subject

_BETTER = "last,libc,none"


def _check(subject: Subject) -> Iterator[Finding]:
    lines: dict[str, tuple[Proxy, Server]] = {}
    for proxy in serving_proxies(subject):
        for server in proxy.servers:
            if server.has("resolvers") and _starts_without(proxy, server):
                lines.setdefault(server.where, (proxy, server))
    names = [server for _, server in lines.values() if not _is_srv(server)]
    for servers in (names, [server for _, server in lines.values() if _is_srv(server)]):
        if servers:
            proxy, first = lines[servers[0].where]
            yield RULE.finding(
                subject,
                f"{proxy.name}/{first.name} has no address after a reload until {first.address.host} is resolved"
                + same_for_more(servers),
                place=config_place(subject, first.where, first.address.host),
                fix=_fix(subject, servers),
            )


def _is_srv(server: Server) -> bool:
    return server.address.host.startswith("_")


def _starts_without(proxy: Proxy, server: Server) -> bool:
    if server.address.kind != "name":
        return False
    words = server.options.get("init-addr", ())
    methods = words[-1].split(",") if words else ["last", "libc"]
    ways = set(methods[: methods.index("none")] if "none" in methods else methods)
    if _is_srv(server):
        ways.discard("libc")  # The system's resolver does not look for SRV records.
    if not loads_state(proxy):
        ways.discard("last")
    return not ways


def _fix(subject: Subject, servers: list[Server]) -> Fix:
    if _is_srv(servers[0]):
        return Fix(
            summary="load server states from a file (`server-state-file`, `load-server-state-from-file global`)"
        )
    texts = {server.where: _with_methods(subject, server) for server in servers}
    if not all(texts.values()):
        return Fix(
            summary=f"`init-addr {_BETTER}` for these servers, on their lines or in the `default-server` that says else"
        )
    return Fix(
        summary=f"`init-addr {_BETTER}`",
        safety=Safety.UNSAFE,
        edits=tuple(edit for where, text in texts.items() for edit in replace_line(subject, where, text)),
    )


def _with_methods(subject: Subject, server: Server) -> str:
    """Return the line with better methods, "" where they stand on another line."""
    old = server.options.get("init-addr", ("",))[-1]
    found = config_line(subject, server.where)
    if not found or not old:
        return ""
    body = found[0].line(found[1]).body.decode("utf-8", "surrogateescape")
    text, changes = re.subn(rf"(\binit-addr\s+){re.escape(old)}(?=\s|$)", rf"\g<1>{_BETTER}", body)
    return text if changes else ""


RULE = Rule(
    code="HL813",
    name="resolvers-cold",
    severity=Severity.WARNING,
    summary="after a reload servers have no address until a name has been resolved",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
