"""A tunnel or TCP session may stay open for days without a byte, and nothing ends the old process that carries it.

## What it does

Finds `timeout tunnel` of a day or more, and in mode tcp `timeout client` and `timeout server` of a day or more, where
there is no `hard-stop-after` either. Timeouts that are missing altogether are HL206.

## Why it drops connections

After a reload the old process lives until its last tunnel ends. With a peer that is gone (a laptop that was closed, a
NAT entry that was forgotten) this is when the timeout says so. Old processes add up until memory, descriptors or source
ports are gone.

## Example

```cfg
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 10d

backend app
    server a 192.0.2.1:80
```

## Use instead

```cfg
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 1h

backend app
    server a 192.0.2.1:80
```

## Known problems

`timeout tunnel 0` is not unbounded: HAProxy takes it as unset, and `timeout client` and `timeout server` stay in force.
A tunnel on which something moves is ended by `hard-stop-after` alone (HL203).

## Fix safety

Unsafe: tunnels that are silent for longer than an hour are closed, on a reload or not.

## References

- HAProxy 2.8 configuration.txt section 4.2 `timeout tunnel`
- src/http_ana.c and src/stream.c: the tunnel timeout of the backend replaces those of both sides where it is set
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import DAY_S, hard_stop, spell, timeout_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy, Timeout
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if hard_stop(subject) is not None:
        return
    found: dict[str, tuple[str, Timeout, list[Proxy]]] = {}
    for proxy in subject.model.proxies:
        for name, timeout in _unbounded(proxy):
            found.setdefault(timeout.where, (name, timeout, []))[2].append(proxy)
    for name, timeout, proxies in found.values():
        yield _finding(subject, name, timeout, proxies)


def _unbounded(proxy: Proxy) -> Iterator[tuple[str, Timeout]]:
    if proxy.disabled or not proxy.servers or proxy.mode not in {"http", "tcp"}:
        return
    tunnel = timeout_of(proxy, "tunnel")
    if tunnel:
        if tunnel.seconds >= DAY_S:
            yield "tunnel", tunnel
        return
    server = timeout_of(proxy, "server")
    client = timeout_of(proxy, "client")
    if proxy.mode == "tcp" and server and server.seconds >= DAY_S:
        if proxy.kind == "listen" and client and client.seconds < DAY_S:
            return
        yield "server", server


def _finding(subject: Subject, name: str, timeout: Timeout, proxies: list[Proxy]) -> Finding:
    of = f"{proxies[0].kind} {proxies[0].name}"
    if len(proxies) > 1:
        of += f" and {len(proxies) - 1} more"
    text = f"timeout {name} 1h"
    return RULE.finding(
        subject,
        f"a session of {of} may be silent for {spell(timeout.seconds)}, and an old process waits for it",
        place=config_place(subject, timeout.where, "timeout"),
        evidence=(
            Evidence(
                text=f"timeout {name} {spell(timeout.seconds)}, no hard-stop-after", source=timeout.where
            ),
        ),
        fix=Fix(summary=text, safety=Safety.UNSAFE, edits=replace_line(subject, timeout.where, text)),
        prices=(
            "a shorter timeout: sessions that are silent for longer are closed at any time",
            "hard-stop-after instead: they are closed only by a reload, all at once",
        ),
    )


RULE = Rule(
    code="HL204",
    name="unbounded-tunnel",
    severity=Severity.WARNING,
    summary="a silent tunnel keeps an old process alive for days",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
