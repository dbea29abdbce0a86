"""A keyword is gone from this version, or from a later one.

## What it does

Finds keywords that HAProxy has removed: an error where the version refuses them, a note where a later one will.

## Why it drops connections

An upgrade replaces the program, and the next reload or restart runs it: the configuration that worked yesterday is
refused, and a restart, as package upgrades do it, ends in an outage.

## Example

```cfg
global
    nbproc 2
```

## Use instead

```cfg
global
    nbthread 2
```

## Known problems

Not every removed keyword is listed. What HAProxy's own check accepts is not contradicted.

## Fix safety

Unsafe where the line is taken away without a replacement; else manual.

## References

- tried with `-c` on 2.2.9, 2.6.12, 2.8.25, 3.0.11, 3.2.26; the versions are those of HAProxy's own messages
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.audit.edits import remove_line
from hitless.audit.rule import Need, Rule
from hitless.config.support import SUPPORT
from hitless.findings import Finding, Fix, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Directive
    from hitless.subject import Subject


@dataclass(frozen=True, slots=True)
class _Removed:
    refused_since: tuple[int, int]
    """The first branch that is known to refuse it."""
    instead: str
    """"" where the line can go."""


def _gone(keyword: str, instead: str = "") -> _Removed:
    """Return what the table of versions says of a keyword; those below are ones that it does not have."""
    removed = SUPPORT[keyword].removed
    assert removed is not None, f"{keyword} is not gone"
    return _Removed(removed, instead)


_PROXY_KINDS = frozenset({"defaults", "frontend", "backend", "listen"})
_GLOBAL: dict[tuple[str, ...], _Removed] = {
    ("nbproc",): _gone("global nbproc"),
    ("debug",): _Removed((2, 3), ""),
    ("tune.chksize",): _Removed((2, 6), ""),
    ("stats", "bind-process"): _Removed((2, 7), ""),
}
_PROXY: dict[tuple[str, ...], _Removed] = {
    ("bind-process",): _gone("listen bind-process"),
    ("grace",): _gone("listen grace"),
    ("monitor-net",): _Removed((2, 6), "http-request return status 200 if { src NETWORK }"),
    ("mode", "health"): _Removed((2, 6), "mode http and http-request return status 200"),
    ("option", "http-use-htx"): _Removed((2, 6), ""),
    ("option", "http-tunnel"): _Removed((2, 6), ""),
    ("option", "forceclose"): _Removed((2, 6), ""),
    ("option", "http_proxy"): _Removed((2, 5), "http-request do-resolve and http-request set-dst"),
    ("appsession",): _Removed((1, 6), "stick-table and stick on a cookie"),
    ("block",): _Removed((2, 1), "http-request deny"),
    ("contimeout",): _Removed((2, 1), "timeout connect"),
    ("clitimeout",): _Removed((2, 1), "timeout client"),
    ("srvtimeout",): _Removed((2, 1), "timeout server"),
    ("redisp",): _Removed((2, 1), "option redispatch"),
    **{
        (f"{verb}{case}{what}",): _Removed((2, 1), f"http-{'request' if verb == 'req' else 'response'} rules")
        for verb in ("req", "rsp")
        for case in ("", "i")
        for what in ("rep", "del", "deny", "allow", "tarpit", "pass", "add")
        if not (case and what == "add") and not (verb == "rsp" and what in {"allow", "tarpit", "pass"})
    },
}
_PROGRAM = _gone("section program", "a unit of its own for the program")
_BIND_PROCESS = _gone("bind process", "`thread`")


def _check(subject: Subject) -> Iterator[Finding]:
    for section in subject.active:
        if section.kind == "program":
            yield from _finding(subject, section.header, "section program", _PROGRAM)
        table = _GLOBAL if section.kind == "global" else _PROXY if section.kind in _PROXY_KINDS else {}
        for directive in section.directives if table else ():
            name, removed = _lookup(table, directive)
            if removed is not None:
                yield from _finding(subject, directive, name, removed)


def _lookup(table: dict[tuple[str, ...], _Removed], directive: Directive) -> tuple[str, _Removed | None]:
    words = directive.words
    if words[0] == "bind" and "process" in words[2:-1] and words[words.index("process") - 1] != "name":
        return "bind … process", _BIND_PROCESS
    for length in (2, 1):
        if words[:length] in table:
            return " ".join(words[:length]), table[words[:length]]
    return "", None


def _finding(subject: Subject, directive: Directive, name: str, removed: _Removed) -> Iterator[Finding]:
    check = subject.instance.check
    refused = subject.version_in(removed.refused_since)
    if refused and check is not None and check.accepted:
        return
    since = ".".join(map(str, removed.refused_since))
    edits = () if removed.instead else remove_line(subject, directive.where)
    yield RULE.finding(
        subject,
        f"`{name}` is refused by HAProxy {since} and later"
        + ("" if refused else ": an upgrade will not load this configuration"),
        severity=Severity.ERROR if refused else Severity.NOTE,
        place=config_place(subject, directive.where),
        fix=Fix(
            summary=f"instead: {removed.instead}" if removed.instead else "take the line away",
            safety=Safety.UNSAFE if edits else Safety.MANUAL,
            edits=edits,
        ),
    )


RULE = Rule(
    code="HL418",
    name="removed-keyword",
    severity=Severity.ERROR,
    summary="a keyword is gone from this version, or from a later one",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
