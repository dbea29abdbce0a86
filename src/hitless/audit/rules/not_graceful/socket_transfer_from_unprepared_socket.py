"""`-x` names a socket that no stats socket of the configuration prepares for a transfer.

## What it does

Compares the path after `-x`, in the unit, in scripts and on the command line, with the `stats socket` lines of the
configuration: one must have this path and `expose-fd listeners`.

## Why it drops connections

Without `expose-fd listeners` the old process answers with no sockets at all, and without the socket it does not answer.
A classic start then ends: "Failed to get the sockets from the old process!", exit code 1, and the new configuration is
not loaded. In master-worker mode it goes on without, and what waits in the old accept queue is reset.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```mode classic
```
```argv
/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
```
```unit
[Service]
Type=forking
PIDFile=/run/haproxy.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -x /run/haproxy/admin.sock -sf $MAINPID
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
```
```mode classic
```
```argv
/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
```
```unit
[Service]
Type=forking
PIDFile=/run/haproxy.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -x /run/haproxy/admin.sock -sf $MAINPID
```

## Known problems

A path with a variable that is not known is not compared. The first start with `-x` always lacks an old process: in
classic mode it fails, in master-worker mode it only says so.

## Fix safety

Safe: `expose-fd listeners` lets a process that may connect with level admin take the listening sockets.

## References

- HAProxy 2.8 management.txt section 3 `-x`; configuration.txt section 3.1 `stats socket`
- tried on 2.2, 2.6, 2.8, 3.0, 3.2: exit code 1 in classic mode, ignored with -W
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_global, with_words
from hitless.audit.rule import Need, Rule
from hitless.audit.service import CommandLine, command_lines
from hitless.findings import Evidence, Finding, Fix, Place, Safety, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for line in _lines(subject):
        path = line.arguments.transfer_from.removeprefix("unix@")
        if not path.startswith("/") or "$" in path or path == "/dev/null" or path in seen:
            continue
        masters = {*line.arguments.master_socket_paths, *subject.arguments.master_socket_paths}
        if path in masters or path in _exposing(subject):
            continue
        seen.add(path)
        yield RULE.finding(
            subject,
            f"{line.what} fetches listening sockets from {path}, and no stats socket with this path exposes them",
            severity=_severity(subject, line),
            place=line.place,
            evidence=(Evidence(text=f"-x {path}", source=line.source), _stats_sockets(subject)),
            fix=_fix(subject, path),
        )


def _lines(subject: Subject) -> Iterator[CommandLine]:
    yield from command_lines(subject)
    launch = subject.instance.launch
    if launch is not None:
        yield CommandLine(subject.arguments, Place(file=launch.source), launch.source, "the command line")


def _exposing(subject: Subject) -> frozenset[str]:
    return frozenset(
        address.host
        for bind in subject.model.stats_sockets
        for address in bind.addresses
        if bind.options.get("expose-fd") == ("listeners",)
    )


def _stats_sockets(subject: Subject) -> Evidence:
    found = [f"{b.where} {' '.join(a.text for a in b.addresses)}" for b in subject.model.stats_sockets]
    text = "; ".join(found) or "no stats socket"
    return Evidence(text=f"stats sockets: {text}", source=", ".join(subject.model.files))


def _severity(subject: Subject, line: CommandLine) -> Severity:
    if not (line.arguments.master_worker or subject.master_worker):
        return Severity.ERROR
    return Severity.NOTE if subject.version_in((2, 6)) else Severity.WARNING


def _fix(subject: Subject, path: str) -> Fix:
    for bind in subject.model.stats_sockets:
        if any(address.host == path for address in bind.addresses) and "expose-fd" not in bind.options:
            edits = with_words(subject, bind.where, "expose-fd listeners")
            return Fix(
                summary=f"`expose-fd listeners` on the stats socket {path}", safety=Safety.SAFE, edits=edits
            )
    text = f"stats socket {path} mode 600 level admin expose-fd listeners"
    return Fix(
        summary=f"a stats socket {path} with `expose-fd listeners`",
        safety=Safety.SAFE,
        edits=add_to_global(subject, text, beside=("stats",)),
    )


RULE = Rule(
    code="HL108",
    name="socket-transfer-from-unprepared-socket",
    severity=Severity.ERROR,
    summary="-x names a socket that exposes no listening sockets",
    versions="all since 1.8; from 2.6 on a master does not need -x",
    needs=frozenset({Need.CONFIGURATION, Need.LAUNCH}),
    check=_check,
)
