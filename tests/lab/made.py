"""Scenarios, proofs and reports that tests are made of."""

from hitless.lab.scenario import Scenario, parse_scenario
from hitless.labs import Absent, ClaimResult, HAProxyHere, LabReport, ScenarioResult, Status, VariantResult

TEXT = """
code = "HL501"
name = "an-example"
title = "what happens"
rules = ["HL501"]
holds = ["2.4-"]
configuration = "listen ${port}"

[broken]
words = { port = "80" }
expect = { "lost.stale_reuse" = ">= 10" }

[fixed]
words = { port = "81" }

[[claims]]
text = "all is well"
true_if = { lost = "0" }
says = "It is not."
"""


def make_scenario(text: str = TEXT) -> Scenario:
    return parse_scenario(text, "an-example.toml")


def make_run(variant: str = "fixed", status: Status = Status.GREEN, **fields: object) -> VariantResult:
    known: dict[str, object] = {
        "verdict": "hitless",
        "attempts": 412,
        "gap_ms": 0.0,
        "bound": 0.007,
        "expected": {"verdict": "hitless"},
        "seen": {"verdict": "hitless", "lost": 0},
    }
    return VariantResult(variant=variant, status=status, **(known | fields))  # type: ignore[arg-type]


def make_result(status: Status = Status.GREEN, version: str = "2.8.25", **fields: object) -> ScenarioResult:
    known: dict[str, object] = {
        "code": "HL501",
        "name": "an-example",
        "title": "what happens",
        "mode": "classic",
        "breaks": True,
        "command": "hitless lab run HL501-an-example --haproxy 2.8 --mode classic",
        "broken": make_run("broken", verdict="not-hitless", lost={"stale_reuse": 20}, causes={"HL501": 20}),
        "fixed": make_run(status=status, misses=() if status is Status.GREEN else ("lost: 3, expected 0",)),
    }
    return ScenarioResult(status=status, version=version, **(known | fields))  # type: ignore[arg-type]


def make_claim(*, holds: bool | None = False, version: str = "2.8.25", mode: str = "classic") -> ClaimResult:
    return ClaimResult(
        text="all is well",
        version=version,
        mode=mode,
        scenario="HL501-an-example",
        holds=holds,
        evidence="broken: lost = 20",
        says="It is not.",
    )


def make_report(*results: ScenarioResult, **fields: object) -> LabReport:
    known: dict[str, object] = {
        "hitless": "0.1.0",
        "kernel": "6.18",
        "haproxies": (HAProxyHere(branch="2.8", version="2.8.25", path="/x/haproxy"),),
        "absent": (Absent(what="HAProxy 3.2", why="it is not installed"),),
        "results": results or (make_result(),),
        "claims": (make_claim(),),
        "duration_s": 12.0,
    }
    return LabReport(**(known | fields))  # type: ignore[arg-type]
