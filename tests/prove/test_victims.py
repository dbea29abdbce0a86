"""Who is a victim: failures beyond the background, in order of time, with what was matched to them."""

import numpy as np

from hitless.load.classes import failures
from hitless.prove.victims import attribute_victims, drop_background
from hitless.records import ClientClass, Outcome
from hitless.verdict import Conclusion
from tests.prove.runs import CONNECT, KEEPALIVE, Run


def test_the_background_is_taken_from_what_lies_farthest_from_a_reload() -> None:
    run = Run()
    for number in range(2):
        run.hurt(CONNECT, 1.0 + number, Outcome.CONNECT_RESET)
    far = [run.hurt(CONNECT, at_s, Outcome.CONNECT_RESET) for at_s in (5.5, 7.9, 9.9)]
    near = [run.hurt(CONNECT, at_s, Outcome.CONNECT_RESET) for at_s in (6.01, 8.01, 6.02, 8.02, 6.03, 8.03)]
    case = run.case()
    kept, dropped = drop_background(case, failures(case.rows))
    allowed = dropped - len(far)
    assert allowed >= 0
    assert not kept[ClientClass.NAIVE][far].any()
    assert kept[ClientClass.NAIVE][near].sum() == len(near) - allowed


def test_background_is_counted_by_stream() -> None:
    run = Run()
    run.hurt(CONNECT, 1.0, Outcome.CONNECT_RESET)
    row = run.hurt(KEEPALIVE, 9.0, Outcome.CONNECT_RESET)
    case = run.case()
    kept, dropped = drop_background(case, failures(case.rows))
    assert dropped == 0
    assert kept[ClientClass.NAIVE][row]


def test_failures_of_the_control_run_are_no_victims() -> None:
    run = Run()
    row = run.hurt(CONNECT, 1.0, Outcome.REFUSED)
    case = run.case()
    kept, _ = drop_background(case, failures(case.rows))
    assert not any(mask[row] for mask in kept.values())


def test_victims_come_in_order_of_time_with_their_evidence() -> None:
    run = Run()
    later = run.hurt(CONNECT, 8.05, Outcome.RESET_BEFORE_RESPONSE)
    earlier = run.hurt(CONNECT, 6.05, Outcome.RESET_BEFORE_RESPONSE)
    reset = run.reset(later, 8.051)
    case = run.case()
    mask = np.zeros(len(case.rows), np.bool_)
    mask[[later, earlier]] = True
    victims = attribute_victims(case, mask, [])
    assert [hurt.row for hurt in victims] == [earlier, later]
    assert victims[0].victim.events == ()
    assert victims[1].victim.events == (reset,)
    assert victims[1].victim.outcome is Outcome.RESET_BEFORE_RESPONSE
    assert not victims[1].victim.reused


def test_more_refusals_by_a_rule_than_before_are_the_reloads_doing() -> None:
    run = Run(streams=())
    run.streams = (CONNECT,)
    for number in range(200):
        status = 429 if number % 10 == 0 or number > 120 else 200
        run.attempt(CONNECT, 0.045 * number, status=status)
    result = run.judge()
    assert result.workloads[0].incomplete == ""
    assert result.clients.naive.failed > 50
    assert not result.verdict.passed


def test_a_frontend_that_refuses_in_many_ways_is_still_watched() -> None:
    run = Run(streams=())
    run.streams = (CONNECT,)
    for number in range(200):
        run.attempt(CONNECT, 0.045 * number, status=(401, 403, 404)[number % 3])
    assert run.judge().verdict.passed
    run.hurt(CONNECT, 6.5, Outcome.REFUSED)
    result = run.judge()
    assert result.clients.naive.failed == 1
    assert not result.verdict.passed


def test_a_failure_that_was_common_before_says_nothing_and_forbids_a_pass() -> None:
    run = Run()
    for number in range(20):
        run.hurt(CONNECT, 1.0 + 0.05 * number, Outcome.REFUSED)
    for number in range(60):
        run.hurt(CONNECT, 7.0 + 0.01 * number, Outcome.REFUSED)
    result = run.judge()
    assert result.clients.naive.failed == 0
    assert result.conclusion is Conclusion.NO_VERDICT
