"""A line that is advised on the web, and that HAProxy refuses.

## What it does

Finds settings in the wrong section, options without the word `option`, a `stats socket` without an address,
`reuseport`, and an address in the header of a frontend.

## Why it drops connections

HAProxy refuses the configuration: the reload fails, and a restart ends in an outage.

## Example

```cfg
defaults
    mode http
    hard-stop-after 30s
```

## Use instead

```cfg
global
    hard-stop-after 30s

defaults
    mode http
```

## Known problems

`expose-fd` is HL109's, `freebind` HL404's, removed keywords are HL418's. Where HAProxy's own check accepts the
configuration, nothing is said.

## Fix safety

Safe: the line is refused today.

## References

- each refused by `haproxy -c` of 2.8, and each right form accepted
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_global, remove_line, replace_line
from hitless.audit.rule import Need, Rule
from hitless.config.mistakes import known_mistakes
from hitless.findings import ConfigEdit, EditAction, Finding, Fix, Safety, Severity
from hitless.subject.places import config_line, config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.mistakes import Mistake
    from hitless.subject import Subject

_REUSEPORT = re.compile(r"(?:^|\s+)reuseport(?!\S)")
_HEADER = re.compile(r"(?P<name>\S+\s+[^\s\"'\\]+)\s+(?P<rest>.+)")
_OF_OTHER_RULES = ("`expose-fd", "`freebind`", "removed")


def _check(subject: Subject) -> Iterator[Finding]:
    check = subject.instance.check
    if check is not None and check.accepted:
        return
    mistakes = [m for m in known_mistakes(subject.files) if not any(o in m.message for o in _OF_OTHER_RULES)]
    if not mistakes:
        return
    active = {d.where for section in subject.active for d in (section.header, *section.directives)}
    for mistake in mistakes:
        if mistake.where in active:
            edits = _edits(subject, mistake)
            yield RULE.finding(
                subject,
                f"HAProxy refuses `{mistake.line_text}`: {mistake.message.rstrip('.')}",
                place=config_place(subject, mistake.where),
                fix=Fix(
                    summary=f"write: {mistake.right_form}" if mistake.right_form else "take the line away",
                    safety=Safety.SAFE if edits else Safety.MANUAL,
                    edits=edits,
                ),
            )


def _edits(subject: Subject, mistake: Mistake) -> tuple[ConfigEdit, ...]:
    found = config_line(subject, mistake.where)
    assert found is not None, "a mistake is one of a line"
    body = found[0].line(found[1]).body.decode("utf-8", "surrogateescape")
    if "reuseport" in mistake.message:
        without = _REUSEPORT.sub("", body)
        return (
            replace_line(subject, mistake.where, without) if without else remove_line(subject, mistake.where)
        )
    if mistake.right_form and "belongs to the `global` section" in mistake.message:
        return (*_in_global(subject, mistake, body), *remove_line(subject, mistake.where))
    if mistake.right_form and "is an option of" in mistake.message:
        return replace_line(subject, mistake.where, f"option {body}")
    return _split_header(subject, mistake, body) if "takes a name only" in mistake.message else ()


def _split_header(subject: Subject, mistake: Mistake, body: str) -> tuple[ConfigEdit, ...]:
    """Return the edits that give the address behind a section's name a `bind` line of its own."""
    found, header = config_line(subject, mistake.where), _HEADER.fullmatch(body)
    if found is None or header is None:
        return ()
    bind = ConfigEdit(
        file=found[0].filename, line=found[1], action=EditAction.INSERT_AFTER, text=f"bind {header['rest']}"
    )
    return (*replace_line(subject, mistake.where, header["name"]), bind)


def _in_global(subject: Subject, mistake: Mistake, body: str) -> tuple[ConfigEdit, ...]:
    """Return the edit that says it in `global`; what `global` has already stays as it is there."""
    words = tuple(mistake.right_form.split())
    same = words[:3] if words[:2] == ("stats", "socket") else words[:2] if words[0] == "stats" else words[:1]
    if subject.in_global(*same):
        return ()
    # The line's own bytes, quotes and all, unless it is wrong beyond its place.
    whole = mistake.line_text.split() == list(words)
    return add_to_global(subject, body if whole else mistake.right_form)


RULE = Rule(
    code="HL417",
    name="refused-advice",
    severity=Severity.ERROR,
    summary="a line that is advised on the web, and that HAProxy refuses",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
