"""Joining what a run recorded: rows that refer to nothing, workloads that do not apply."""

import pytest

from hitless.attempts import OUTCOMES
from hitless.errors import EvidenceError
from hitless.evidence.listeners import UNKNOWN_NAMESPACE
from hitless.prove.case import KernelEvidence
from hitless.records import EventKind, Outcome
from tests.prove.runs import CONNECT, KEEPALIVE, TCP, WEBSOCKET, WWW, Run


@pytest.mark.parametrize(("field", "value"), [("stream", 999), ("outcome", len(OUTCOMES)), ("outcome", 255)])
def test_rows_of_a_damaged_bundle_are_refused(field: str, value: int) -> None:
    run = Run()
    run.rows[7][field] = value
    with pytest.raises(EvidenceError, match="attempt 7 "):
        run.case()


def test_an_empty_table_is_a_case() -> None:
    run = Run()
    run.rows = []
    case = run.case()
    assert len(case.rows) == 0
    assert case.baselines[CONNECT.number].attempts == 0


@pytest.mark.parametrize(
    ("statuses", "why"),
    [((400, 400), "it answers 400 to an upgrade"), ((400, 101), ""), ((101,), ""), ((), "")],
)
def test_a_websocket_applies_where_one_upgrade_was_accepted(statuses: tuple[int, ...], why: str) -> None:
    run = Run()
    run.streams = (CONNECT, WEBSOCKET)
    run.rows = [row for row in run.rows if row["stream"] == CONNECT.number]
    for status in statuses:
        run.attempt(
            WEBSOCKET, 1.0, status=status, outcome=Outcome.OK if status == 101 else Outcome.PROTOCOL_ERROR
        )
    case = run.case()
    assert case.skipped == ({WEBSOCKET.number: why} if why else {})
    mine = case.rows["stream"] == WEBSOCKET.number
    assert bool((case.periods.control & mine).any()) == (bool(statuses) and not why)


def test_other_workloads_always_apply() -> None:
    run = Run(streams=(CONNECT, KEEPALIVE, TCP))
    assert run.case().skipped == {}


def test_the_outcomes_as_recorded_are_kept_beside_the_judged_ones() -> None:
    run = Run(streams=())
    run.streams = (CONNECT,)
    run.serve(CONNECT, status=503, outcome=Outcome.HTTP_5XX)
    case = run.case()
    assert {OUTCOMES[code] for code in case.rows["outcome"]} == {Outcome.OK}
    assert {OUTCOMES[code] for code in case.raw_outcomes} == {Outcome.HTTP_5XX}


def test_events_by_kind() -> None:
    case = Run().case()
    assert [event.reload for event in case.events_of(EventKind.RELOAD_TRIGGER)] == [1, 2]


@pytest.mark.parametrize(
    ("evidence", "watches"),
    [
        (KernelEvidence(source="tracefs"), True),
        (KernelEvidence(source="tracefs", missing=("tcp/tcp_send_reset",)), False),
        (KernelEvidence(source="counters"), False),
        (KernelEvidence(), False),
    ],
)
def test_what_the_kernel_was_watched_for(evidence: KernelEvidence, watches: bool) -> None:  # noqa: FBT001 - a column
    assert evidence.watches("tcp/tcp_send_reset") is watches


def test_a_socket_that_opens_in_a_reload_was_opened_anew() -> None:
    run = Run()
    run.event(EventKind.KERNEL_LISTEN, 8.04, local=WWW.endpoint, socket=2)
    assert run.case().opened_anew == {WWW.endpoint}


def test_a_paused_socket_that_returns_was_not_opened_anew() -> None:
    run = Run()
    run.event(EventKind.KERNEL_LISTEN, -0.5, local=WWW.endpoint, socket=1)
    run.event(EventKind.KERNEL_LISTEN, 8.04, local=WWW.endpoint, socket=1)
    assert run.case().opened_anew == set()


def test_a_reload_that_failed_opened_nothing_anew() -> None:
    run = Run()
    run.failed_reload(1)
    run.event(EventKind.KERNEL_LISTEN, 6.04, local=WWW.endpoint, socket=2)
    assert run.case().opened_anew == set()


def test_what_opens_between_reloads_was_not_opened_by_one() -> None:
    run = Run()
    run.event(EventKind.KERNEL_LISTEN, 7.5, local=WWW.endpoint, socket=2)
    run.event(EventKind.KERNEL_LISTEN, 8.04, local="192.0.2.99:80", socket=3)
    assert run.case().opened_anew == set()


def test_a_gap_is_known_or_possible_or_none() -> None:
    run = Run()
    run.with_facts(initially_open=(WWW.endpoint,))
    run.event(EventKind.KERNEL_UNLISTEN, 6.0, local=WWW.endpoint, socket=1, reason=UNKNOWN_NAMESPACE)
    run.event(EventKind.KERNEL_LISTEN, 6.5, local=WWW.endpoint, socket=2)
    case = run.case()
    assert case.gaps() == []
    assert len(case.gaps(possible=True)) == 1
    assert case.unknown_listeners == 1
    run.kernel = KernelEvidence(source="counters")
    assert run.case().gaps(possible=True) == []


def test_listeners_of_an_unknown_namespace_that_make_no_difference() -> None:
    run = Run()
    run.with_facts(initially_open=(WWW.endpoint,))
    for kind, at_s in ((EventKind.KERNEL_LISTEN, 6.0), (EventKind.KERNEL_UNLISTEN, 6.5)):
        run.event(kind, at_s, local=WWW.endpoint, socket=2, reason=UNKNOWN_NAMESPACE)
    assert run.case().unknown_listeners == 0
