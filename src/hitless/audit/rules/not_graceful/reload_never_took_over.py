"""The last reload did not take over: what serves is not the configuration on disk.

## What it does

Looks at the running service: the status text "Reload failed!", a reload result that is not success, the master's count
of failed reloads; and, as a note, a configuration file that was changed after the newest process had started.

## Why it drops connections

`systemctl reload` exits 0 although HAProxy refused the new configuration or could not bind. The old worker serves on,
with the old certificates, servers and limits. The next restart or reboot loads what was refused: an outage at a time
that nobody chose. On 2.2 and on 3.1 and later the next reload also runs without socket transfer.

## Example

```text
$ systemctl show haproxy -p StatusText,ReloadResult
StatusText=Reload failed!
ReloadResult=success
```

## Use instead

```text
$ systemctl show haproxy -p StatusText,ReloadResult
StatusText=Ready.
ReloadResult=success
```

## Known problems

HAProxy up to 2.6 sends no status text, and up to 2.4 the master does not count failures: its list of workers shows
them, where nobody but `show proc` is in the way (`-S`). A file that was touched but
not changed looks like a change; the note says how much later it was written. Certificates and maps are not compared.

## Fix safety

By hand: what HAProxy refused must be put right first.

## References

- HAProxy 2.7 src/mworker.c, src/haproxy.c sd_notify "Reload failed!"; management.txt section 9.4 `show proc`
- systemd does not take READY=1 after RELOADING=1 for anything but success
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.lifetimes import failed_reload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import PathFact, Process
    from hitless.subject import Subject

_SLACK_S = 5.0
"""A process reads its files within this time of its start, or the difference says nothing."""


def _check(subject: Subject) -> Iterator[Finding]:
    evidence = tuple(_failures(subject))
    if evidence:
        yield RULE.finding(
            subject,
            "the last reload failed: HAProxy serves another configuration than the one on disk",
            place=Place(file=evidence[0].source),
            evidence=evidence,
            fix=Fix(
                summary="read what HAProxy refused, put it right, reload again",
                commands=(
                    "haproxy -c with the unit's own arguments",
                    "journalctl -u haproxy -p warning",
                    "systemctl reload haproxy",
                ),
            ),
        )
        return
    newest = _newest(subject)
    changed = _latest_change(subject)
    if newest is not None and changed is not None and changed.modified_age_s + _SLACK_S < newest.age_s:
        later_s = newest.age_s - changed.modified_age_s
        yield RULE.finding(
            subject,
            f"{changed.path} was written {later_s:.0f} s after the newest process had started: it is not loaded yet",
            severity=Severity.NOTE,
            place=Place(file=changed.path),
            evidence=(
                Evidence(text=f"modified {changed.modified_age_s:.0f} s ago", source=f"stat {changed.path}"),
                Evidence(
                    text=f"process {newest.pid} started {newest.age_s:.0f} s ago",
                    source=f"/proc/{newest.pid}/stat",
                ),
            ),
            fix=Fix(summary="reload, or take the change back", commands=("systemctl reload haproxy",)),
        )


def _failures(subject: Subject) -> Iterator[Evidence]:
    unit = subject.unit
    if unit is not None and unit.status_text.startswith("Reload failed"):
        yield Evidence(text=f"StatusText={unit.status_text}", source=f"systemctl show {unit.name}")
    if unit is not None and unit.reload_result not in {"", "success"}:
        yield Evidence(text=f"ReloadResult={unit.reload_result}", source=f"systemctl show {unit.name}")
    failed = failed_reload(subject)
    if failed is not None:
        yield failed


def _newest(subject: Subject) -> Process | None:
    serving = [p for p in subject.processes if p.role in {Role.WORKER, Role.CLASSIC}]
    return min(serving, key=lambda p: p.age_s, default=None)


def _latest_change(subject: Subject) -> PathFact | None:
    if subject.host is None:
        return None
    facts = [subject.host.path(file.path) for file in subject.instance.configuration]
    files = [fact for fact in facts if fact is not None and fact.kind == "file"]
    return min(files, key=lambda f: f.modified_age_s, default=None)


RULE = Rule(
    code="HL102",
    name="reload-never-took-over",
    severity=Severity.ERROR,
    summary="the last reload failed: HAProxy serves another configuration than the one on disk",
    versions="all; the status text since 2.7, the master's count since 2.5",
    needs=frozenset({Need.PROCESSES}),
    check=_check,
)
