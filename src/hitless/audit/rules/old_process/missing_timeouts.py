"""A timeout is missing, or 0: a session that goes quiet never ends, and neither does its old process.

## What it does

Finds frontends without `timeout client`, and backends with servers without `timeout connect` or `timeout server`, as
HAProxy itself does when it warns "missing timeouts for …". In mode tcp `timeout tunnel` stands in for
`timeout server`. A value of 0 is the same as none.

## Why it drops connections

A peer that disappears without a word leaves its session open for ever. The old process of every reload waits for such
sessions, unless `hard-stop-after` ends it, until the host runs out of memory or descriptors and new connections fail.

## Example

```cfg
listen app
    mode http
    bind :80
    server a 192.0.2.1:80
```

## Use instead

```cfg
listen app
    mode http
    bind :80
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    server a 192.0.2.1:80
```

## Known problems

None.

## Fix safety

Unsafe: sessions that are silent for longer than the timeout are closed, on a reload or not. Long polls and slow queries
may need more than 30 seconds.

## References

- HAProxy 2.8 src/cfgparse.c check_config_validity(): "missing timeouts for %s '%s'"
- HAProxy 2.8 configuration.txt section 4.2 `timeout client`, `timeout connect`, `timeout server`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section, replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import timeout_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.findings import ConfigEdit
    from hitless.subject import Subject

_VALUES = {"connect": "5s", "client": "30s", "server": "30s"}
_ALIASES = {"contimeout": "connect", "clitimeout": "client", "srvtimeout": "server"}
"""Keywords of HAProxy up to 2.0."""


def _check(subject: Subject) -> Iterator[Finding]:
    found: dict[str, tuple[set[str], list[Proxy]]] = {}
    for proxy in subject.model.proxies:
        missing = _missing(proxy)
        if missing:
            names, proxies = found.setdefault(proxy.defaults_where or proxy.where, (set(), []))
            names |= missing
            proxies.append(proxy)
    for where, (names, proxies) in found.items():
        yield _finding(subject, where, sorted(names), proxies)


def _missing(proxy: Proxy) -> set[str]:
    if proxy.disabled or proxy.mode not in {"http", "tcp"}:
        return set()
    wanted = set()
    if proxy.kind in {"frontend", "listen"} and proxy.binds:
        wanted.add("client")
    if proxy.kind in {"backend", "listen"} and proxy.servers:
        wanted |= {"connect", "server"}
    if proxy.mode == "tcp" and timeout_of(proxy, "tunnel"):
        wanted.discard("server")
    old = {_ALIASES[d.keyword] for d in proxy.directives if d.keyword in _ALIASES}
    return {name for name in wanted - old if timeout_of(proxy, name) is None}


def _finding(subject: Subject, where: str, names: list[str], proxies: list[Proxy]) -> Finding:
    first = proxies[0]
    of = f"{first.kind} {first.name}" + (f" and {len(proxies) - 1} more" if len(proxies) > 1 else "")
    lines = [f"timeout {name} {_VALUES[name]}" for name in names]
    return RULE.finding(
        subject,
        f"{of} without `{'`, `'.join(f'timeout {name}' for name in names)}`: a silent session never ends",
        place=config_place(subject, where),
        evidence=tuple(
            Evidence(
                text=f"{p.kind} {p.name}: no {', '.join(f'timeout {n}' for n in sorted(_missing(p)))} in force",
                source=p.where,
            )
            for p in proxies[:5]
        ),
        fix=Fix(summary="; ".join(lines), safety=Safety.UNSAFE, edits=_edits(subject, where, names, proxies)),
    )


def _edits(subject: Subject, where: str, names: list[str], proxies: list[Proxy]) -> tuple[ConfigEdit, ...]:
    zeros = {n: {p.timeouts[n].where for p in proxies if n in p.timeouts and n in _missing(p)} for n in names}
    edits: list[ConfigEdit] = []
    for name in names:
        text = f"timeout {name} {_VALUES[name]}"
        for zero in sorted(zeros[name]):
            edits += replace_line(subject, zero, text)
        if any(name not in p.timeouts and name in _missing(p) for p in proxies):
            edits += add_to_section(subject, where, text, beside=("mode", "timeout"))
    return tuple(edits)


RULE = Rule(
    code="HL206",
    name="missing-timeouts",
    severity=Severity.WARNING,
    summary="a session that goes quiet never ends, and neither does its old process",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
