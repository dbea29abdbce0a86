"""HAProxy is restarted where a reload would do: nobody listens for a moment, and open connections are cut.

## What it does

Finds what restarts (or stops) HAProxy without being asked by a person: logrotate, certbot and ACME hooks, cron, timers,
handlers of configuration management (a Salt `watch` without `reload: True` and a Puppet refresh without `restart =>`
restart too), scripts, and an `ExecReload=` that restarts. Init scripts and package scripts are not looked at: a restart
is what they are for.

## Why it drops connections

A restart ends the old process, with every connection it carries, before the new one listens. Clients that come in
between are refused, open transfers and WebSockets are cut. The listening sockets cannot be handed over, because nobody
is there to hand them over.

## Example

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
#!/bin/sh
cat "$RENEWED_LINEAGE/fullchain.pem" "$RENEWED_LINEAGE/privkey.pem" > /etc/haproxy/site.pem
systemctl restart haproxy
```

## Use instead

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
#!/bin/sh
cat "$RENEWED_LINEAGE/fullchain.pem" "$RENEWED_LINEAGE/privkey.pem" > /etc/haproxy/site.pem
haproxy -c -q -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy
```

## Known problems

A restart that is meant (a new `ulimit`, another unit, changed `-S` socket) looks the same. Commands that are built from
pieces at run time are not seen.

## Fix safety

By hand: scripts belong to somebody else. The line to write is in the finding.

## References

- HAProxy 2.8 management.txt section 4 "Stopping and restarting HAProxy"
- systemctl(1): reload-or-restart restarts only units that cannot reload
- Salt: service.running, `reload`; Puppet: service, `restart`; Ansible: ansible.builtin.service, `state`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.acts import Action
from hitless.audit.rule import Need, Rule
from hitless.audit.service import command_deeds, reload_fix, script_deeds
from hitless.findings import Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.service import Deed
    from hitless.subject import Subject

_BY_ITSELF = frozenset({"logrotate", "certbot", "acme", "cron", "systemd"})
"""Kinds that run without a person: what stands there will happen."""
_LEFT_OUT = frozenset({"sysv-init", "package"})
_OR_RESTART = re.compile(r"reload-or-(?:try-)?restart")


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is not None:
        for deed in command_deeds(unit, unit.reload):
            if deed.act.action is Action.RESTART:
                yield RULE.finding(
                    subject,
                    f"ExecReload= of {unit.name} restarts HAProxy",
                    severity=Severity.ERROR,
                    place=deed.place,
                    evidence=(deed.evidence,),
                    fix=reload_fix(
                        subject, "an ExecReload= that checks the configuration and signals the master"
                    ),
                )
    for script, deed in script_deeds(subject):
        message = _message(subject, deed)
        if script.kind not in _LEFT_OUT and message:
            yield RULE.finding(
                subject,
                message.format(what=script.path),
                severity=Severity.ERROR if script.kind in _BY_ITSELF else Severity.WARNING,
                place=deed.place,
                evidence=(deed.evidence,),
                fix=_fix(subject, deed),
            )


def _message(subject: Subject, deed: Deed) -> str:
    action = deed.act.action
    if action is Action.RESTART:
        return "{what} restarts HAProxy"
    if action is Action.STOP and deed.kind in _BY_ITSELF:
        return "{what} stops HAProxy"
    unit = subject.unit
    if (
        action is Action.RELOAD
        and _OR_RESTART.search(deed.act.detail)
        and unit is not None
        and not unit.reload
    ):
        return "{what} restarts HAProxy: its unit has no ExecReload=, so that reload-or-restart restarts"
    return ""


def _fix(subject: Subject, deed: Deed) -> Fix:
    name = subject.unit.name if subject.unit is not None else "haproxy"
    if deed.kind == "configuration-management":
        return Fix(
            summary="reload instead: `state: reloaded`, `reload: True`, `:reload`, or `restart =>` a reload"
        )
    if deed.act.action is Action.STOP:
        return Fix(
            summary=f"do not stop it: let it serve (http-01 through a backend), then `systemctl reload {name}`"
        )
    return Fix(summary=f"`systemctl reload {name}` after `haproxy -c`; `docker kill -s USR2` for a container")


RULE = Rule(
    code="HL101",
    name="restart-instead-of-reload",
    severity=Severity.ERROR,
    summary="HAProxy is restarted where a reload would do",
    versions="all",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
)
