"""The answer of an audit as GitHub-flavoured Markdown, for a pull request's comment or a job's summary."""

from collections.abc import Iterator, Mapping

from hitless.findings import AuditResult, Finding, Severity
from hitless.report.audit.answer import Answer, answer, open_findings, suppressed_findings
from hitless.report.audit.rule_text import RuleText, rule_url
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
from hitless.report.gfm import code, fenced, plain_text, sentence
from hitless.report.wording import plural

__all__ = ["render"]

_MARKS = {Answer.CLEAN: "✅", Answer.FOUND: "❌", Answer.UNKNOWN: "⚠️"}
_MOST_CHARACTERS = 60_000
"""GitHub refuses a comment of more than 65 536 characters."""


def render(result: AuditResult, rules: Mapping[str, RuleText], *, threshold: Severity) -> str:
    """Return the answer; what does not fit into a comment is counted, not cut in the middle."""
    word, beside = headline(result)
    named = len(result.instances) > 1
    blocks = [
        f"## {_MARKS[answer(result, threshold)]} hitless audit: {plain_text(word)}",
        "\n".join(
            f"- {code(name)} {plain_text(seen)}" for name, seen in describe_instances(result.instances)
        ),
    ]
    ending = "\n\n".join([*_rest(result, named=named), plain_text(beside)])
    room = _MOST_CHARACTERS - len(ending)
    left_out = 0
    for group in grouped(open_findings(result)):
        for block in _group(group, rules.get(group.code), named=named):
            room -= len(block) + 2
            if room < 0:
                left_out += 1
            else:
                blocks.append(block)
    if left_out:
        blocks.append(f"… and {plural(left_out, 'more place')}: the other formats have them all.")
    return "\n\n".join(block for block in (*blocks, ending) if block) + "\n"


def _group(group: Group, rule: RuleText | None, *, named: bool) -> Iterator[str]:
    link = f"[{plain_text(group.code)}]({rule_url(group.code)})"
    head = f"### {group.severity} · {link} {plain_text(group.name)}"
    why = sentence(rule.why or rule.summary) if rule else ""
    for number, finding in enumerate(group.findings):
        body = _finding(finding, named=named)
        yield body if number else "\n\n".join(part for part in (head, why, body) if part)


def _finding(finding: Finding, *, named: bool) -> str:
    lines = [_short(finding, named=named)]
    lines += [f"- seen: {sentence(e.text)} ({code(e.source)})" for e in finding.evidence]
    lines += [f"- price: {sentence(price)}" for price in finding.prices]
    if finding.fix:
        lines.append(f"- fix: {sentence(finding.fix.summary)} ({sentence(fix_words(finding.fix))})")
        lines += [f"- run: {code(command)}" for command in finding.fix.commands]
        changes = list(edit_lines(finding.fix.edits, [finding.place]))
        if changes:
            lines += ["", fenced(changes, "diff")]
    return "\n".join(lines)


def _rest(result: AuditResult, *, named: bool) -> Iterator[str]:
    accepted = [
        f"- {plain_text(f.code)} {_short(f, named=named)}: {plain_text(f.suppressed.reason)}"
        f" ({code(f.suppressed.where)})"
        for f in suppressed_findings(result)
        if f.suppressed
    ]
    yield from _details("Suppressed", accepted)
    lacking = not_checked_groups(result.not_checked, len(result.instances))
    yield from _details(
        "Not checked", [f"- without {plain_text(why)}: {plain_text(codes)}" for why, codes in lacking]
    )
    unseen = [*unreadable(result), *unknown_groups(result)]
    yield from _details("Not seen", [f"- {plain_text(text)}" for text in unseen])


def _short(finding: Finding, *, named: bool) -> str:
    place = f"**{code(location(finding.place))}** " if finding.place else ""
    instance = f" ({code(finding.instance)})" if named and finding.instance else ""
    return f"{place}{sentence(finding.message)}{instance}"


def _details(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"<details><summary>{title} ({len(lines)})</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
