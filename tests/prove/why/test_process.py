"""The edges in time of what happens to a process; the causes themselves are in tests/prove/test_attribute.py."""

import pytest

from hitless.causes import UNEXPLAINED
from hitless.records import Outcome
from tests.prove.runs import CONNECT, KEEPALIVE, STREAM, Run
from tests.prove.test_attribute import BIND_FAILED, HARD_STOP, OLD, pause, restart


def cause(run: Run) -> str:
    run.streams = (CONNECT, KEEPALIVE, STREAM)
    (found,) = run.judge().causes
    assert found.victims == 1
    return found.code


@pytest.mark.parametrize(("end_s", "code"), [(8.2, UNEXPLAINED), (8.3, "HL201"), (9.9, "HL201")])
def test_how_long_a_hard_stop_cuts(end_s: float, code: str) -> None:
    run = Run()
    run.said(8.5, HARD_STOP.format(OLD))
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=end_s - 5.5)
    assert cause(run) == code


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.CONNECT_RESET, Outcome.CONNECT_TIMEOUT])
def test_a_hard_stop_explains_no_new_connection(outcome: Outcome) -> None:
    run = Run()
    run.said(8.5, HARD_STOP.format(OLD))
    run.hurt(CONNECT, 8.6, outcome, took_s=1.2)
    assert cause(run) == UNEXPLAINED


def test_a_hard_stop_of_an_unknown_process_explains_nothing() -> None:
    run = Run()
    run.said(8.5, HARD_STOP.format(4711))
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=3.1)
    assert cause(run) == UNEXPLAINED


@pytest.mark.parametrize(("opened_s", "code"), [(6.3, "HL101"), (6.5, UNEXPLAINED)])
def test_how_long_a_restart_explains_new_connections(opened_s: float, code: str) -> None:
    run = Run()
    restart(run)
    run.hurt(CONNECT, opened_s, Outcome.CONNECT_RESET)
    assert cause(run) == code


@pytest.mark.parametrize(
    "outcome", [Outcome.REFUSED, Outcome.CONNECT_TIMEOUT, Outcome.CONNECT_RESET, Outcome.EMPTY_REPLY]
)
def test_a_pause_explains_what_becomes_of_new_connections(outcome: Outcome) -> None:
    run = Run()
    pause(run)
    run.hurt(CONNECT, 7.0, outcome)
    assert cause(run) == "HL401"


def test_a_bind_that_failed_explains_nothing_where_the_reload_went_well() -> None:
    run = Run()
    run.said(6.01, BIND_FAILED)
    run.hurt(CONNECT, 6.5, Outcome.REFUSED)
    assert cause(run) == UNEXPLAINED


def test_a_failed_reload_without_a_message_is_still_one() -> None:
    run = Run()
    run.failed_reload(1, "")
    run.hurt(CONNECT, 6.5, Outcome.REFUSED)
    assert cause(run) == "HL102"
    assert run.judge().causes[0].evidence == ("no new process took over",)
