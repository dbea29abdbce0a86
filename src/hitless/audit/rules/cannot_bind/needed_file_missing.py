"""A file or directory that HAProxy needs to start does not exist.

## What it does

Looks for every certificate, list, map, Lua script, error file and directory that the configuration names, for the
chroot, and for the directory of the pid file.

## Why it drops connections

HAProxy refuses the configuration or dies right after it: the reload fails, and a restart ends in an outage. `haproxy
-c` does not look at the chroot and at the pid file.

## Example

```cfg
global
    chroot /var/lib/haproxy
```
```json host
{"paths": [{"path": "/var/lib/haproxy", "kind": "missing"}]}
```

## Use instead

```cfg
global
    chroot /var/lib/haproxy
    server-state-file /var/lib/haproxy/state
```
```json host
{"paths": [{"path": "/var/lib/haproxy", "kind": "directory"}, {"path": "/var/lib/haproxy/state", "kind": "missing"}]}
```

## Known problems

Relative paths are not judged. Files that HAProxy can do without (state files, the command of an external check, a
ring's backing file) are left out. Where HAProxy's own check accepts the configuration, only what it does not look at
is judged.

## Fix safety

Manual: what belongs there is for a person to say.

## References

- tried on 2.2, 2.6, 2.8, 3.0, 3.2: certificate, list, Lua script, error file: refused by `-c`; chroot ("Cannot
  chroot") and pid file ("Cannot create pidfile", with -W, -Ws and -D) at the start
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from hitless.audit.directories import is_made_at_boot
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.binds import first_words
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_NEEDED = frozenset(
    {
        *(
            "certificate",
            "certificate-directory",
            "ca",
            "crl",
            "crt-list",
            "dh",
            "error-file",
            "error-directory",
        ),
        *("map", "acl", "lua", "spoe", "chroot", "other"),
    }
)
_CAN_BE_ABSENT = frozenset({"stats-file", "backing-file", "external-check", "httpclient.ssl.ca-file"})
_OPTIONAL_PARTS = frozenset({"crt-store ocsp", "crt-store issuer", "crt-store sctl"})
_NOT_SEEN_BY_CHECK = frozenset({"chroot", "pidfile"})


def _check(subject: Subject) -> Iterator[Finding]:
    check = subject.instance.check
    accepted = check is not None and check.accepted
    seen: set[str] = set()
    for kind, path, place in _needed(subject):
        fact = subject.host.path(path) if subject.host else None
        if fact is None or fact.kind != "missing" or path in seen:
            continue
        if accepted and kind not in _NOT_SEEN_BY_CHECK:
            continue
        if is_made_at_boot(subject, path):
            continue
        seen.add(path)
        what = "directory of the pid file" if kind == "pidfile" else kind.replace("-", " ")
        yield RULE.finding(
            subject,
            f"{path} ({what}) does not exist: HAProxy does not start without it",
            place=place,
            evidence=(Evidence(text=f"{path} does not exist", source=f"stat {path}"),),
            fix=Fix(summary=f"bring {path} back, or take the line away"),
        )


def _needed(subject: Subject) -> Iterator[tuple[str, str, Place]]:
    for reference in subject.model.file_references:
        place = config_place(subject, reference.where, reference.path)
        if reference.kind == "pidfile":
            yield "pidfile", posixpath.dirname(reference.path), place
        elif (
            reference.kind in _NEEDED
            and reference.detail not in _OPTIONAL_PARTS
            and not _CAN_BE_ABSENT & set(first_words(subject, reference.where)[:1])
        ):
            yield reference.kind, reference.path, place
    launch = subject.instance.launch
    if launch and subject.arguments.pid_file.startswith("/"):
        yield "pidfile", posixpath.dirname(subject.arguments.pid_file), Place(file=launch.source)


RULE = Rule(
    code="HL414",
    name="needed-file-missing",
    severity=Severity.ERROR,
    summary="a file or directory that HAProxy needs to start does not exist",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.PATHS}),
    check=_check,
)
