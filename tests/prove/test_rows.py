"""Control and reload, what is normal, and what the control run leads to expect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.attempts import FLAG_IN_PROGRESS, FLAG_RETRY, OUTCOME_CODES, OUTCOMES
from hitless.prove.rows import (
    Baseline,
    Periods,
    background_allowance,
    divide,
    measure_baseline,
    measure_normal,
    normalise,
    without_streams,
)
from hitless.records import Outcome, Stream
from tests.prove.runs import CONNECT, CONTROL_END_S, KEEPALIVE, STREAM, Run, ns

OK = OUTCOME_CODES[Outcome.OK]


def empty() -> Run:
    return Run(streams=())


def periods(run: Run) -> Periods:
    return divide(
        run.table(),
        control_start_ns=ns(0.0),
        control_end_ns=ns(CONTROL_END_S),
        load_stop_ns=ns(run.stop_s),
    )


def where(start_s: float, end_s: float, flags: int = 0) -> str:
    run = empty()
    run.attempt(CONNECT, start_s, took_s=end_s - start_s, flags=flags)
    found = periods(run)
    names = [name for name in ("control", "reload", "retries") if getattr(found, name)[0]]
    return "+".join(names)


@pytest.mark.parametrize(
    ("start_s", "end_s", "flags", "period"),
    [
        (1.0, 1.1, 0, "control"),
        (0.0, 4.9, 0, "control"),
        (-0.2, 0.1, 0, "control"),
        (-0.2, -0.1, 0, ""),
        (4.9, 5.1, 0, "reload"),
        (-0.2, 6.5, 0, "reload"),
        (1.0, 9.0, 0, "reload"),
        (7.0, 7.1, 0, "reload"),
        (9.9, 10.3, 0, "reload"),
        (10.1, 10.2, 0, ""),
        (1.0, 10.3, FLAG_IN_PROGRESS, "reload"),
        (1.0, 1.1, FLAG_RETRY, "retries"),
        (7.0, 7.1, FLAG_RETRY, "retries"),
    ],
)
def test_each_attempt_has_its_period(start_s: float, end_s: float, flags: int, period: str) -> None:
    assert where(start_s, end_s, flags) == period


@given(
    spans=st.lists(
        st.tuples(
            st.floats(-1, 11),
            st.floats(0, 12),
            st.sampled_from([0, FLAG_RETRY, FLAG_IN_PROGRESS]),
            st.sampled_from(OUTCOMES),
        ),
        max_size=30,
    )
)
def test_no_attempt_counts_twice_and_none_that_could_be_hurt_is_missed(
    spans: list[tuple[float, float, int, Outcome]],
) -> None:
    run = empty()
    for start_s, took_s, flags, outcome in spans:
        run.attempt(CONNECT, start_s, took_s=took_s, flags=flags, outcome=outcome)
    found, rows = periods(run), run.table()
    assert not (found.control & found.reload).any()
    assert not ((found.control | found.reload) & found.retries).any()
    naive = (rows["flags"] & FLAG_RETRY) == 0
    under_reload = naive & (rows["end_ns"] >= ns(CONTROL_END_S)) & (rows["start_ns"] <= ns(run.stop_s))
    assert (found.reload >= under_reload).all()


def test_streams_are_taken_out_of_every_period() -> None:
    run = empty()
    run.attempt(CONNECT, 1.0)
    run.attempt(KEEPALIVE, 1.0)
    run.attempt(KEEPALIVE, 7.0, flags=FLAG_RETRY)
    left = without_streams(periods(run), run.table(), [KEEPALIVE.number])
    assert left.control.tolist() == [True, False, False]
    assert not left.retries.any()
    assert without_streams(periods(run), run.table(), []).control.tolist() == [True, True, False]


def judged(run: Run, stream: Stream = CONNECT) -> list[str]:
    rows = run.table()
    normal = {stream.number: measure_normal(rows, periods(run), stream)}
    return [OUTCOMES[code].value for code in normalise(rows, normal)["outcome"]]


def answers(run: Run, *statuses: int, start_s: float = 1.0) -> None:
    for number, status in enumerate(statuses):
        outcome = Outcome.HTTP_5XX if status >= 500 else Outcome.OK
        run.attempt(CONNECT, start_s + number * 0.001, status=status, outcome=outcome)


def test_a_usual_5xx_is_normal() -> None:
    run = empty()
    answers(run, *[503] * 100)
    answers(run, 503, 502, start_s=7.0)
    assert judged(run)[-2:] == ["ok", "http_5xx"]


@pytest.mark.parametrize("stray", [1, 40, 60, 90])
def test_a_5xx_now_and_then_does_not_make_it_normal(stray: int) -> None:
    run = empty()
    answers(run, *[503] * stray, *[200] * (100 - stray))
    answers(run, 503, start_s=7.0)
    assert judged(run)[-1] == "http_5xx"


def test_one_5xx_among_few_answers_does_not_make_it_normal() -> None:
    run = empty()
    answers(run, 503, 200, 200)
    answers(run, 503, start_s=7.0)
    assert judged(run) == ["http_5xx", "ok", "ok", "http_5xx"]


def test_a_status_that_the_control_run_never_showed_is_unexpected() -> None:
    run = empty()
    answers(run, *[404] * 10)
    answers(run, 404, 408, 200, 302, start_s=7.0)
    assert judged(run)[-4:] == ["ok", "http_unexpected", "ok", "ok"]


def test_a_rare_error_is_unexpected_in_both_periods_and_so_has_a_rate() -> None:
    run = empty()
    answers(run, *[429] * 2, *[200] * 8)
    answers(run, 429, start_s=7.0)
    rows = run.table()
    found = periods(run)
    judged_rows = normalise(rows, {0: measure_normal(rows, found, CONNECT)})
    baseline = measure_baseline(judged_rows, found, CONNECT)
    kind = (OUTCOME_CODES[Outcome.HTTP_UNEXPECTED], 429)
    assert baseline.failures == {kind: 2}
    assert background_allowance(baseline, kind, 1) >= 1
    assert background_allowance(baseline, (kind[0], 408), 1000) == 0


def test_without_a_control_run_no_error_is_normal() -> None:
    run = empty()
    answers(run, 404, 503, 200, start_s=7.0)
    assert judged(run) == ["http_unexpected", "http_5xx", "ok"]


def slow(run: Run, start_s: float, took_s: float, stream: Stream = CONNECT) -> None:
    run.attempt(stream, start_s, took_s=took_s, outcome=Outcome.SLOW)


def test_slow_is_slow_where_the_control_run_was_quick() -> None:
    run = empty()
    answers(run, *[200] * 50)
    slow(run, 7.0, 1.1)
    assert judged(run)[-1] == "slow"


def test_slow_is_normal_on_a_machine_that_was_slow_before() -> None:
    run = empty()
    for number in range(50):
        run.attempt(CONNECT, 1.0 + 0.01 * number, took_s=0.5)
    slow(run, 7.0, 1.4)
    slow(run, 7.0, 1.6)
    assert judged(run)[-2:] == ["ok", "slow"]


def test_one_slow_answer_in_the_control_run_does_not_excuse_all() -> None:
    run = empty()
    answers(run, *[200] * 500)
    slow(run, 1.0, 3.0)
    slow(run, 7.0, 3.0)
    assert judged(run)[-2:] == ["slow", "slow"]


def test_an_exchange_that_lasts_is_given_its_time() -> None:
    run = empty()
    slow(run, 1.0, 6.5, STREAM)
    assert judged(run, STREAM) == ["ok"]


def test_rows_of_other_streams_are_left_alone() -> None:
    run = empty()
    answers(run, *[503] * 10)
    run.attempt(KEEPALIVE, 7.0, outcome=Outcome.HTTP_5XX, status=503)
    assert judged(run)[-1] == "http_5xx"


def test_the_table_that_was_recorded_is_not_changed() -> None:
    run = empty()
    answers(run, 404)
    rows = run.table()
    normalise(rows, {0: measure_normal(rows, periods(run), KEEPALIVE)})
    assert (rows["outcome"] == OK).all()


@pytest.mark.parametrize(
    ("seen", "control", "attempts", "allowed"),
    [
        (0, 1000, 5000, 0),
        (1, 1000, 0, 0),
        (1, 1000, 100, 0),
        (1, 1000, 1000, 3),
        (4, 1000, 1000, 8),
        (100, 1000, 1000, 120),
        (5, 0, 1000, 0),
    ],
)
def test_allowance(seen: int, control: int, attempts: int, allowed: int) -> None:
    baseline = Baseline(control, {(1, 0): seen} if seen else {})
    assert background_allowance(baseline, (1, 0), attempts) == allowed


@given(seen=st.integers(0, 50), control=st.integers(50, 5000), attempts=st.integers(0, 20_000))
def test_the_allowance_stays_near_the_rate(seen: int, control: int, attempts: int) -> None:
    allowed = background_allowance(Baseline(control, {(1, 0): seen}), (1, 0), attempts)
    expected = seen / control * attempts
    assert 0 <= allowed <= expected + 2 * np.sqrt(expected)
