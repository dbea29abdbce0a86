"""The last load could not bind an address.

## What it does

Reads the master's startup log (`show startup-logs`) for "cannot bind" of the last load.

## Why it drops connections

Before it gives up, the new process has the old one pause all its listeners and tries 200 times, ten milliseconds
apart: every client of every TCP frontend is refused for about two seconds. `haproxy -c` binds nothing and says all is
well.

## Example

```cfg
frontend a
    bind 192.0.2.1:80
```
```json instance
{"master": {"socket": "/run/haproxy-master.sock", "processes": [], "failed_reloads": 1, "startup_log": [
  "[ALERT] (9) : Binding [/etc/haproxy/haproxy.cfg:2] for frontend a: cannot bind socket (in use) for [192.0.2.1:80]"]}}
```

## Use instead

```cfg
frontend a
    bind 192.0.2.1:80
```
```json instance
{"master": {"socket": "/run/haproxy-master.sock", "processes": [], "failed_reloads": 0, "startup_log": [
  "[WARNING]  (12) : config : missing timeouts for frontend 'a'."]}}
```

## Known problems

The log is that of the last load: what was repaired since is still reported until the next one.

## Fix safety

Manual: the kernel's reason says what is in the way; rules HL402 to HL408 look for it.

## References

- HAProxy 2.8 src/haproxy.c MAX_START_RETRIES, src/protocol.c protocol_bind_all(); measured on 2.0 to 3.4
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_BINDING = re.compile(r"Binding \[(?P<where>[^\]]{1,4096}:[0-9]{1,9})\] for (?P<owner>[^:]{1,200}):")
_CANNOT = re.compile(
    r"(?:cannot (?:bind|listen)|error when trying to preserve)[^\[]{0,300}(?P<what>\[[^\]]{1,200}\])?"
)


def _check(subject: Subject) -> Iterator[Finding]:
    master = subject.instance.master
    for line in master.startup_log if master else ():
        cannot = _CANNOT.search(line)
        if cannot is None or not master or "to device" in cannot[0]:
            continue
        binding = _BINDING.search(line)
        what = (cannot["what"] or "an address").strip("[]")
        owner = f" for {binding['owner']}" if binding else ""
        yield RULE.finding(
            subject,
            f"the last load could not bind {what}{owner}, and refused every client while it tried",
            place=config_place(subject, binding["where"]) if binding else Place(file=master.socket),
            evidence=(Evidence(text=line.strip(), source=f"show startup-logs on {master.socket}"),),
            fix=Fix(
                summary="free the address, or `transparent` on a bind whose address may be absent; then reload"
            ),
        )


RULE = Rule(
    code="HL401",
    name="unbindable-address",
    severity=Severity.ERROR,
    summary="the last load could not bind an address",
    versions="2.7 and later, whose master keeps the log",
    needs=frozenset({Need.MASTER}),
    check=_check,
)
