"""The verdict as a JUnit report: one test case for the verdict, one for each workload of each frontend.

A request that was hurt is a *failure*, evidence that proves nothing an *error*: build servers tell them
apart.
Source of the format: the Jenkins JUnit plugin's schema (testsuites, testsuite, testcase, failure, error).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from hitless.report.plain import neutralise
from hitless.report.wording import (
    context,
    coverage_line,
    headline,
    hurt,
    kernel_line,
    not_covered,
    other_clients,
    outcomes,
    plural,
    power_line,
)
from hitless.verdict import Conclusion, ProofResult, WorkloadResult

__all__ = ["render"]


@dataclass(frozen=True, slots=True)
class _Case:
    classname: str
    name: str
    tag: str = ""
    """"failure", "error" or, when it passed, ""."""
    message: str = ""
    text: str = ""
    output: str = ""


def render(result: ProofResult) -> str:
    """Return an XML 1.0 document, valid whatever bytes the names hold."""
    cases = [_verdict(result), *map(_workload, result.workloads), *_uncovered(result)]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.tag == "failure" for case in cases)),
        "errors": str(sum(case.tag == "error" for case in cases)),
        "time": f"{result.duration_s:.3f}",
    }
    root = ET.Element("testsuites", {"name": "hitless prove", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": neutralise(" · ".join(context(result))), **counts})
    if result.started_at:
        suite.set("timestamp", neutralise(result.started_at.removesuffix("Z")))
    for case in cases:
        _append(suite, case)
    ET.indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ET.tostring(root, encoding="unicode") + "\n"


def _append(suite: ET.Element, case: _Case) -> None:
    names = {"classname": neutralise(case.classname), "name": neutralise(case.name)}
    element = ET.SubElement(suite, "testcase", names)
    if case.tag:
        problem = ET.SubElement(element, case.tag, {"message": neutralise(case.message)})
        problem.text = _lines(case.text)
    if case.output:
        ET.SubElement(element, "system-out").text = _lines(case.output)


def _lines(text: str) -> str:
    return "\n".join(neutralise(line) for line in text.split("\n"))


def _verdict(result: ProofResult) -> _Case:
    tag = {Conclusion.HITLESS: "", Conclusion.NOT_HITLESS: "failure", Conclusion.NO_VERDICT: "error"}
    causes = [
        f"{c.code} {c.summary or c.name}: {c.victims}; fix: {c.fix} {c.fix_where}".rstrip()
        for c in result.causes
    ]
    facts = (kernel_line(result.kernel), power_line(result.power), coverage_line(result.coverage))
    return _Case(
        "hitless.prove",
        "verdict",
        tag[result.conclusion],
        f"{headline(result)}: {hurt(result)} ({other_clients(result)})",
        "\n".join((*result.verdict.reasons, *causes)),
        "\n".join((*(f"{fact.label}: {fact.text}" for fact in facts), *result.notes, *result.limitations)),
    )


def _workload(workload: WorkloadResult) -> _Case:
    tag, message = "", ""
    if workload.failed:
        tag, message = "failure", f"{workload.failed} of {plural(workload.attempts, 'request')} hurt"
    elif workload.incomplete:
        tag, message = "error", f"proves nothing: {workload.incomplete}"
    lines = (
        f"under reload: {outcomes(workload.outcomes) or 'nothing'}",
        f"control run: {outcomes(workload.control.outcomes) or 'nothing'}",
    )
    name = f"{workload.name} {workload.address}"
    return _Case(f"hitless.prove.{workload.frontend}", name, tag, message, workload.where, "\n".join(lines))


def _uncovered(result: ProofResult) -> Iterator[_Case]:
    for missed in result.coverage.not_covered:
        name = missed.where or missed.frontend
        message = f"not covered: {missed.why}"
        yield _Case(
            f"hitless.prove.{missed.frontend or 'coverage'}", name, "error", message, not_covered(missed)
        )
