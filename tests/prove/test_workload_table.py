"""One row per stream: control beside reload, what came, and why a row proves nothing."""

import pytest

from hitless.load.classes import failures
from hitless.prove.rows import MOSTLY_FAILED
from hitless.prove.victims import drop_background
from hitless.prove.workload_table import client_totals, workload_row
from hitless.records import Outcome, Stream
from hitless.verdict import Totals, WorkloadResult
from tests.prove.runs import CONNECT, KEEPALIVE, STREAM, Run


def row(run: Run, stream: Stream = CONNECT) -> WorkloadResult:
    case = run.case()
    hurt, _ = drop_background(case, failures(case.rows))
    return workload_row(case, stream, hurt)


def test_a_row() -> None:
    run = Run()
    run.hurt(CONNECT, 6.05, Outcome.REFUSED)
    found = row(run)
    assert (found.frontend, found.address, found.where, found.stream) == (
        "www",
        "192.0.2.10:80",
        "haproxy.cfg:9",
        0,
    )
    assert (found.attempts, found.failed) == (99, 1)
    assert found.outcomes == {Outcome.OK: 98, Outcome.REFUSED: 1}
    assert found.statuses == {"200": 98}
    assert found.control.attempts == 100
    assert found.control.outcomes == {Outcome.OK: 100}
    assert found.latency_ms is not None
    assert (found.latency_ms.count, round(found.latency_ms.p50, 3)) == (98, 2.0)
    assert found.clients.naive == found.clients.retrying == Totals(attempts=99, failed=1)
    assert found.incomplete == ""


def test_what_is_normal_is_shown_as_it_came() -> None:
    run = Run()
    run.serve(KEEPALIVE, status=404)
    run.rows = [r for r in run.rows if r["stream"] == CONNECT.number or r["status"] == 404]
    found = row(run, KEEPALIVE)
    assert found.outcomes == {Outcome.OK: found.attempts}
    assert found.statuses == {"404": found.attempts}


@pytest.mark.parametrize(
    ("failures_in_control", "incomplete"),
    [(5, ""), (6, "the control run already lost 6 of 106")],
)
def test_a_control_run_that_loses_much(failures_in_control: int, incomplete: str) -> None:
    assert pytest.approx(0.05) == MOSTLY_FAILED
    run = Run()
    for number in range(failures_in_control):
        run.hurt(CONNECT, 1.0 + 0.1 * number, Outcome.REFUSED)
    assert row(run).incomplete == incomplete


def test_refusals_by_a_rule_are_answers() -> None:
    run = Run()
    for number in range(40):
        run.attempt(CONNECT, 1.0 + 0.05 * number, status=429)
    assert row(run).incomplete == ""


@pytest.mark.parametrize(
    ("first_byte_s", "incomplete"), [(1.0, ""), (5.5, "no attempt ended in the control run")]
)
def test_long_exchanges_count_from_their_first_byte(first_byte_s: float, incomplete: str) -> None:
    run = Run()
    run.streams = (*run.streams, STREAM)
    run.attempt(STREAM, 0.5, took_s=2 * (first_byte_s - 0.5) + 5.0, first_byte_ns=0)
    run.rows[-1]["first_byte_ns"] = run.rows[-1]["start_ns"] + round((first_byte_s - 0.5) * 1e9)
    assert row(run, STREAM).incomplete == incomplete


def test_totals_of_no_rows() -> None:
    run = Run()
    case = run.case()
    hurt, _ = drop_background(case, failures(case.rows))
    assert client_totals(hurt, case.rows["stream"] == 99).naive == Totals()
