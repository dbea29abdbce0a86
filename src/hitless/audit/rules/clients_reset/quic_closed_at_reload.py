"""QUIC connections share the listening socket and end at every reload.

## What it does

Finds QUIC binds whose connections have no socket of their own: `tune.quic.socket-owner listener`,
`tune.quic.fe.sock-per-conn` off, `quic-socket listener` on the bind, versions before 2.8, and ports below 1024 of a
process that gives its rights away without `setcap cap_net_bind_service`.

## Why it drops connections

After a reload the packets that arrive at the listening socket belong to the new process, which does not know the old
one's connections. Only a connection with a socket of its own goes on; the others are closed at the soft stop.

## Example

```cfg
global
    tune.quic.socket-owner listener

frontend www
    mode http
    bind quic4@:8443 ssl crt /etc/haproxy/site.pem alpn h3
    timeout client 30s
```

```version 3.0.11
```

## Use instead

```cfg
global
    tune.quic.socket-owner connection

frontend www
    mode http
    bind quic4@:8443 ssl crt /etc/haproxy/site.pem alpn h3
    timeout client 30s
```

```version 3.0.11
```

## Known problems

A service that was started as another user than root with an ambient capability is not told from one without.

## Fix safety

Unsafe: each connection takes a descriptor of its own, which `maxconn` must allow for.

## References

- HAProxy 3.0 configuration.txt section 3.2 `tune.quic.socket-owner`, section 3.1 `setcap`, section 5.1 `quic-socket`
- src/mux_quic.c qcc_io_process(); `tune.quic.fe.sock-per-conn` since 3.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_global, replace_line
from hitless.audit.keep_alive import speaks_quic
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Bind
    from hitless.findings import ConfigEdit
    from hitless.subject import Subject

_OWNER = "tune.quic.socket-owner"
_PER_CONNECTION = "tune.quic.fe.sock-per-conn"
_SETCAP = "setcap cap_net_bind_service"
_PRIVILEGED = 1024


def _check(subject: Subject) -> Iterator[Finding]:
    binds = [b for p in subject.frontends for b in p.binds if speaks_quic(b)]
    if not binds:
        return
    if not subject.version_in((2, 8)):
        fix = Fix(summary="HAProxy 2.8 or later")
        yield _finding(subject, binds[0].where, "this version has one socket for all QUIC connections", fix)
        return
    line = next(
        (d for d in (*subject.in_global(_OWNER), *subject.in_global(_PER_CONNECTION)) if _is_off(d.words)),
        None,
    )
    if line is not None:
        on = "connection" if line.words[0] == _OWNER else "default-on"
        text = f"{line.words[0]} {on}"
        yield _finding(
            subject,
            line.where,
            f"`{' '.join(line.words[:2])}`",
            _unsafe(text, replace_line(subject, line.where, text)),
        )
        return
    shared = [b for b in binds if b.options.get("quic-socket", ())[-1:] in {("listener",), ("force-off",)}]
    for bind in shared:
        fix = Fix(summary="`quic-socket connection` on this bind")
        yield _finding(subject, bind.where, "`quic-socket listener` on the bind", fix)
    low = next((b for b in binds if b not in shared and _is_low(b)), None)
    if low is not None and _gives_rights_away(subject):
        yield _finding(
            subject,
            low.where,
            "a port below 1024, and the process gives its rights away",
            _unsafe(_SETCAP, add_to_global(subject, _SETCAP, beside=("user", "group")))
            if subject.version_in((2, 9))
            else Fix(summary="HAProxy 2.9 or later with `setcap cap_net_bind_service`"),
        )


def _is_off(words: tuple[str, ...]) -> bool:
    return words[1:2] in {("listener",), ("default-off",), ("force-off",)}


def _is_low(bind: Bind) -> bool:
    return any(a.kind == "quic" and 0 < a.port < _PRIVILEGED for a in bind.addresses)


def _gives_rights_away(subject: Subject) -> bool:
    user = [d.words[1] for d in (*subject.in_global("user"), *subject.in_global("uid")) if len(d.words) > 1]
    kept = " ".join(word for d in subject.in_global("setcap") for word in d.words[1:])
    return bool(user) and user[-1] not in {"root", "0"} and "cap_net_bind_service" not in kept


def _unsafe(text: str, edits: tuple[ConfigEdit, ...]) -> Fix:
    return Fix(summary=f"`{text}`", safety=Safety.UNSAFE, edits=edits)


def _finding(subject: Subject, where: str, why: str, fix: Fix) -> Finding:
    return RULE.finding(
        subject,
        f"QUIC connections end at every reload: {why}",
        place=config_place(subject, where),
        evidence=(Evidence(text=why, source=where),),
        fix=fix,
    )


RULE = Rule(
    code="HL508",
    name="quic-closed-at-reload",
    severity=Severity.WARNING,
    summary="QUIC connections share the listening socket and end at every reload",
    versions="2.6 and later",
    needs=frozenset({Need.CONFIGURATION, Need.VERSION}),
    check=_check,
)
