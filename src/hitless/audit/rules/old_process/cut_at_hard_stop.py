"""`hard-stop-after` is shorter than what the configuration lets a request or tunnel last.

## What it does

Compares `hard-stop-after` with the timeouts in force: `timeout server` and `timeout queue` of HTTP proxies, and
`timeout tunnel`, `timeout client` and `timeout server` where sessions may be long. On a live instance it also looks at
the age of the oldest sessions.

## Why it drops connections

When `hard-stop-after` has run out, the old process ends every session it still carries. A request in flight is answered
502 up to HAProxy 3.1, and not at all from 3.2; a tunnel is closed.

## Example

```cfg
global
    hard-stop-after 10s

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 50s

backend app
    server a 192.0.2.1:80
```

## Use instead

```cfg
global
    hard-stop-after 30m

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 50s

backend app
    server a 192.0.2.1:80
```

## Known problems

`timeout server` bounds silence, not the whole response: a download longer than the hard stop is cut in any case, and
cannot be seen in a configuration.

## Fix safety

Unsafe: old processes, with their memory and descriptors, may live longer.

## References

- HAProxy 2.8 configuration.txt section 3.1 `hard-stop-after`; src/haproxy.c, src/proxy.c hard_stop()
- termination states `KH` (up to 3.1) and `KC` (3.2): configuration.txt section 8.5, measured on 2.6.12 to 3.4
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import HOUR_S, hard_stop, spell, timeout_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject
    from hitless.subject.lifetimes import Limit

_AGE = re.compile(r"\bage ((?:\d+[dhms])+)$")
_UNITS_S = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LONGEST_S = 24 * HOUR_S
_PRICES = (
    "a longer hard stop: old processes keep their memory, descriptors and stale server states for longer",
    "a short hard stop: what is in flight when it runs out is cut, at every reload",
)


def _check(subject: Subject) -> Iterator[Finding]:
    stop = hard_stop(subject)
    if stop is None:
        return
    requests, tunnels = _longer(subject, stop.seconds)
    old_enough = _sessions_older_than(subject, stop.seconds)
    if not (requests or tunnels or old_enough):
        return
    if requests and stop.seconds < 1:
        severity = Severity.ERROR
    else:
        severity = Severity.WARNING if requests or old_enough else Severity.NOTE
    yield RULE.finding(
        subject,
        _message(stop, requests, tunnels),
        severity=severity,
        place=config_place(subject, stop.where, "hard-stop-after"),
        evidence=tuple(Evidence(text=t, source=w) for (t, w), _ in [*requests.items(), *tunnels.items()][:8])
        + old_enough,
        fix=_fix(subject, stop, max([*requests.values(), *tunnels.values()], default=0.0)),
        prices=_PRICES,
    )


def _longer(
    subject: Subject, limit_s: float
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Return what requests and what tunnels may last longer: words and line, to seconds."""
    requests: dict[tuple[str, str], float] = {}
    tunnels: dict[tuple[str, str], float] = {}
    for proxy in subject.model.proxies:
        if proxy.disabled or not (proxy.servers or proxy.binds):
            continue
        names = ("server", "queue") if proxy.mode == "http" else ("client", "server")
        for name in (*names, "tunnel"):
            timeout = timeout_of(proxy, name)
            if timeout and timeout.seconds > limit_s:
                held = requests if proxy.mode == "http" and name != "tunnel" else tunnels
                held[f"timeout {name} {spell(timeout.seconds)}", timeout.where] = timeout.seconds
    return requests, tunnels


def _message(
    stop: Limit, requests: dict[tuple[str, str], float], tunnels: dict[tuple[str, str], float]
) -> str:
    said = f"hard-stop-after {stop.text}"
    if stop.text.isdigit():
        said += f" (milliseconds: {spell(stop.seconds)})"
    longer = next(iter((*requests, *tunnels)), None)
    if longer is None:
        return f"`{said}` cuts sessions that are older than this now, when a reload comes"
    what = "requests" if requests else "tunnels and TCP sessions"
    return f"`{said}` cuts {what} that `{longer[0]}` allows to last longer"


def _sessions_older_than(subject: Subject, limit_s: float) -> tuple[Evidence, ...]:
    found = []
    for worker in subject.instance.workers or ():
        for session in worker.sessions:
            age = _AGE.search(session)
            if age and _age_s(age[1]) > limit_s:
                found.append(Evidence(text=f"session of {session}", source=f"show sess on {worker.socket}"))
    return tuple(found[:5])


def _age_s(text: str) -> int:
    return sum(int(n[:12]) * _UNITS_S[u] for n, u in re.findall(r"(\d+)([dhms])", text))


def _fix(subject: Subject, stop: Limit, longest_s: float) -> Fix:
    if not longest_s or longest_s > _LONGEST_S:
        return Fix(summary="a longer `hard-stop-after`, or shorter sessions (`timeout tunnel`)")
    text = f"hard-stop-after {spell(longest_s)}"
    return Fix(summary=text, safety=Safety.UNSAFE, edits=replace_line(subject, stop.where, text))


RULE = Rule(
    code="HL201",
    name="cut-at-hard-stop",
    severity=Severity.WARNING,
    summary="`hard-stop-after` ends what the timeouts allow to last longer",
    versions="1.8 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
