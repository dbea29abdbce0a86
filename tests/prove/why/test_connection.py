"""The edges of what happens to one connection; the causes themselves are in tests/prove/test_attribute.py."""

import pytest

from hitless.causes import UNEXPLAINED
from hitless.prove.case import KernelEvidence
from hitless.records import EventKind, Outcome
from tests.prove.runs import CONNECT, KEEPALIVE, WWW, Run
from tests.prove.test_attribute import deferring


def cause(run: Run) -> str:
    (found,) = run.judge().causes
    assert found.victims == 1
    return found.code


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("TCP_STATE", "HL502"),
        ("NOT_SPECIFIED", "HL502"),
        ("TCP_ABORT_ON_CLOSE", UNEXPLAINED),
        ("TCP_ABORT_ON_DATA", UNEXPLAINED),
        ("NO_SOCKET", UNEXPLAINED),
    ],
)
def test_which_resets_are_those_of_a_queue(reason: str, code: str) -> None:
    run = Run()
    run.with_facts(frontends=deferring())
    run.reset(run.hurt(CONNECT, 6.05, Outcome.RESET_BEFORE_RESPONSE), 6.052, reason=reason)
    assert cause(run) == code


@pytest.mark.parametrize(
    ("endpoints", "code"), [((WWW.endpoint,), "HL104"), ((WWW.endpoint, "192.0.2.11:80"), "HL502")]
)
def test_a_queue_that_was_reset_where_no_socket_at_all_was_handed_over(
    endpoints: tuple[str, ...], code: str
) -> None:
    run = Run()
    run.with_facts(endpoints=endpoints, initially_open=endpoints)
    run.event(EventKind.KERNEL_LISTEN, 6.04, local=WWW.endpoint, socket=2)
    run.event(EventKind.KERNEL_UNLISTEN, 6.06, local=WWW.endpoint, socket=1)
    run.reset(run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE), 6.06)
    assert cause(run) == code


@pytest.mark.parametrize(("opened_s", "code"), [(6.3, "HL104"), (6.4, UNEXPLAINED)])
def test_how_long_after_a_reload_a_queue_is_blamed(opened_s: float, code: str) -> None:
    run = Run()
    run.with_facts(via="sf")
    run.hurt(CONNECT, opened_s, Outcome.RESET_BEFORE_RESPONSE)
    assert cause(run) == code


@pytest.mark.parametrize("via", ["sf-x", "master-cli", "usr2", "hup"])
def test_ways_that_hand_over_are_not_blamed_for_not_handing_over(via: str) -> None:
    run = Run()
    run.with_facts(via=via)
    run.hurt(CONNECT, 6.05, Outcome.RESET_BEFORE_RESPONSE)
    assert cause(run) == UNEXPLAINED


@pytest.mark.parametrize(("age_s", "code"), [(0.41, "HL501"), (0.39, UNEXPLAINED)])
def test_a_connection_begun_after_the_hand_over_is_the_new_workers(age_s: float, code: str) -> None:
    run = Run()
    run.hurt(KEEPALIVE, 6.5, Outcome.STALE_REUSE, age_s=age_s)
    assert cause(run) == code


@pytest.mark.parametrize(("connecting_s", "code"), [(0.5, ""), (1.0, "HL505"), (3.0, "HL505")])
def test_a_syn_that_was_sent_again(connecting_s: float, code: str) -> None:
    run = Run()
    run.kernel = KernelEvidence(source="tracefs", counter_changes=(("TcpExt.TCPReqQFullDrop", 1),))
    row = run.hurt(CONNECT, 6.05, Outcome.SLOW, took_s=3.2)
    run.rows[row]["connected_ns"] = run.rows[row]["opened_ns"] + round(connecting_s * 1e9)
    assert [found.code for found in run.judge().causes] == ([code] if code else [])
