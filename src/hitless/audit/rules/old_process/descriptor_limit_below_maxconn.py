"""The limit of descriptors does not fit the `maxconn` of the configuration.

## What it does

Compares `maxconn` in `global`, where it is a number, with `ulimit-n`, with `LimitNOFILE=` of a unit that starts HAProxy
as another user than root, and with the kernel's `fs.file-max` for two generations.

## Why it drops connections

HAProxy needs two descriptors for each connection, and some more. With `strict-limits` (on by default since 2.3) the new
process refuses to start: "FD limit (…) too low for maxconn=…", "Cannot raise FD limit to …"; neither a reload nor a
restart succeeds. Without it, or where two generations share what the kernel has, connections fail when it runs out.

## Example

```cfg
global
    maxconn 10000
    ulimit-n 4096
```

## Use instead

```cfg
global
    maxconn 10000
```

## Known problems

HAProxy started by root with all capabilities raises its limit by itself, whatever the unit says; it never lowers it, so
that `ulimit-n` does no harm where the service is started with a higher soft limit. Without a unit to look at it is a
warning. The exact number also counts listeners, checks and threads.

## Fix safety

Removing `ulimit-n` is safe: HAProxy computes the value. `LimitNOFILE=` in a drop-in is safe: it is a limit.

## References

- HAProxy 2.8 configuration.txt section 3.1 `ulimit-n`, `maxconn`, `strict-limits`; src/haproxy.c main()
- tried on 2.6.12, 2.8.25, 3.0.11, 3.2.26
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import remove_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.places import config_place, text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Directive
    from hitless.subject import Subject

_RAISES_LIMITS = "CAP_SYS_RESOURCE"


def _check(subject: Subject) -> Iterator[Finding]:
    maxconn, line = _number(subject, "maxconn")
    if not maxconn or line is None:
        return
    needed = 2 * maxconn + sum(len(b.addresses) for p in subject.frontends for b in p.binds)
    limit, limit_line = _number(subject, "ulimit-n")
    soft = subject.unit.descriptor_limit if subject.unit else None
    if limit_line is not None and limit and limit < needed and (soft is None or soft < needed):
        yield _by_configuration(subject, limit, limit_line, maxconn, needed)
    elif not limit:
        yield from _by_unit(subject, line, maxconn, needed)
    yield from _by_kernel(subject, line, needed)


def _number(subject: Subject, keyword: str) -> tuple[int, Directive | None]:
    lines = [d for d in subject.in_global(keyword) if len(d.words) > 1 and d.words[1].isdecimal()]
    return (int(lines[-1].words[1][:12]), lines[-1]) if lines else (0, None)


def _by_configuration(subject: Subject, limit: int, line: Directive, maxconn: int, needed: int) -> Finding:
    lenient = bool(subject.in_global("no", "strict-limits")) or (
        subject.version is not None and not subject.version_in((2, 3))
    )
    return RULE.finding(
        subject,
        f"`ulimit-n {limit}` is too low for `maxconn {maxconn}`, which needs more than {needed}",
        severity=Severity.WARNING if lenient or subject.unit is None else Severity.ERROR,
        place=config_place(subject, line.where, "ulimit-n"),
        evidence=(
            Evidence(text=f"ulimit-n {limit}, 2 x maxconn {maxconn} and the listeners", source=line.where),
        ),
        fix=Fix(
            summary="no `ulimit-n`: HAProxy computes it",
            safety=Safety.SAFE,
            edits=remove_line(subject, line.where),
        ),
    )


def _by_unit(subject: Subject, line: Directive, maxconn: int, needed: int) -> Iterator[Finding]:
    unit = subject.unit
    if unit is None or unit.user in {"", "root", "0"} or _RAISES_LIMITS in unit.ambient_capabilities:
        return
    limit = unit.descriptor_hard_limit or unit.descriptor_limit
    if not limit or limit >= needed:
        return
    where = unit.place_of("LimitNOFILE")
    wanted = needed + 1000
    yield RULE.finding(
        subject,
        f"LimitNOFILE={limit} is too low for `maxconn {maxconn}`, which needs more than {needed}, and the user "
        f"{unit.user} cannot raise it",
        severity=Severity.ERROR,
        place=text_place(unit.files, where, "LimitNOFILE"),
        evidence=(
            Evidence(text=f"LimitNOFILE={limit}, User={unit.user}", source=where),
            Evidence(text=f"maxconn {maxconn}", source=line.where),
        ),
        fix=Fix(
            summary=f"LimitNOFILE={wanted}",
            safety=Safety.SAFE,
            edits=(UnitEdit(unit=unit.name, section="Service", lines=(f"LimitNOFILE={wanted}",)),),
            commands=(
                "systemctl daemon-reload",
                "a restart: a reload keeps the limits that HAProxy was started with",
            ),
        ),
    )


def _by_kernel(subject: Subject, line: Directive, needed: int) -> Iterator[Finding]:
    text = subject.host.sysctl("fs.file-max") if subject.host else None
    if text is None or not text.strip().isdecimal() or int(text[:19]) >= 2 * needed:
        return
    yield RULE.finding(
        subject,
        f"the kernel has {text.strip()} descriptors for all processes; two generations may need {2 * needed}",
        severity=Severity.WARNING,
        place=config_place(subject, line.where, "maxconn"),
        evidence=(Evidence(text=f"fs.file-max = {text.strip()}", source="/proc/sys/fs/file-max"),),
        fix=Fix(summary="a smaller `maxconn`, or a larger fs.file-max in /etc/sysctl.d"),
    )


RULE = Rule(
    code="HL208",
    name="descriptor-limit-below-maxconn",
    severity=Severity.ERROR,
    summary="the limit of descriptors does not fit `maxconn`",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
