"""A server's host name has to resolve, or the reload is refused.

## What it does

Finds servers with a host name and neither `resolvers` nor an `init-addr` that ends in `none` or in an address.

## Why it drops connections

At every start and reload HAProxy resolves the name through the system's resolver. When that fails, for one server of
thousands, the whole configuration is refused: "could not resolve address". A restart in a DNS outage ends in an outage
of everything.

## Example

```cfg
backend app
    server a app1.example.net:80
```

## Use instead

```cfg
defaults
    default-server init-addr last,libc,none

backend app
    server a app1.example.net:80
```

## Known problems

A name of /etc/hosts needs no DNS. `init-addr last` alone needs a state file in which the server is.

## Fix safety

Unsafe: a server whose name does not resolve starts without an address, and stays down until `resolvers`, the runtime
API or a reload gives it one.

## References

- HAProxy 2.8 configuration.txt section 5.2 `init-addr`; src/server.c srv_iterate_initaddr()
- tried on 2.2, 2.6, 2.8, 3.0, 3.2: refused without, accepted with `none` or `resolvers`
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from hitless.audit.edits import with_words
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Safety, Severity
from hitless.subject.places import config_place, same_for_more

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Server
    from hitless.subject import Subject

_WORDS = "init-addr last,libc,none"
_MOST_EDITS = 100


def _check(subject: Subject) -> Iterator[Finding]:
    lines: dict[str, tuple[str, Server]] = {}
    for proxy in subject.model.proxies:
        for server in proxy.servers if not proxy.disabled else ():
            if _must_resolve(server):
                lines.setdefault(server.where, (proxy.name, server))
    if not lines:
        return
    where, (proxy_name, first) = next(iter(lines.items()))
    plain = all(not server.has("init-addr") for _, server in lines.values()) and len(lines) <= _MOST_EDITS
    yield RULE.finding(
        subject,
        f"{first.address.host} of server {proxy_name}/{first.name} must resolve, or a reload is refused"
        + same_for_more(lines),
        place=config_place(subject, where, first.address.host),
        fix=Fix(
            summary=f"{_WORDS} on the server lines, or once in `default-server` of the defaults section",
            safety=Safety.UNSAFE if plain else Safety.MANUAL,
            edits=tuple(edit for line in lines for edit in with_words(subject, line, _WORDS))
            if plain
            else (),
        ),
        prices=(
            "as it is: a name that does not resolve refuses the whole configuration, which is noticed at once",
            f"{_WORDS}: the others are served, and this server is down until something gives it an address",
        ),
    )


def _must_resolve(server: Server) -> bool:
    if server.address.kind != "name" or server.has("resolvers") or server.address.host.lower() == "localhost":
        return False
    methods = ",".join(server.options.get("init-addr", ())).split(",")
    return not any(method == "none" or _is_address(method) for method in methods)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


RULE = Rule(
    code="HL413",
    name="server-name-must-resolve",
    severity=Severity.WARNING,
    summary="a server's host name has to resolve, or the reload is refused",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
