"""HAProxy is started with `-Ws`, and this build does not have it.

## What it does

Finds `-Ws` in the unit with a HAProxy before 3.1 whose feature list has no `+SYSTEMD`.

## Why it drops connections

Up to 3.0 `-Ws` exists only in builds with USE_SYSTEMD. Another build prints its usage and exits 1: the start fails, and
so does every check and reload that says `-Ws`. It comes with a self-compiled binary or one from a container image.

## Example

```version 2.8.25
```
```json instance
{"binary": {"path": "/usr/sbin/haproxy", "version": [2, 8, 25], "version_text": "2.8.25",
  "features": ["EPOLL", "THREAD"],
  "source": "haproxy -vv"}}
```
```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Use instead

```json instance
{"binary": {"path": "/usr/sbin/haproxy", "version": [2, 8, 25], "version_text": "2.8.25",
  "features": ["EPOLL", "SYSTEMD", "THREAD"], "source": "haproxy -vv"}}
```
```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Known problems

The binary that was looked at must be the one that the unit starts; another path in `ExecStart=` is left out.

## Fix safety

By hand: build with USE_SYSTEMD=1, or start with `-W` and `Type=simple` or `exec`.

## References

- HAProxy 3.1-dev14 (USE_SYSTEMD no longer needed); 2.8 INSTALL, USE_SYSTEMD
- tried on a 2.8.25 built without: usage is printed, exit code 1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import unit_start
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit, binary = subject.unit, subject.instance.binary
    start = unit_start(unit) if unit is not None else None
    if unit is None or start is None or binary is None or not binary.features:
        return
    command, arguments = start
    same = arguments.program == binary.path or "/" not in arguments.program
    if not arguments.systemd or not same or "SYSTEMD" in binary.features or subject.version_in((3, 1)):
        return
    yield RULE.finding(
        subject,
        f"{unit.name} starts HAProxy with -Ws, and {binary.path} ({binary.version_text}) was built without it",
        place=text_place(unit.files, command.where, "-Ws"),
        evidence=(Evidence(text="no +SYSTEMD in the feature list", source=f"{binary.path} -vv"),),
        fix=Fix(summary="a build with USE_SYSTEMD=1, or -W instead of -Ws with Type=exec"),
    )


RULE = Rule(
    code="HL118",
    name="systemd-mode-not-compiled",
    severity=Severity.ERROR,
    summary="HAProxy is started with -Ws, and this build does not have it",
    versions="1.8 to 3.0",
    needs=frozenset({Need.UNIT, Need.VERSION}),
    check=_check,
)
