"""Which rules a command applies: the project file's decisions, with those of the command line over them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hitless.audit.policy import chosen_codes, matching
from hitless.cli.project_file import read_project_file
from hitless.cli.rule_texts import OWN, rule_names
from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.audit.policy import Policy

__all__ = ["choose"]


def choose(project: str | None, select: Iterable[str], ignore: Iterable[str]) -> tuple[Policy, list[str]]:
    """Return the policy and the codes of the rules to apply, in order.

    Raises: UsageError for a rule that does not exist, a project file that cannot be used, or if no rule is left.
    """
    names = rule_names() | {code: text.name for code, text in OWN.items()}

    def codes(selectors: Iterable[str]) -> frozenset[str]:
        parts = [part.strip() for selector in selectors for part in selector.split(",")]
        return frozenset(code for part in parts if part for code in matching(part, names))

    policy = read_project_file(project, names)
    selected = codes(select)
    policy = replace(
        policy, select=selected or policy.select, ignore=(policy.ignore - selected) | codes(ignore)
    )
    chosen = chosen_codes(policy, rule_names())
    if not chosen:
        raise UsageError("No rule is left: everything that is selected is ignored, too.")
    return policy, chosen
