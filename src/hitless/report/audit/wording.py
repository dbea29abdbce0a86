"""The sentences and groups that all forms of an audit's report share."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from hitless.findings import (
    AuditedInstance,
    AuditResult,
    ConfigEdit,
    Edit,
    EditAction,
    Finding,
    Fix,
    NotChecked,
    Place,
    Safety,
    Severity,
    SysctlEdit,
    TmpfilesEdit,
)
from hitless.report.audit.answer import count, is_examined, open_findings, suppressed_findings
from hitless.report.wording import plural

__all__ = [
    "Group",
    "describe_instances",
    "edit_lines",
    "fix_words",
    "grouped",
    "headline",
    "location",
    "not_checked_groups",
    "severities",
    "unknown_groups",
    "unreadable",
]

_MOST_INSTANCES = 6
_MOST_NAMES = 4

_SAFETIES = {
    Safety.SAFE: "`hitless fix` makes it",
    Safety.UNSAFE: "changes behaviour: `hitless fix --unsafe` makes it",
    Safety.MANUAL: "for a person to do",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule; `severity` is that of the worst."""

    code: str
    name: str
    severity: Severity
    findings: tuple[Finding, ...]


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """Return the findings by rule, the rule with the worst finding first, then by code."""
    by_code = groupby(sorted(findings, key=lambda f: (f.code, f.severity.rank)), lambda f: f.code)
    groups = [_group(tuple(found)) for _, found in by_code]
    return sorted(groups, key=lambda group: (group.severity.rank, group.code))


def _group(findings: tuple[Finding, ...]) -> Group:
    first = findings[0]
    return Group(first.code, first.name, first.severity, findings)


def severities(findings: Iterable[Finding]) -> str:
    """Return "2 errors, 1 warning", "" for nothing."""
    return ", ".join(plural(number, str(severity)) for severity, number in count(findings).items() if number)


def headline(result: AuditResult) -> tuple[str, str]:
    """Return the answer in a few words, and what it does not count."""
    if not is_examined(result):
        word = "nothing could be examined"
    else:
        word = severities(open_findings(result)) or "nothing found"
    accepted = sum(1 for _ in suppressed_findings(result))
    left_out = len({item.code for item in result.not_checked})
    parts = [
        f"{accepted} suppressed" if accepted else "",
        f"{plural(result.rules_applied, 'rule')}, {left_out} not checked"
        if left_out
        else f"{plural(result.rules_applied, 'rule')} checked",
        f"{plural(result.internal_errors, 'rule')} broke" if result.internal_errors else "",
    ]
    return word, " · ".join(part for part in parts if part)


def describe_instances(instances: tuple[AuditedInstance, ...]) -> Iterator[tuple[str, str]]:
    """Yield a name and what was seen of it; many instances of one kind together."""
    if len(instances) <= _MOST_INSTANCES:
        for instance in instances:
            yield instance.name, " · ".join(filter(None, (_kind(instance), *_seen(instance))))
        return
    kinds: dict[str, list[str]] = {}
    for instance in instances:
        kinds.setdefault(_kind(instance), []).append(instance.name)
    for kind, names in kinds.items():
        more = len(names) - _MOST_NAMES
        shown = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        yield plural(len(names), "instance"), f"{kind} · {shown}"


def _kind(instance: AuditedInstance) -> str:
    version = f"haproxy {instance.version}" if instance.version else "version of haproxy not known"
    if instance.mode in {"", "unknown"}:
        return f"{version} · mode not known"  # and so the mechanism, too
    return " · ".join(part for part in (version, instance.mode, instance.mechanism) if part)


def _seen(instance: AuditedInstance) -> Iterator[str]:
    files = instance.configuration
    if files and files != (instance.name,):
        more = f" and {len(files) - _MOST_NAMES} more" if len(files) > _MOST_NAMES else ""
        yield ", ".join(files[:_MOST_NAMES]) + more
    if instance.running is False:
        yield "not running"
    if instance.processes:
        yield f"pid {', '.join(map(str, instance.processes[:_MOST_NAMES]))}" + (
            f" and {len(instance.processes) - _MOST_NAMES} more"
            if len(instance.processes) > _MOST_NAMES
            else ""
        )


def location(place: Place) -> str:
    """Return "FILE:LINE:COLUMN" as compilers write it, as much of it as is known."""
    return f"{place.where}:{place.column}" if place.line and place.column else place.where


def fix_words(fix: Fix) -> str:
    """Return who makes a fix."""
    return _SAFETIES[fix.safety if fix.edits else Safety.MANUAL]


def edit_lines(edits: Iterable[Edit], places: Iterable[Place | None] = ()) -> Iterator[str]:
    """Yield what is changed, as a diff reads: "- " what goes, "+ " what comes, "@ " where, when that changes.

    `places` are lines whose present text is known.
    """
    # An edit is about a line's words: the comment behind them stays.
    known = {(p.file, p.line): p.text.split(" #")[0].strip() for p in places if p is not None and p.line}
    where = ""
    for edit in edits:
        target, lines = _edit(edit, known)
        if target != where:
            yield f"@ {target}"
            where = target
        yield from lines


def _edit(edit: Edit, known: dict[tuple[str, int], str]) -> tuple[str, list[str]]:
    if isinstance(edit, ConfigEdit):
        old = known.get((edit.file, edit.line), "")
        goes = edit.action is EditAction.REMOVE or (old and edit.action is EditAction.REPLACE)
        gone = [f"- {old or '(this line)'}"] if goes else []
        come = [] if edit.action is EditAction.REMOVE else [f"+ {edit.text.strip()}"]
        beside = (
            " (becomes)" if edit.action is EditAction.REPLACE and not old else _BESIDE.get(edit.action, "")
        )
        return f"{edit.file}:{edit.line}{beside}", [*gone, *come]
    if isinstance(edit, SysctlEdit):
        return "a file in /etc/sysctl.d", [f"+ {edit.name} = {edit.value}"]
    if isinstance(edit, TmpfilesEdit):
        return "a file in /etc/tmpfiles.d", [f"+ {edit.line}"]
    return f"a drop-in of {edit.unit}", [f"+ [{edit.section}]", *(f"+ {line}" for line in edit.lines)]


_BESIDE = {EditAction.INSERT_BEFORE: " (before it)", EditAction.INSERT_AFTER: " (after it)"}


def not_checked_groups(not_checked: Iterable[NotChecked], instances: int) -> list[tuple[str, str]]:
    """Return what was lacking and the rules that needed it, the reason that most rules share first.

    A rule that lacked several things stands once, with the one that most rules lacked.
    """
    items = list(not_checked)
    frequent = Counter(need for item in items for need in item.why.split(", "))
    by_need: dict[str, dict[str, set[str]]] = {}
    for item in items:
        need = min(item.why.split(", "), key=lambda name: (-frequent[name], name))
        by_need.setdefault(need, {}).setdefault(item.code, set()).add(item.instance)
    rows = []
    for need, codes in sorted(by_need.items(), key=lambda row: (-len(row[1]), row[0])):
        touched = set().union(*codes.values())
        part = f" (in {len(touched)} of {instances} instances)" if 1 <= len(touched) < instances else ""
        rows.append((f"{need}{part}", " ".join(sorted(codes))))
    return rows


def unknown_groups(result: AuditResult) -> list[str]:
    """Return what could not be seen, once for all instances that share it."""
    by_text: dict[str, list[str]] = {}
    for item in result.unknown:
        by_text.setdefault(f"{item.what}: {item.why}", []).append(item.instance)
    several = len(result.instances) > 1
    return [text + (_of(names) if several else "") for text, names in by_text.items()]


def _of(names: list[str]) -> str:
    named = [name for name in names if name]
    if not named:
        return ""
    return f" ({named[0]})" if len(named) == 1 else f" ({len(named)} instances)"


def unreadable(result: AuditResult) -> list[str]:
    """Return the configuration files that could not be read, each once."""
    return list(dict.fromkeys(text for instance in result.instances for text in instance.unreadable))
