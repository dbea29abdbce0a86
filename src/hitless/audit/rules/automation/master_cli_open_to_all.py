"""Everybody on this host, or on the network, can reload HAProxy.

## What it does

Looks at the addresses and options of `-S`, and at the socket's mode on disk: a mode that lets others write, or a TCP
address.

## Why it drops connections

Who reaches the master's CLI can reload as often as they like, ask for a `hard-reload` that cuts every connection, and
through it command every worker with the level of an administrator.

## Example

```argv
/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -S /run/haproxy-master.sock,mode,666
```

## Use instead

```argv
/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -S /run/haproxy-master.sock,mode,600
```

## Known problems

None known.

## Fix safety

Manual: it is for a person to know who uses the socket, and a change needs a restart.

## References

- HAProxy 2.8 management.txt section 3 `-S`, section 9.4
- tried on 2.2.9 and 3.2.26: without `mode` the umask decides, 0755 as a rule, and only the owner can connect
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Place,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_OTHERS_WRITE = 0o002
_LOCAL = frozenset({"unix", "abns", "fd"})


def _check(subject: Subject) -> Iterator[Finding]:
    for socket in subject.arguments.master_sockets:
        address, *words = socket.split(",")
        path = address.removeprefix("unix@")
        reason = _reason(subject, path, words)
        if reason:
            launch = subject.instance.launch
            yield RULE.finding(
                subject,
                f"the master's CLI {address} {reason}",
                place=Place(file=path if path.startswith("/") else launch.source if launch else ""),
                evidence=(Evidence(text=f"-S {socket}", source=launch.source if launch else ""),),
                fix=Fix(
                    summary="`-S /run/haproxy-master.sock,mode,600`, with `user` or `group` for who needs it"
                ),
            )


def _reason(subject: Subject, path: str, words: list[str]) -> str:
    mode = words[words.index("mode") + 1] if "mode" in words[:-1] else ""
    if mode and set(mode) <= set("01234567") and int(mode, 8) & _OTHERS_WRITE:
        return f"is open to every user of this host (mode {mode})"
    fact = subject.host.path(path) if subject.host else None
    if fact is not None and fact.kind == "socket" and fact.mode & _OTHERS_WRITE:
        return f"is open to every user of this host (mode {fact.mode:o} on disk)"
    kind, at, _ = path.partition("@")
    host, colon, port = path.rpartition(":")
    host = host.rpartition("@")[2]
    if not path.startswith("/") and colon and port.isdigit() and (not at or kind not in _LOCAL):
        return (
            "is a TCP address"
            if host.startswith(("127.", "localhost", "[::1"))
            else "is a TCP address for the network"
        )
    return ""


RULE = Rule(
    code="HL609",
    name="master-cli-open-to-all",
    severity=Severity.WARNING,
    summary="the master's CLI is open to everybody",
    versions="1.9 and later",
    needs=frozenset({Need.LAUNCH}),
    check=_check,
)
