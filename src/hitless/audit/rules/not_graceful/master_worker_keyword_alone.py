"""Master-worker mode comes from the keyword in `global` alone, not from `-W`.

## What it does

Finds `master-worker` in `global` where the command line has neither `-W` nor `-Ws`.

## Why it drops connections

Up to 2.1 a reload that fails loses the mode: the new master does not get to the keyword, and ends; the service is gone.
From 3.3 the keyword alone is deprecated, and 3.5 refuses it: after the upgrade HAProxy does not start. In between it
works.

## Example

```version 2.0.29
```
```argv
/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
```
```cfg
global
    master-worker
```

## Use instead

```version 2.0.29
```
```argv
/usr/sbin/haproxy -W -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
```
```cfg
global
    master-worker
```

## Known problems

`master-worker no-exit-on-failure` beside `-W` stays valid in all versions.

## Fix safety

By hand: the command line is somebody's, and it takes a restart.

## References

- https://github.com/haproxy/haproxy/issues/443, commit 24c928c8b (2.2-dev1)
- HAProxy 3.3-dev12 (deprecated), 3.5-dev2 (removed); configuration.txt section 3.1 `master-worker`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    launch = subject.instance.launch
    lines = subject.in_global("master-worker")
    if launch is None or not lines or subject.arguments.master_worker:
        return
    if subject.version_in((3, 5)):
        severity, message = Severity.ERROR, "`master-worker` without -W is refused since 3.5"
    elif subject.version_in((3, 3)):
        severity, message = Severity.NOTE, "`master-worker` without -W is deprecated, 3.5 refuses it"
    elif not subject.version_in((2, 2)):
        severity, message = (
            Severity.ERROR,
            "`master-worker` without -W: a reload that fails ends the master (up to 2.1)",
        )
    else:
        return
    yield RULE.finding(
        subject,
        message,
        severity=severity,
        place=config_place(subject, lines[-1].where, "master-worker"),
        evidence=(Evidence(text=f"no -W in: {' '.join(launch.arguments)}", source=launch.source),),
        fix=Fix(summary="-W (or -Ws with Type=notify) on the command line"),
    )


RULE = Rule(
    code="HL119",
    name="master-worker-keyword-alone",
    severity=Severity.ERROR,
    summary="master-worker mode comes from the keyword in `global` alone, not from -W",
    versions="up to 2.1; 3.3 and later",
    needs=frozenset({Need.CONFIGURATION, Need.LAUNCH, Need.VERSION}),
    check=_check,
)
