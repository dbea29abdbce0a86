r"""A new HAProxy is started beside the old one, which nobody tells to stop.

## What it does

Finds scripts and `ExecReload=` that start `haproxy -f …` without `-sf` and `-st`, where a reload is meant: in
ExecReload=, in certbot, ACME, logrotate, cron and keepalived hooks, and in scripts whose name speaks of a reload.

## Why it drops connections

HAProxy binds with SO_REUSEPORT: the second one starts without a word, and the kernel spreads clients over both. Half
of them get the old configuration, the old certificate, servers that are gone. The old process is an orphan that the
pid file no longer names; when somebody kills it at last, its connections and its accept queue go with it.

## Example

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
#!/bin/sh
/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
```

## Use instead

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
#!/bin/sh
/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid \
    -x /run/haproxy/admin.sock -sf $(cat /run/haproxy.pid)
```

## Known problems

A script that stops the old process before, or asks whether one runs (`pidof`, `ps`, `killall -0`), is left out, and so
is one that starts another configuration. With
`noreuseport` (`-dR`) the second start fails instead.

## Fix safety

By hand: a script is somebody's.

## References

- HAProxy 2.8 management.txt section 4; configuration.txt section 3.2 `noreuseport`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.acts import Action
from hitless.audit.rule import Need, Rule
from hitless.audit.service import Deed, classic_reload_advice, command_deeds, haproxy_arguments, script_deeds
from hitless.audit.shell import without_comment
from hitless.findings import Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Script
    from hitless.subject import Subject

# A watchdog: what it starts has no old process beside it.
_ASKS_FIRST = re.compile(
    r"(?<![\w-])(?:pidof|pgrep|kill(?:all)?[ \t]+-(?:s[ \t]*)?0|ps[ \t]+-?\w+|"
    r"systemctl[ \t]+(?:-{1,2}\w+[ \t]+)*(?:is-active|status)|service[ \t]+\S+[ \t]+status)(?![\w-])"
)
_HOOKS = frozenset({"certbot", "acme", "logrotate", "cron", "keepalived"})


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is not None:
        for deed in command_deeds(unit, unit.reload):
            if _starts_beside(subject, deed):
                yield _finding(subject, deed, f"ExecReload= of {unit.name}")
    by_script: dict[str, tuple[Script, list[Deed]]] = {}
    for script, deed in script_deeds(subject):
        by_script.setdefault(script.path, (script, []))[1].append(deed)
    for script, deeds in by_script.values():
        reloads = script.kind in _HOOKS or (
            script.kind in {"script", "systemd"} and "reload" in script.path.rpartition("/")[2].lower()
        )
        if not reloads:
            continue
        for deed in deeds:
            if deed.act.action in {Action.STOP, Action.SIGNAL} or _asks_first(script, deed):
                break
            if _starts_beside(subject, deed):
                yield _finding(subject, deed, script.path)
                break


def _asks_first(script: Script, deed: Deed) -> bool:
    lines = script.text.splitlines()[: deed.act.line]
    return any(_ASKS_FIRST.search(without_comment(line[:4096])) for line in lines)


def _starts_beside(subject: Subject, deed: Deed) -> bool:
    if deed.act.action is not Action.SPAWN:
        return False
    words = deed.act.detail.split()
    arguments = haproxy_arguments(words)
    if arguments is None or {"-sf", "-st"} & set(words):
        return False
    ours = {file.path for file in subject.instance.configuration} | set(subject.arguments.files)
    literal = {f.strip("\"'") for f in arguments.files if "$" not in f}
    return not (ours and literal) or bool(ours & literal)


def _finding(subject: Subject, deed: Deed, who: str) -> Finding:
    return RULE.finding(
        subject,
        f"{who} starts HAProxy without -sf: the old process goes on beside it",
        place=deed.place,
        evidence=(deed.evidence,),
        fix=Fix(summary=f"`systemctl reload haproxy`; without a unit: {classic_reload_advice(subject)}"),
    )


RULE = Rule(
    code="HL115",
    name="started-beside-old-process",
    severity=Severity.ERROR,
    summary="a new HAProxy is started beside the old one, which nobody tells to stop",
    versions="all (Linux, SO_REUSEPORT)",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
)
