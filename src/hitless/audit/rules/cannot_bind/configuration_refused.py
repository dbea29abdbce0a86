"""HAProxy refuses the configuration as it is now.

## What it does

Reports what HAProxy's own check (`-c`, in the mode and with the flags of the service) says when it refuses.

## Why it drops connections

A reload is refused, and the old configuration goes on serving; a restart, a crash or a boot ends in an outage.

## Example

```cfg
frontend www
    bind :80
    bogus
```
```json instance
{"check": {"accepted": false, "command": "haproxy -c -f /etc/haproxy/haproxy.cfg", "messages": [
  "[ALERT]    (9) : config : parsing [/etc/haproxy/haproxy.cfg:3] : unknown keyword 'bogus' in 'frontend' section"]}}
```

## Use instead

```cfg
frontend www
    bind :80
```
```json instance
{"check": {"accepted": true, "command": "haproxy -c -f /etc/haproxy/haproxy.cfg", "messages": []}}
```

## Known problems

A check without the rights of the service (certificates that only root can read) refuses what the service accepts.

## Fix safety

Manual: the message says what is wrong.

## References

- HAProxy 2.8 management.txt section 3, `-c`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.places import config_line, config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_WHERE = re.compile(r"\[(?P<where>[^\[\]]{1,4096}:[0-9]{1,9})\]\s*:?\s*(?P<why>.*)")
_PREFIX = re.compile(r"\[(?:ALERT|WARNING|NOTICE|DIAG)\]\s*(?:[0-9]+/[0-9]+ )?\([0-9]+\) : (?:config : )?")
_MOST_MESSAGES = 20


def _check(subject: Subject) -> Iterator[Finding]:
    check = subject.instance.check
    if check is None or check.accepted:
        return
    alerts = [m for m in check.messages if m.startswith("[ALERT]")] or list(check.messages)
    reason, place = "", Place(file=subject.model.files[0] if subject.model.files else subject.instance.name)
    for message in alerts:
        match = _WHERE.search(_PREFIX.sub("", message))
        if match and config_line(subject, match["where"]):
            reason, place = match["why"], config_place(subject, match["where"])
            break
    reason = reason or (_PREFIX.sub("", alerts[0]) if alerts else "it gives no reason")
    yield RULE.finding(
        subject,
        f"HAProxy refuses this configuration: {reason.strip()}",
        place=place,
        evidence=tuple(Evidence(text=m.strip(), source=check.command) for m in alerts[:_MOST_MESSAGES]),
        fix=Fix(summary="repair what HAProxy names, then check again", commands=(check.command,)),
    )


RULE = Rule(
    code="HL416",
    name="configuration-refused",
    severity=Severity.ERROR,
    summary="HAProxy refuses the configuration as it is now",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.CHECK}),
    check=_check,
)
