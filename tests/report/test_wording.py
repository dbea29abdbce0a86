import pytest

from hitless.records import ClientClass, Outcome
from hitless.report.wording import (
    context,
    counted,
    coverage_line,
    headline,
    hurt,
    kernel_line,
    milliseconds,
    not_covered,
    other_clients,
    outcomes,
    power_line,
    probability,
)
from hitless.verdict import ClientTotals, Coverage, Kernel, ListenerGap, NotCovered, Power, Totals, Verdict
from tests.report.synthetic import make_incomplete, make_restart, make_run, replace


def test_sentence_of_a_run_that_hurt() -> None:
    result = replace(
        make_run().result,
        clients=ClientTotals(
            naive=Totals(attempts=41_210, failed=1_582), polite=Totals(failed=12), retrying=Totals()
        ),
    )
    assert (headline(result), hurt(result)) == ("NOT HITLESS", "1 582 of 41 210 requests hurt")
    assert other_clients(result) == "naive clients; polite 12, retrying 0"


def test_sentence_when_another_class_is_judged() -> None:
    verdict = Verdict(passed=False, evidence_complete=True, reloads=5, client_class=ClientClass.POLITE)
    result = replace(make_run().result, verdict=verdict)
    assert hurt(result).startswith("12 of ")
    assert other_clients(result).startswith("polite clients; naive ")


def test_sentence_without_evidence_does_not_claim_that_nothing_was_hurt() -> None:
    result = make_incomplete().result
    assert headline(result) == "NO VERDICT"
    assert hurt(result).startswith("evidence incomplete; none of ")
    nothing = replace(result, clients=ClientTotals())
    assert hurt(nothing) == "evidence incomplete; no request was made under reload"


def test_context() -> None:
    result = make_run().result
    expected = (
        "haproxy 2.8.25",
        "master-worker",
        "3 frontends, all covered",
        "5 reloads through the master CLI",
    )
    assert context(result) == expected
    failed = replace(result, verdict=replace(result.verdict, reloads=1, failed_reloads=1), via="sf")
    assert context(failed)[-1] == "1 reload (1 failed) by -sf, without socket transfer"
    assert context(replace(result, via="new"))[-1] == "5 reloads via new"


@pytest.mark.parametrize(
    ("kernel", "text", "worrying"),
    [
        (
            Kernel(source="tracefs", resets_to_clients=61, resets_matched=61, listeners_watched=True),
            "61 resets to clients, all matched to victims · no listener gap · 0 events lost",
            False,
        ),
        (
            Kernel(
                source="tracefs",
                resets_to_clients=61,
                resets_matched=2,
                listeners_watched=True,
                lost_events=1,
            ),
            "61 resets to clients, 2 matched to victims · no listener gap · 1 event lost",
            True,
        ),
        (
            Kernel(source="counters", resets_to_clients=None, why="tracefs is not readable"),
            "resets to clients not counted · listeners not watched · counters only: tracefs is not readable",
            True,
        ),
        (
            Kernel(source="none", resets_to_clients=None, why="no rights"),
            "no kernel evidence: no rights",
            True,
        ),
        (
            Kernel(
                source="tracefs",
                resets_to_clients=0,
                listener_gaps=(
                    ListenerGap(address="a:1", gap_us=7),
                    ListenerGap(address="b:2", gap_us=2_031_544),
                ),
                listeners_watched=True,
            ),
            "0 resets to clients · 2 listener gaps, longest 2.03 s at b:2 · 0 events lost",
            True,
        ),
    ],
)
def test_kernel_line(kernel: Kernel, text: str, *, worrying: bool) -> None:
    assert kernel_line(kernel) == ("kernel", text, worrying)


def test_power_line() -> None:
    known = power_line(Power(max_unseen_gap_us=180, failure_probability_upper_95=7.3e-5))
    assert (
        known.text == "a gap longer than 180 us would have been seen · failure probability below 7e-5 (95 %)"
    )
    assert not known.worrying
    unknown = power_line(Power(max_unseen_gap_us=None, failure_probability_upper_95=None))
    assert unknown.text == "no bound on a gap that went unseen · failure probability not bounded"
    assert unknown.worrying


def test_coverage_line() -> None:
    assert coverage_line(Coverage(frontends=1, covered=1)) == ("coverage", "1 frontend, covered", False)
    assert coverage_line(Coverage(frontends=4, covered=3)) == ("coverage", "4 frontends, 3 covered", True)
    assert coverage_line(Coverage(frontends=0, covered=0)) == ("coverage", "no frontend", True)
    assert coverage_line(make_restart().result.coverage).text == "3 frontends, all covered · 2 stand-ins"


def test_not_covered() -> None:
    assert not_covered(NotCovered(where="a.cfg:3", why="why", frontend="www")) == "www (a.cfg:3): why"
    assert not_covered(NotCovered(where="a.cfg:3", why="why")) == "a.cfg:3: why"


def test_lists_are_bounded() -> None:
    assert counted("abcd") == "a, b, c, d"
    assert counted("abcdef") == "a, b, c and 3 more"
    assert outcomes({Outcome.REFUSED: 3, Outcome.OK: 1200, Outcome.SLOW: 0}) == "ok 1 200, refused 3"


@pytest.mark.parametrize(("value", "text"), [(7.3e-5, "7e-5"), (0.25, "0.25"), (0.0, "0"), (1.0, "1")])
def test_probability(value: float, text: str) -> None:
    assert probability(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.1234, "0.123"), (1503.2, "1 503"), (999.7, "1 000")])
def test_milliseconds(value: float, text: str) -> None:
    assert milliseconds(value) == text
