"""The answer of an audit as a JUnit report: one test case for each rule and instance.

A finding at the threshold or above is a *failure*; a rule that was not checked, or whose findings are all accepted, is
*skipped* with the reason; a rule that broke is an *error*. Source of the format: the Jenkins JUnit plugin's schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from hitless.findings import AuditResult, Finding, Severity
from hitless.report.audit.answer import at_or_above, is_examined
from hitless.report.audit.rule_text import RuleText
from hitless.report.audit.wording import edit_lines, fix_words, headline, location, unknown_groups, unreadable
from hitless.report.plain import neutralise

__all__ = ["render"]

_HOST = "host"


@dataclass(frozen=True, slots=True)
class _Case:
    instance: str
    name: str
    tag: str = ""
    """"failure", "error", "skipped" or, when it passed, ""."""
    message: str = ""
    text: str = ""
    output: str = ""


def render(result: AuditResult, rules: Mapping[str, RuleText], *, threshold: Severity) -> str:
    """Return an XML 1.0 document, valid whatever bytes the names hold."""
    cases = list(_cases(result, rules, threshold))
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.tag == "failure" for case in cases)),
        "errors": str(sum(case.tag == "error" for case in cases)),
        "skipped": str(sum(case.tag == "skipped" for case in cases)),
    }
    root = ET.Element("testsuites", {"name": "hitless audit", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": neutralise(" · ".join(headline(result))), **counts})
    for case in cases:
        _append(suite, case)
    ET.indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ET.tostring(root, encoding="unicode") + "\n"


def _append(suite: ET.Element, case: _Case) -> None:
    names = {"classname": neutralise(f"hitless.audit.{case.instance}"), "name": neutralise(case.name)}
    element = ET.SubElement(suite, "testcase", names)
    if case.tag:
        problem = ET.SubElement(element, case.tag, {"message": neutralise(case.message)})
        problem.text = _lines(case.text)
    if case.output:
        ET.SubElement(element, "system-out").text = _lines(case.output)


def _lines(text: str) -> str:
    return "\n".join(neutralise(line) for line in text.split("\n"))


def _cases(result: AuditResult, rules: Mapping[str, RuleText], threshold: Severity) -> Iterator[_Case]:
    lacking = {(item.code, item.instance): item.why for item in result.not_checked}
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in result.findings:
        found.setdefault((finding.code, finding.instance), []).append(finding)
    if not is_examined(result):
        yield _Case(
            _HOST, "examined", "error", "no configuration could be read", "\n".join(unreadable(result))
        )
    for position, instance in enumerate(result.instances):
        for rule in rules.values():
            if rule.host_wide and position:
                continue
            why = lacking.pop((rule.code, instance.name), "")
            findings = found.pop((rule.code, instance.name), [])
            findings += found.pop((rule.code, ""), []) if not position else []
            owner = _HOST if rule.host_wide else instance.name
            yield _case(owner, f"{rule.code} {rule.name}", findings, why, threshold)
    for (code, instance_name), findings in found.items():
        yield _case(instance_name or _HOST, f"{code} {findings[0].name}", findings, "", threshold)
    for text in unknown_groups(result):
        yield _Case(_HOST, f"not seen: {text}", "skipped", text)


def _case(owner: str, name: str, findings: list[Finding], why: str, threshold: Severity) -> _Case:
    if why:
        return _Case(owner, name, "skipped", f"not checked: without {why}")
    standing = [finding for finding in findings if finding.suppressed is None]
    accepted = [finding for finding in findings if finding.suppressed is not None]
    output = "\n\n".join(map(_describe, findings))
    failing = [finding for finding in standing if at_or_above(finding, threshold)]
    if failing:
        tag = "error" if failing[0].code == "HL000" else "failure"
        text = "\n\n".join(map(_describe, failing))
        rest = "\n\n".join(_describe(f) for f in findings if f not in failing)
        return _Case(owner, name, tag, "; ".join(f.message for f in failing[:3]), text, rest)
    if accepted and not standing:
        reasons = "; ".join(dict.fromkeys(f.suppressed.reason for f in accepted if f.suppressed))
        return _Case(owner, name, "skipped", f"suppressed: {reasons}", "", output)
    return _Case(owner, name, output=output)


def _describe(finding: Finding) -> str:
    where = f"{location(finding.place)}: " if finding.place else ""
    lines = [f"{where}{finding.severity}: {finding.message}"]
    lines += [f"seen: {e.text} [{e.source}]" for e in finding.evidence]
    lines += [f"price: {price}" for price in finding.prices]
    if finding.fix:
        lines.append(f"fix: {finding.fix.summary} ({fix_words(finding.fix)})")
        lines += [f"  {line}" for line in edit_lines(finding.fix.edits, [finding.place])]
        lines += [f"run: {command}" for command in finding.fix.commands]
    if finding.suppressed:
        lines.append(f"suppressed: {finding.suppressed.reason} [{finding.suppressed.where}]")
    return "\n".join(lines)
