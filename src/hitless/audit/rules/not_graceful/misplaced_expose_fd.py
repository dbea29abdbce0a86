"""`expose-fd listeners` stands where HAProxy refuses it, or where it does nothing.

## What it does

Finds `expose-fd listeners` as a line of its own (in `global`, where the web puts it), and on `bind` lines.

## Why it drops connections

`expose-fd listeners` is a parameter of `stats socket`. As a line of its own it is a fatal error: the reload is refused,
and a restart ends in an outage. On an ordinary `bind` it is accepted and has no effect: the sockets that were to be
handed over are not, and connections in the old accept queue are reset.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
    expose-fd listeners
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
```

In master-worker mode of HAProxy 2.6 and later it is not needed at all: sockets are handed over automatically.

## Known problems

None.

## Fix safety

Safe: the line is refused today, or does nothing. Where a `stats socket` stands in the same file, the parameter moves
to it.

## References

- HAProxy 2.8 configuration.txt section 3.1 `stats socket`, 5.1 `expose-fd`; src/cli.c bind_parse_expose_fd()
- tried on 2.6.12, 2.8, 3.0, 3.4: "unknown keyword 'expose-fd' in 'global' section"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import ConfigEdit, EditAction, Finding, Fix, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.tree import ConfigFile, Section
    from hitless.findings import Place
    from hitless.subject import Subject

_SOCKET = "stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners"


def _check(subject: Subject) -> Iterator[Finding]:
    for file, section in subject.sections("global", "defaults", "frontend", "backend", "listen"):
        for number in range(section.header + 1, section.stop):
            words = file.line(number).words
            where = config_place(subject, file.where(number), "expose-fd")
            if words[:1] == ("expose-fd",):
                yield _finding(
                    subject,
                    Severity.ERROR,
                    "HAProxy refuses `expose-fd` as a line of its own",
                    where,
                    _move(file, section, number),
                )
            elif words[:1] == ("bind",) and "expose-fd" in words:
                position = words.index("expose-fd")
                without = " ".join((*words[:position], *words[position + 2 :]))
                edit = ConfigEdit(file=file.filename, line=number, action=EditAction.REPLACE, text=without)
                yield _finding(
                    subject, Severity.WARNING, "`expose-fd` on a `bind` line has no effect", where, (edit,)
                )


def _move(file: ConfigFile, section: Section, number: int) -> tuple[ConfigEdit, ...]:
    """Return the edits that bring the parameter to where it belongs."""
    remove = ConfigEdit(file=file.filename, line=number, action=EditAction.REMOVE)
    if section.kind != "global":
        return (remove,)
    sockets = [
        n for n in range(section.header + 1, section.stop) if file.line(n).words[:2] == ("stats", "socket")
    ]
    if not sockets:
        return (ConfigEdit(file=file.filename, line=number, action=EditAction.REPLACE, text=_SOCKET),)
    line = file.line(sockets[0])
    if "expose-fd" in line.words:
        return (remove,)
    text = line.body.decode("utf-8", "surrogateescape") + " expose-fd listeners"
    return (ConfigEdit(file=file.filename, line=sockets[0], action=EditAction.REPLACE, text=text), remove)


def _finding(
    subject: Subject, severity: Severity, message: str, place: Place, edits: tuple[ConfigEdit, ...]
) -> Finding:
    fix = Fix(
        summary="`expose-fd listeners` at the end of the `stats socket` line", safety=Safety.SAFE, edits=edits
    )
    return RULE.finding(subject, message, severity=severity, place=place, fix=fix)


RULE = Rule(
    code="HL109",
    name="misplaced-expose-fd",
    severity=Severity.ERROR,
    summary="`expose-fd listeners` stands where HAProxy refuses it, or where it does nothing",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
