"""`hitless audit`: which causes of dropped reloads are present, as a report and an exit status."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from hitless.cli.audit_words import HELP, PARAMETERS
from hitless.cli.gather_words import GATHER_WORDS, read_gather_options
from hitless.cli.output import STDOUT, text_style, write_text
from hitless.errors import ExitCode
from hitless.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hitless.audit.policy import Policy
    from hitless.findings import AuditResult
    from hitless.gather import GatherOptions
    from hitless.report.audit.rule_text import RuleText

__all__ = ["command"]


@click.command("audit", params=[*PARAMETERS], help=HELP)
def command(
    *,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    threshold: str | None,
    project: str | None,
    output_format: str,
    output: str,
    quiet: bool,
    **words: object,
) -> int:
    """Gather, judge, show."""
    from hitless.cli.chosen_rules import choose
    from hitless.cli.rule_texts import rule_text

    assert set(words) == GATHER_WORDS
    options = read_gather_options(words)
    policy, codes = choose(project, select, ignore)
    result = _audit(options, policy, codes, quiet=quiet)
    least = Severity(threshold) if threshold else policy.threshold or Severity.WARNING
    shown = {finding.code for finding in result.findings}
    wanted = {*codes, *shown} if output_format in {"sarif", "junit"} else shown
    rules = {code: rule_text(code) for code in sorted(wanted)}
    status = _status(result, least)
    if not (
        quiet and output_format == "text" and output == STDOUT and not shown and status == ExitCode.CLEAN
    ):
        write_text(_render(result, rules, least, output_format, output), output)
    return status


def _audit(options: GatherOptions, policy: Policy, codes: Iterable[str], *, quiet: bool) -> AuditResult:
    from hitless.audit.engine import audit
    from hitless.audit.policy import apply_policy
    from hitless.audit.table import load_rule
    from hitless.cli.progress import ShowSlow
    from hitless.gather import gather_snapshot

    with ShowSlow(
        "looking at HAProxy and its host",
        enabled=not quiet and sys.stderr is not None and sys.stderr.isatty(),
    ):
        snapshot = gather_snapshot(options)
        return apply_policy(audit(snapshot, [load_rule(code) for code in codes]), policy)


def _status(result: AuditResult, threshold: Severity) -> ExitCode:
    from hitless.report.audit.answer import Answer, answer

    return {
        Answer.CLEAN: ExitCode.CLEAN,
        Answer.FOUND: ExitCode.FOUND,
        Answer.UNKNOWN: ExitCode.UNKNOWN,
    }[answer(result, threshold)]


def _render(
    result: AuditResult, rules: Mapping[str, RuleText], threshold: Severity, output_format: str, output: str
) -> str:
    if output_format == "text":
        from hitless.report.audit import text

        width, colour = text_style(output)
        return text.render(result, rules, width=width, colour=colour)
    if output_format == "sarif":
        from hitless.report.audit import sarif

        return sarif.render(result, rules, threshold=threshold, directory=os.getcwd())  # noqa: PTH109 - a str is wanted
    if output_format == "json":
        from hitless.report.audit import json

        return json.render(result, rules, threshold=threshold)
    if output_format == "junit":
        from hitless.report.audit import junit

        return junit.render(result, rules, threshold=threshold)
    from hitless.report.audit import markdown

    return markdown.render(result, rules, threshold=threshold)
