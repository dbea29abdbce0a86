"""The kernel cuts the accept queue that the configuration asks for, or resets what does not fit.

## What it does

Compares `backlog`, where the configuration sets it, with `net.core.somaxconn`, and looks for
`net.ipv4.tcp_abort_on_overflow=1`.

## Why it drops connections

While a reload hands over, nobody accepts for a moment (up to 3.0 from the stop of the old process until the new one
polls). New connections wait in the accept queue. The kernel makes it no longer than somaxconn; what does not fit must
be sent again by the client a second later, or, with tcp_abort_on_overflow, is reset.

## Example

```cfg
defaults
    backlog 20000

frontend www
    mode http
    bind :80
    timeout client 30s
```

```json host
{"sysctls": [{"name": "net.core.somaxconn", "value": "4096", "source": "/proc/sys/net/core/somaxconn"}]}
```

## Use instead

```cfg
defaults
    backlog 20000

frontend www
    mode http
    bind :80
    timeout client 30s
```

```json host
{"sysctls": [{"name": "net.core.somaxconn", "value": "20000", "source": "/proc/sys/net/core/somaxconn"}]}
```

## Known problems

Without `backlog` HAProxy asks for as many as `maxconn` of the frontend: more than anybody needs, and not named here.

## Fix safety

Safe: a longer queue uses memory only while connections wait in it.

## References

- HAProxy 2.8 configuration.txt section 4.2 `backlog`; src/listener.c listener_backlog()
- listen(2); Linux Documentation/networking/ip-sysctl.rst somaxconn, tcp_abort_on_overflow
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Safety, Severity, SysctlEdit
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_QUEUE = "net.core.somaxconn"
_ABORT = "net.ipv4.tcp_abort_on_overflow"
_LARGEST = 2**31 - 1


def _check(subject: Subject) -> Iterator[Finding]:
    host = subject.host
    if host is None:
        return
    if host.sysctl(_ABORT) == "1":
        yield RULE.finding(
            subject,
            "the kernel resets connections that do not fit the accept queue, instead of letting clients try again",
            severity=Severity.WARNING,
            place=Place(file=_ABORT),
            evidence=(Evidence(text=f"{_ABORT} = 1", source="/proc/sys/net/ipv4/tcp_abort_on_overflow"),),
            fix=Fix(summary=f"{_ABORT}=0", safety=Safety.UNSAFE, edits=(SysctlEdit(name=_ABORT, value="0"),)),
        )
    limit = host.sysctl(_QUEUE) or ""
    asked = _asked(subject)
    if not asked or not limit.isdecimal() or asked[0] <= int(limit[:12]):
        return
    number, where = asked
    yield RULE.finding(
        subject,
        f"`backlog {number}` is cut to {limit} by the kernel",
        place=config_place(subject, where, "backlog"),
        evidence=(Evidence(text=f"{_QUEUE} = {limit}", source="/proc/sys/net/core/somaxconn"),),
        fix=Fix(
            summary=f"{_QUEUE}={number}",
            safety=Safety.SAFE,
            edits=(SysctlEdit(name=_QUEUE, value=str(number)),),
        ),
    )


def _asked(subject: Subject) -> tuple[int, str] | None:
    """Return the longest queue that the configuration asks for in so many words, and its line."""
    asked = []
    for proxy in subject.frontends:
        asked += [(d.words[1], d.where) for d in proxy.all("backlog") if len(d.words) > 1]
        asked += [(b.options["backlog"][-1], b.where) for b in proxy.binds if b.options.get("backlog")]
    numbers = [(int(text[:12]), where) for text, where in asked if text.isdecimal()]
    usable = [(number, where) for number, where in numbers if number <= _LARGEST]
    return max(usable, key=lambda n: n[0], default=None)


RULE = Rule(
    code="HL505",
    name="accept-queue-overflow",
    severity=Severity.NOTE,
    summary="the accept queue is shorter than the configuration says, or is emptied by resets",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.SYSCTLS}),
    check=_check,
)
