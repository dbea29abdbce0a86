"""The listening socket of a specific IPv6 address is never handed over, because `v6only` is missing.

## What it does

Finds binds on a specific IPv6 address, such as `[2001:db8::1]:443`, without `v6only`. `::` is not concerned.

## Why it drops connections

The kernel marks a socket that is bound to one IPv6 address as IPv6-only. HAProxy takes the mark for another setting
than the bind line's, leaves the socket that it was given, and opens a new one. When the old process closes the old
socket, connections that wait in its queue are reset, although socket transfer works for everything else.

## Example

```cfg
frontend www
    mode tcp
    bind [2001:db8::1]:443
    timeout client 30s
```

## Use instead

```cfg
frontend www
    mode tcp
    bind [2001:db8::1]:443 v6only
    timeout client 30s
```

## Known problems

With `net.ipv4.tcp_migrate_req=1` the kernel hands waiting connections to the new socket: nothing is lost, and the rule
is silent.

## Fix safety

Safe: a socket on one IPv6 address never takes IPv4 connections, with the word or without.

## References

- HAProxy src/sock.c sock_find_compatible_fd() (2.3 and later), src/sock_inet.c sock_inet6_v6only_default
- tried on 2.6.12, 2.8.25, 3.0.11, 3.2.26: with `v6only` the inode stays over a reload, without it and with `v4v6` it
  changes; `::`, with any of them, keeps it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line, with_words
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject import Transfer
from hitless.subject.places import config_line, config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Bind
    from hitless.findings import ConfigEdit
    from hitless.subject import Subject

_MIGRATE = "net.ipv4.tcp_migrate_req"


def _check(subject: Subject) -> Iterator[Finding]:
    migrates = subject.host is not None and subject.host.sysctl(_MIGRATE) == "1"
    old = subject.version is not None and not subject.version_in((2, 3))
    if migrates or old or subject.transfer == Transfer.NONE:
        return
    found: dict[str, dict[str, Bind]] = {}
    for bind in (*(b for p in subject.frontends for b in p.binds), *subject.model.peers):
        host = next((a.host for a in bind.addresses if _is_specific(a.kind, a.host)), "")
        if host and not bind.has("v6only"):
            found.setdefault(host, {}).setdefault(bind.where, bind)
    for binds in found.values():
        yield _finding(subject, tuple(binds.values()))


def _is_specific(kind: str, host: str) -> bool:
    if kind != "ip" or ":" not in host:
        return False
    # "::" in any spelling stands for all addresses; the kernel does not mark these.
    return bool(host.strip(":0."))


def _finding(subject: Subject, binds: tuple[Bind, ...]) -> Finding:
    """Return the finding for all binds of one address."""
    address = next(a for a in binds[0].addresses if _is_specific(a.kind, a.host))
    edits = [_edits(subject, bind) for bind in binds]
    said = f"the listening socket of [{address.host}]:{address.port} is"
    if len(binds) > 1:
        said = f"the listening sockets of [{address.host}]:{address.port} and {len(binds) - 1} more binds are"
    return RULE.finding(
        subject,
        f"{said} not handed over at a reload: no `v6only`",
        place=config_place(subject, binds[0].where, address.text),
        evidence=tuple(
            Evidence(text="a specific IPv6 address without `v6only`", source=bind.where) for bind in binds[:5]
        ),
        fix=Fix(
            summary="`v6only` on each of these binds; on a line of its own where others are bound on the same line",
            safety=Safety.SAFE if all(edits) else Safety.MANUAL,
            edits=tuple(edit for of_bind in edits for edit in of_bind) if all(edits) else (),
        ),
    )


def _edits(subject: Subject, bind: Bind) -> tuple[ConfigEdit, ...]:
    found = config_line(subject, bind.where)
    if found is None or found[0].line(found[1]).words[:1] != ("bind",):
        return ()
    if any(a.kind != "ip" or ":" not in a.host or a.is_any for a in bind.addresses):
        # v6only would keep IPv4 from the other addresses of the line.
        return ()
    if not bind.has("v4v6"):
        return with_words(subject, bind.where, "v6only")
    body = found[0].line(found[1]).body.decode("utf-8", "surrogateescape")
    if "v4v6" not in body:
        return ()
    return replace_line(subject, bind.where, body.replace("v4v6", "v6only", 1))


RULE = Rule(
    code="HL507",
    name="ipv6-bind-not-handed-over",
    severity=Severity.WARNING,
    summary="the listening socket of a specific IPv6 address is never handed over",
    versions="2.3 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
