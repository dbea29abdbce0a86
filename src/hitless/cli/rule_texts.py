"""The rules' documentation as plain data for reports; a rule's module is imported when its text is asked for."""

from __future__ import annotations

from hitless.audit.table import FAMILIES, MODULES
from hitless.findings import Severity
from hitless.report.audit.rule_text import RuleText

__all__ = ["OWN", "rule_names", "rule_text", "whole_text"]

_OWN_FAMILY = "The audit itself"

OWN = {
    "HL000": RuleText(
        code="HL000",
        name="internal-error",
        severity=Severity.ERROR,
        summary="a rule broke and was not checked",
        family=_OWN_FAMILY,
        versions="all",
        title="A rule broke: a defect of hitless.",
        sections={
            "What it does": "Says which rule broke, with the error and where it was raised. The exit status is 3: "
            "the rule was not checked, and what is not checked has not passed.",
            "Use instead": "Please report it, with the output of `hitless snapshot`. Until then `--ignore CODE` "
            "leaves the rule out.",
        },
    ),
    "HL001": RuleText(
        code="HL001",
        name="suppression-without-reason",
        severity=Severity.WARNING,
        summary="a comment suppresses a finding and gives no reason: it does not count",
        family=_OWN_FAMILY,
        versions="all",
        title="A comment suppresses a finding and gives no reason, so it does not count.",
        sections={
            "What it does": "Finds `# hitless: ignore=CODE` comments without a reason behind the code, where the "
            "finding would otherwise be accepted. The finding stays.",
            "Example": "```\n# hitless: ignore=HL501\n```",
            "Use instead": "```\n# hitless: ignore=HL501 clients of this network never reuse a connection\n```",
        },
    ),
}
"""What an audit says of itself; these have no rule module."""


def rule_names() -> dict[str, str]:
    """Return the name of every rule by code, without importing one: a rule's module is called like the rule."""
    return {code: module.rpartition(".")[2].replace("_", "-") for code, module in sorted(MODULES.items())}


def rule_text(code: str) -> RuleText:
    """Return what is said of a rule. Raises: KeyError if there is no such rule."""
    if code in OWN:
        return OWN[code]
    from hitless.audit.rule import read_page
    from hitless.audit.table import load_rule, rule_module

    rule, page = load_rule(code), read_page(rule_module(code))
    return RuleText(
        code=rule.code,
        name=rule.name,
        severity=rule.severity,
        summary=rule.summary,
        family=FAMILIES[code[2]],
        versions=rule.versions,
        title=page.title,
        sections=page.sections,
        host_wide=rule.host_wide,
    )


def whole_text(code: str) -> RuleText:
    """Return what is said of a rule, with how it is reproduced. Raises: KeyError if there is no such rule."""
    import msgspec

    rule = rule_text(code)
    if code in OWN:
        return rule
    return msgspec.structs.replace(rule, sections=rule.sections | {"Reproduce": _reproduction(code)})


def _reproduction(code: str) -> str:
    from hitless.lab.catalogue import reasons_without, scenarios_of_rule

    lines = [f"- `hitless lab run {one.identity}`: {one.title}" for one in scenarios_of_rule(code)]
    return "\n".join(lines) or f"No scenario of `hitless lab`: {reasons_without().get(code, 'not yet')}"
