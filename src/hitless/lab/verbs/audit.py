"""The step that audits the stage as a host: which of the scenario's rules fire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.engine import INTERNAL_ERROR
from hitless.audit.engine import audit as apply_rules
from hitless.audit.table import load_rule
from hitless.errors import SandboxError
from hitless.gather import GatherOptions, gather_snapshot
from hitless.lab.stage import CONFIGURATION

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS"]


def audit(stage: Stage, *codes: str) -> None:
    """Audit this host: `audit [CODES…]`, without codes for the scenario's rules. Observes `audit.CODE`.

    A rule that could not be checked is observed as the reason why, which is neither true nor false.
    """
    wanted = codes or stage.plan.scenario.rules
    if not wanted:
        return
    snapshot = gather_snapshot(GatherOptions(configuration=CONFIGURATION if stage.haproxies() else ""))
    result = apply_rules(snapshot, [load_rule(code) for code in wanted])
    if result.internal_errors:
        raise SandboxError(
            f"a rule broke: {'; '.join(f.message for f in result.findings if f.code == INTERNAL_ERROR)}"
        )
    found = {finding.code for finding in result.findings}
    missing = {one.code: one.why for one in result.not_checked}
    for code in wanted:
        if code in found or code not in missing:
            stage.observe(f"audit.{code}", code in found)
        else:
            stage.observe(f"audit.{code}", f"not checked: {missing[code]}")


VERBS = {"audit": audit}
