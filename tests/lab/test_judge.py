"""From what was seen to green, red or unknown; and claims."""

import msgspec

from hitless.lab.judge import judge_claims, judge_scenario, judge_times, judge_variant, observe_proof
from hitless.lab.plan import Observations
from hitless.labs import Status, VariantResult
from hitless.verdict import ProofResult
from tests.lab.made import make_scenario
from tests.prove.runs import KEEPALIVE, Run

V28 = (2, 8)
FIRES = Observations(seen={"audit.HL501": True}, done=("start", "load"))
SILENT = Observations(seen={"audit.HL501": False})


def hurt(times: int = 12) -> ProofResult:
    run = Run()
    for number in range(times):
        run.stale(KEEPALIVE, 6.2 + number / 1000)
    return run.judge()


def judged(name: str, observations: Observations, proof: ProofResult | None) -> VariantResult:
    return judge_variant(make_scenario(), name, V28, observations, proof)


def test_a_proof_is_observed_with_its_outcomes_and_causes() -> None:
    seen = observe_proof(hurt())
    assert seen["verdict"] == "not-hitless"
    assert (seen["lost"], seen["lost.stale_reuse"], seen["cause.HL501"]) == (12, 12, 12)
    assert seen["lost.retrying"] == 0


def test_broken_is_green_when_it_breaks_and_the_rule_fires() -> None:
    result = judged("broken", FIRES, hurt())
    assert (result.status, result.lost, result.causes) == (Status.GREEN, {"stale_reuse": 12}, {"HL501": 12})
    assert result.steps == ("start", "load")


def test_broken_is_red_when_nothing_happens_or_the_rule_is_silent() -> None:
    assert judged("broken", FIRES, Run().judge()).misses == ("lost.stale_reuse: 0, expected >= 10",)
    assert judged("broken", SILENT, hurt()).status is Status.RED


def test_fixed_is_red_when_somebody_is_hurt() -> None:
    assert judged("fixed", SILENT, Run().judge()).status is Status.GREEN
    red = judged("fixed", SILENT, hurt())
    assert red.status is Status.RED
    assert red.misses[0].startswith("verdict: not-hitless, expected hitless; ")


def test_without_evidence_there_is_no_green() -> None:
    run = Run()
    complete = run.judge()
    blind = msgspec.structs.replace(
        complete, verdict=msgspec.structs.replace(complete.verdict, evidence_complete=False, passed=False)
    )
    result = judged("fixed", SILENT, blind)
    assert result.status is Status.UNKNOWN
    assert judged("fixed", SILENT, None).status is Status.RED


def test_a_scenario_is_as_good_as_its_worse_half_and_decides_claims() -> None:
    scenario = make_scenario()
    broken, fixed = judged("broken", FIRES, hurt()), judged("fixed", SILENT, Run().judge())
    result = judge_scenario(scenario, V28, "2.8.25", "classic", broken, fixed)
    assert result.status is Status.GREEN
    assert result.command == "hitless lab run HL501-an-example --haproxy 2.8 --mode classic"
    (claim,) = judge_claims(scenario, V28, result)
    assert (claim.holds, claim.evidence) == (False, "broken: lost = 12")
    unknown = msgspec.structs.replace(broken, status=Status.UNKNOWN, why="no kernel trace")
    result = judge_scenario(scenario, V28, "2.8.25", "classic", unknown, fixed)
    assert result.status is Status.UNKNOWN
    (claim,) = judge_claims(scenario, V28, result)
    assert (claim.holds, claim.evidence) == (None, "no kernel trace")


def test_of_several_runs_the_worst_counts_and_how_many_were_green() -> None:
    green = judged("fixed", SILENT, Run().judge())
    red = judged("fixed", SILENT, hurt())
    of_three = judge_times([green, red, green])
    assert (of_three.status, of_three.misses, of_three.green_times, of_three.times) == (
        Status.RED,
        red.misses,
        2,
        3,
    )
    assert judge_times([green, green]).status is Status.GREEN
