"""The pid file is not there, or is older than the process it should name: what reads it signals nobody, or a stranger.

## What it does

Compares the file of `-p` (or `PIDFile=`) with the running processes: it must exist, and have been written after the
process that it names had started.

## Why it drops connections

Scripts reload with `-sf $(cat FILE)` and `kill -USR2 $(cat FILE)`. Without the file the new process starts beside the
old one and shares its port; with an old pid the signal reaches nobody, or a process that has nothing to do with
HAProxy, and the old HAProxy is never told to stop.

## Example

```json instance
{"launch": {"arguments": ["/usr/sbin/haproxy", "-W", "-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/haproxy.pid"],
  "source": "/proc/7/cmdline"},
 "processes": [{"pid": 7, "parent_pid": 1, "role": "master", "generation": 0, "age_s": 100.0}]}
```
```json host
{"paths": [{"path": "/run/haproxy.pid", "kind": "missing"}]}
```

## Use instead

```json instance
{"launch": {"arguments": ["/usr/sbin/haproxy", "-W", "-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/haproxy.pid"],
  "source": "/proc/7/cmdline"},
 "processes": [{"pid": 7, "parent_pid": 1, "role": "master", "generation": 0, "age_s": 100.0}]}
```
```json host
{"paths": [{"path": "/run/haproxy.pid", "kind": "file", "modified_age_s": 99.0}]}
```

## Known problems

What is written in the file is not looked at, only when. A worker in its own mount namespace or chroot is of no matter:
the file is written before.

## Fix safety

By hand: the right pid is in the finding.

## References

- HAProxy 2.8 management.txt section 3 `-p`: with -W the master's pid alone
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import Evidence, Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Process
    from hitless.subject import Subject

_SLACK_S = 60.0
"""The start of a process and the writing of its pid file may lie this far apart (a long configuration)."""


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    path = subject.arguments.pid_file or (unit.properties.get("PIDFile", "") if unit is not None else "")
    process = _named_process(subject)
    fact = subject.host.path(path) if subject.host is not None and path else None
    if process is None or fact is None or _sees_other_files(subject, process, path):
        return
    if fact.kind == "missing":
        message = (
            f"{path} is not there, and process {process.pid} runs: what reads it finds no HAProxy to reload"
        )
        seen = Evidence(text="no such file", source=f"stat {path}")
    elif fact.kind == "file" and fact.modified_age_s > process.age_s + _SLACK_S:
        message = f"{path} is older than process {process.pid}, which it should name"
        seen = Evidence(text=f"modified {fact.modified_age_s:.0f} s ago", source=f"stat {path}")
    else:
        return
    yield RULE.finding(
        subject,
        message,
        severity=Severity.WARNING if _is_read(subject, path) else Severity.NOTE,
        place=Place(file=path),
        evidence=(
            seen,
            Evidence(
                text=f"started {process.age_s:.0f} s ago as {process.role}",
                source=f"/proc/{process.pid}/stat",
            ),
        ),
        fix=Fix(
            summary=f"write the pid into the file; find out what changed it (a second instance with {path}?)",
            commands=(f"echo {process.pid} > {path}",),
        ),
    )


def _sees_other_files(subject: Subject, process: Process, path: str) -> bool:
    """Return whether HAProxy's file of this name may be another than the host's: in a container, or a private /tmp."""
    contained = process.unit.endswith(".scope") and not process.unit.startswith("session-")
    unit = subject.unit
    private = unit is not None and unit.private_tmp and path.startswith(("/tmp/", "/var/tmp/"))  # noqa: S108 - comparing
    return contained or private


def _named_process(subject: Subject) -> Process | None:
    """Return the process whose pid belongs into the file: the master, or the classic process that serves now."""
    masters = [p for p in subject.processes if p.role is Role.MASTER]
    classic = [p for p in subject.processes if p.role is Role.CLASSIC]
    return min(masters or classic, key=lambda p: p.age_s, default=None)


def _is_read(subject: Subject, path: str) -> bool:
    """Return whether the unit or a script reads the file."""
    unit = subject.unit
    by_unit = unit is not None and (
        unit.properties.get("PIDFile", "") == path
        or any(path in c.text and "cat" in c.text for c in unit.reload)
    )
    scripts = (subject.host.scripts or ()) if subject.host is not None else ()
    return by_unit or any(path in script.text for script in scripts)


RULE = Rule(
    code="HL116",
    name="stale-pid-file",
    severity=Severity.WARNING,
    summary="the pid file does not name the HAProxy that runs",
    versions="all",
    needs=frozenset({Need.LAUNCH, Need.PROCESSES, Need.PATHS}),
    check=_check,
)
