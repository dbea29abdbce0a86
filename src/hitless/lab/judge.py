"""What a run of a variant comes to: observations of the proof, conditions met or missed, claims. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless.lab.conditions import Value, misses, parse_condition
from hitless.labs import ClaimResult, ScenarioResult, Status, VariantResult
from hitless.verdict import Conclusion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hitless.lab.plan import Observations
    from hitless.lab.scenario import Scenario
    from hitless.verdict import ProofResult

__all__ = ["command_for", "judge_claims", "judge_scenario", "judge_times", "judge_variant", "observe_proof"]

_WORST_FIRST = (Status.RED, Status.UNKNOWN, Status.GREEN)


def observe_proof(result: ProofResult) -> dict[str, Value]:
    """Return what a proof saw, under the names that conditions use (docs/scenarios.md)."""
    seen: dict[str, Value] = {
        "verdict": result.conclusion.value,
        "attempts": result.judged.attempts,
        "lost": result.judged.failed,
        "lost.polite": result.clients.polite.failed,
        "lost.retrying": result.clients.retrying.failed,
        "reloads": result.verdict.reloads,
        "reloads.failed": result.verdict.failed_reloads,
        "evidence.complete": result.verdict.evidence_complete,
        "reasons": "; ".join(result.verdict.reasons),
    }
    for outcome, number in _lost(result).items():
        seen[f"lost.{outcome}"] = number
    for cause in result.causes:
        seen[f"cause.{cause.code}"] = cause.victims
    if (gap := _gap_ms(result)) is not None:
        seen["gap_ms"] = gap
    slowest = [one.latency_ms.max for one in result.workloads if one.latency_ms is not None]
    if slowest:
        seen["slowest_ms"] = round(max(slowest), 1)
    return seen


def _lost(result: ProofResult) -> dict[str, int]:
    lost: dict[str, int] = {}
    for cause in result.causes:
        for outcome, number in cause.outcomes.items():
            lost[outcome.value] = lost.get(outcome.value, 0) + number
    return lost


def _gap_ms(result: ProofResult) -> float | None:
    if not result.kernel.listeners_watched:
        return None
    return round(max((gap.gap_us for gap in result.kernel.listener_gaps), default=0.0) / 1000, 1)


def judge_variant(
    scenario: Scenario,
    name: str,
    version: tuple[int, int],
    observations: Observations,
    proof: ProofResult | None,
    *,
    duration_s: float = 0.0,
) -> VariantResult:
    """Return what came of one run. Without complete evidence nothing is green that says nobody was hurt."""
    seen = dict(observations.seen) | (observe_proof(proof) if proof is not None else {})
    if proof is not None:
        seen = _zeros(scenario, name, version) | seen
    expected = scenario.expectations(name, version)
    missed = tuple(_with_reasons(line, proof) for line in misses(expected, seen))
    status, why = (Status.RED if missed else Status.GREEN), ""
    if missed and proof is not None and proof.conclusion is Conclusion.NO_VERDICT:
        status, why = Status.UNKNOWN, f"no verdict: {'; '.join(proof.verdict.reasons)}"
    return VariantResult(
        variant=name,
        status=status,
        expected={key: str(condition) for key, condition in expected.items()},
        misses=missed,
        why=why,
        verdict=proof.conclusion.value if proof is not None else "",
        attempts=proof.judged.attempts if proof is not None else 0,
        lost=_lost(proof) if proof is not None else {},
        causes={cause.code: cause.victims for cause in proof.causes if cause.victims} if proof else {},
        gap_ms=_gap_ms(proof) if proof is not None else None,
        bound=proof.power.failure_probability_upper_95 if proof is not None else None,
        seen=seen,
        steps=observations.done,
        duration_s=round(duration_s, 1),
    )


def _with_reasons(line: str, proof: ProofResult | None) -> str:
    if proof is None or not line.startswith("verdict:"):
        return line
    return "; ".join((line, *proof.verdict.reasons))


def _zeros(scenario: Scenario, name: str, version: tuple[int, int]) -> dict[str, Value]:
    """Return 0 for each outcome and cause that a condition asks for: a proof names only those that there were."""
    asked = [*scenario.expectations(name, version)]
    asked += [key for claim in scenario.claims if claim.variant == name for key in claim.true_if]
    return {key: 0 for key in asked if key.startswith(("lost.", "cause."))}


def judge_times(results: Sequence[VariantResult]) -> VariantResult:
    """Return the worst of several runs, with the number of all and of the green ones."""
    worst = min(results, key=lambda result: _WORST_FIRST.index(result.status))
    green = sum(result.status is Status.GREEN for result in results)
    return msgspec.structs.replace(
        worst,
        times=len(results),
        green_times=green,
        duration_s=round(sum(result.duration_s for result in results), 1),
    )


def judge_scenario(
    scenario: Scenario,
    version: tuple[int, int],
    version_text: str,
    mode: str,
    broken: VariantResult,
    fixed: VariantResult,
) -> ScenarioResult:
    """Return both runs as one result."""
    both = {broken.status, fixed.status}
    status = Status.RED if Status.RED in both else Status.UNKNOWN if Status.UNKNOWN in both else Status.GREEN
    return ScenarioResult(
        code=scenario.code,
        name=scenario.name,
        title=scenario.title,
        version=version_text,
        mode=mode,
        breaks=scenario.breaks_in(version),
        status=status,
        command=command_for(scenario, version, mode),
        broken=broken,
        fixed=fixed,
    )


def command_for(scenario: Scenario, version: tuple[int, int], mode: str) -> str:
    """Return the command line that reproduces a result."""
    return f"hitless lab run {scenario.identity} --haproxy {version[0]}.{version[1]} --mode {mode}"


def judge_claims(
    scenario: Scenario, version: tuple[int, int], result: ScenarioResult
) -> Iterator[ClaimResult]:
    """Yield what becomes of the claims that a scenario decides."""
    for claim in scenario.claims:
        run = result.broken if claim.variant == "broken" else result.fixed
        wanted = {key: parse_condition(text) for key, text in claim.true_if.items()}
        known = run.status is not Status.UNKNOWN and wanted.keys() <= run.seen.keys()
        yield ClaimResult(
            text=claim.text,
            version=result.version,
            mode=result.mode,
            scenario=scenario.identity,
            holds=not misses(wanted, run.seen) if known else None,
            evidence=_evidence(claim.variant, wanted, run.seen)
            if known
            else run.why or "it was not observed",
            says=claim.says,
            command=command_for(scenario, version, result.mode),
        )


def _evidence(variant: str, wanted: Mapping[str, object], seen: Mapping[str, Value]) -> str:
    parts = (
        f"{key} = {str(seen[key]).lower() if isinstance(seen[key], bool) else seen[key]}" for key in wanted
    )
    return f"{variant}: {', '.join(parts)}"
