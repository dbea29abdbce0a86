"""docs/matrix.md: every cell from a run."""

from hitless.labs import HAProxyHere, Status
from hitless.report.lab.matrix import render
from tests.lab.made import make_claim, make_report, make_result, make_run

BOTH = (
    HAProxyHere(branch="2.2", version="2.2.9", path="/a"),
    HAProxyHere(branch="2.8", version="2.8.25", path="/b"),
)


def test_a_row_for_each_scenario_and_mode_and_a_column_for_each_version() -> None:
    old = make_result(version="2.2.9", breaks=False, broken=make_run("broken"))
    text = render(make_report(old, make_result(), haproxies=BOTH))
    assert "| scenario | mode | 2.2.9 | 2.8.25 |" in text
    assert "| *not affected* → 0 of 412 | 20 stale reuse → 0 of 412 |" in text


def test_what_was_not_run_and_what_did_not_come_out_is_marked() -> None:
    text = render(make_report(make_result(Status.RED), haproxies=BOTH))
    assert "| not run | **!** 20 stale reuse → 0 of 412 |" in text


def test_a_claim_is_true_false_or_depends_on_the_mode() -> None:
    claims = (
        make_claim(version="2.2.9", holds=True),
        make_claim(holds=False),
        make_claim(holds=True, mode="master-worker"),
    )
    text = render(make_report(haproxies=BOTH, claims=claims))
    assert "| true | classic: **false**; master-worker: true | `HL501-an-example` |" in text
