"""The answer of an audit as text for a terminal: the worst first, how it is known, and what removes it."""

from collections.abc import Mapping

from hitless.findings import AuditResult, Finding, Fix, Severity
from hitless.report.audit.answer import open_findings, suppressed_findings
from hitless.report.audit.rule_text import RuleText
from hitless.report.audit.snippet import snippet
from hitless.report.audit.wording import (
    Group,
    describe_instances,
    edit_lines,
    fix_words,
    grouped,
    headline,
    location,
    not_checked_groups,
    unknown_groups,
    unreadable,
)
from hitless.report.page import Page
from hitless.report.plain import neutralise, wrap
from hitless.report.wording import plural

__all__ = ["render"]

_INDENT = 2
_LABEL = 13
_MOST_DETAILED = 5
_MOST_EDIT_LINES = 12
_MOST_UNKNOWN = 12

_STYLES = {
    Severity.ERROR: ("bold", "red"),
    Severity.WARNING: ("bold", "yellow"),
    Severity.NOTE: ("bold", "cyan"),
}


def render(
    result: AuditResult, rules: Mapping[str, RuleText], *, width: int = 80, colour: bool = False
) -> str:
    """Return the answer as lines of at most `width` columns (at least 40), styled only with `colour`."""
    page = Page(max(width, 40), colour=colour)
    groups = grouped(open_findings(result))
    _write_head(page, result, groups)
    for group in groups:
        page.blank()
        _write_group(page, group, rules.get(group.code), named=len(result.instances) > 1)
    page.blank()
    _write_suppressed(page, result)
    _write_rest(page, result)
    return str(page)


def _write_head(page: Page, result: AuditResult, groups: list[Group]) -> None:
    word, beside = headline(result)
    unsure = result.internal_errors or word == "nothing could be examined"
    styles = _STYLES[groups[0].severity] if groups else ("bold", "yellow" if unsure else "green")
    page.row([(word.upper(), styles), (f"({beside})", ())], indent=_INDENT, hang=_INDENT + 4)
    for name, seen in describe_instances(result.instances):
        page.hanging("", f"{name} · {seen}", indent=_INDENT, styles=("dim",))


def _write_group(page: Page, group: Group, rule: RuleText | None, *, named: bool) -> None:
    label = f"{str(group.severity).upper()}  "
    many = f" · {plural(len(group.findings), 'finding')}" if len(group.findings) > 1 else ""
    page.hanging(
        label,
        f"{group.code} {group.name}{many}",
        indent=_INDENT,
        label_styles=_STYLES[group.severity],
        styles=("bold",),
    )
    if rule is not None:
        page.hanging("", rule.why or rule.summary, indent=2 * _INDENT)
    for finding in group.findings[:_MOST_DETAILED]:
        page.blank()
        _write_finding(page, finding, named=named, differs=finding.severity is not group.severity)
    further = group.findings[_MOST_DETAILED:]
    if further:
        page.blank()
        page.hanging("", f"the same at {plural(len(further), 'more place')}:", indent=2 * _INDENT)
        for finding in further:
            page.hanging("  ", _title(finding, named=named), indent=2 * _INDENT)
        page.hanging("", "(every fix: `hitless fix`; all details: `--format json`)", indent=2 * _INDENT)
    page.command("more   ", f"hitless rule {neutralise(group.code)}", indent=2 * _INDENT)


def _title(finding: Finding, *, named: bool) -> str:
    place = f"{location(finding.place)}: " if finding.place else ""
    instance = f" ({finding.instance})" if named and finding.instance else ""
    return f"{place}{finding.message}{instance}"


def _write_finding(page: Page, finding: Finding, *, named: bool, differs: bool) -> None:
    severity = f"{finding.severity}: " if differs else ""
    page.hanging("", severity + _title(finding, named=named), indent=2 * _INDENT, styles=("bold",))
    indent = 3 * _INDENT
    found = snippet(finding.place, page.width - indent) if finding.place else None
    if found is not None:
        margin, line, underline = found
        page.line(page.paint(margin, "dim") + line, indent=indent)
        if underline:
            bar = " " * (len(margin) - 2) + "| "
            page.line(
                page.paint(bar, "dim") + page.paint(underline, *_STYLES[finding.severity]), indent=indent
            )
    for evidence in finding.evidence:
        source = f" [{evidence.source}]" if evidence.source else ""
        page.hanging("seen   ", evidence.text + source, indent=2 * _INDENT, label_styles=("dim",))
    for price in finding.prices:
        page.hanging("price  ", price, indent=2 * _INDENT, label_styles=("yellow",))
    if finding.fix is not None:
        _write_fix(page, finding, finding.fix)


def _write_fix(page: Page, finding: Finding, fix: Fix) -> None:
    page.hanging("fix    ", f"{fix.summary} ({fix_words(fix)})", indent=2 * _INDENT, label_styles=("green",))
    indent = 2 * _INDENT + 7
    lines = list(edit_lines(fix.edits, [finding.place]))
    for line in lines[:_MOST_EDIT_LINES]:
        style = {"+": ("green",), "-": ("red",)}.get(line[0], ("dim",))
        page.hanging(line[:2], line[2:], indent=indent, label_styles=style, styles=style)
    if len(lines) > _MOST_EDIT_LINES:
        page.hanging("", f"… {plural(len(lines) - _MOST_EDIT_LINES, 'more line')}", indent=indent)
    for command in fix.commands:
        page.command("run    ", command, indent=2 * _INDENT)


def _write_suppressed(page: Page, result: AuditResult) -> None:
    label = "suppressed"
    for finding in suppressed_findings(result):
        accepted = finding.suppressed
        assert accepted is not None
        title = _title(finding, named=len(result.instances) > 1)
        text = f"{finding.code} {title} · {accepted.reason} [{accepted.where}]"
        page.hanging(label.ljust(_LABEL), text, indent=_INDENT, label_styles=("dim",), styles=("dim",))
        label = ""


def _of_a_host(result: AuditResult) -> str:
    count = len({item.code for item in result.not_checked})
    return (
        f"{plural(count, 'rule')} about the unit, the processes, the kernel, scripts: `hitless audit` on the load "
        "balancer applies them (here --unit-file, --scripts, --mode, --root say more; --format json lists them)"
    )


def _write_rest(page: Page, result: AuditResult) -> None:
    label = "unreadable"
    for text in unreadable(result):
        page.hanging(label.ljust(_LABEL), text, indent=_INDENT, label_styles=("yellow",))
        label = ""
    label = "not checked"
    if result.files_alone and result.not_checked:
        page.hanging(label.ljust(_LABEL), _of_a_host(result), indent=_INDENT, label_styles=("yellow",))
    for why, codes in not_checked_groups(
        result.not_checked if not result.files_alone else (), len(result.instances)
    ):
        page.hanging(label.ljust(_LABEL), f"without {why}:", indent=_INDENT, label_styles=("yellow",))
        for line in wrap(codes, page.width - _INDENT - _LABEL):
            page.line(line, indent=_INDENT + _LABEL, styles=("dim",))
        label = ""
    label = "not seen"
    texts = unknown_groups(result)
    for text in texts[:_MOST_UNKNOWN]:
        page.hanging(label.ljust(_LABEL), text, indent=_INDENT, label_styles=("yellow",))
        label = ""
    if len(texts) > _MOST_UNKNOWN:
        more = f"and {len(texts) - _MOST_UNKNOWN} more (`--format json` has all)"
        page.hanging("".ljust(_LABEL), more, indent=_INDENT)
