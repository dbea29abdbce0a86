"""In a container a shell stands before HAProxy, and signals do not get through to it.

## What it does

Finds Dockerfiles with `CMD haproxy …` or `ENTRYPOINT haproxy …` in shell form, `["sh", "-c", "haproxy …"]`, and
entrypoints that start HAProxy without `exec` and without a `trap`.

## Why it drops connections

The shell is process 1 and gets the signals: SIGUSR2 for a reload, SIGUSR1 and SIGTERM for a stop. It passes none of
them on. A reload does nothing; a stop waits for its time limit (10 s in Docker, 30 s in Kubernetes) and then kills
HAProxy with every connection.

## Example

```script container /srv/lb/Dockerfile
FROM debian:12
CMD haproxy -W -db -f /etc/haproxy/haproxy.cfg
```

## Use instead

```script container /srv/lb/Dockerfile
FROM debian:12
CMD ["haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"]
```

## Known problems

Some shells replace themselves by the last command of `-c`; which one /bin/sh is in an image is not seen, so this is a
warning.

## Fix safety

By hand: the image is built elsewhere.

## References

- Dockerfile reference, "Shell form ENTRYPOINT example"; the official image's docker-entrypoint.sh (exec "$@")
- HAProxy 2.8 management.txt section 4
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.acts import Action
from hitless.audit.rule import Need, Rule
from hitless.audit.service import script_deeds
from hitless.findings import Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.service import Deed
    from hitless.facts import Script
    from hitless.subject import Subject

_INSTRUCTION = re.compile(r"^\s*(CMD|ENTRYPOINT)\s+(.*)", re.IGNORECASE | re.DOTALL)
_ANY_INSTRUCTION = re.compile(r"^\s*FROM\s+\S", re.IGNORECASE | re.MULTILINE)
_SHELL = re.compile(r"[\"'](?:/\S*/)?(?:ba|da|a)?sh[\"']\s*,\s*[\"']-\w*c[\"']")
_EXEC = re.compile(r"(?:^|[\s;&|\"'])exec\s")
_TRAP = re.compile(r"^\s*trap\s", re.MULTILINE)


def _check(subject: Subject) -> Iterator[Finding]:
    for script, deed in script_deeds(subject, "container"):
        said = _says(script, deed) if deed.act.action is Action.SPAWN else ""
        if said:
            yield RULE.finding(
                subject,
                f"{script.path} {said}",
                place=deed.place,
                evidence=(deed.evidence,),
                fix=Fix(
                    summary='`CMD ["haproxy", "-W", "-db", "-f", …]` in a Dockerfile, `exec haproxy …` in a script'
                ),
            )


def _says(script: Script, deed: Deed) -> str:
    text = deed.act.text
    if _EXEC.search(text):
        return ""
    if _ANY_INSTRUCTION.search(script.text):
        instruction = _INSTRUCTION.match(text)
        if instruction is None:
            return ""
        if not instruction[2].startswith("["):
            return "starts HAProxy through a shell (the shell form), which passes no signals on"
        return (
            "starts HAProxy through sh -c without exec, which passes no signals on"
            if _SHELL.search(text)
            else ""
        )
    if script.text.startswith("#!") and not _TRAP.search(script.text):
        return "starts HAProxy without exec: the shell before it passes no signals on"
    return ""


RULE = Rule(
    code="HL123",
    name="signal-not-forwarded",
    severity=Severity.WARNING,
    summary="in a container a shell stands before HAProxy, and signals do not get through",
    versions="all",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
)
