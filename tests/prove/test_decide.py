"""The last step: what speaks against the reloads, what is missing, what is covered, what is to be noted."""

from hitless.prove.case import KernelEvidence
from hitless.prove.facts import FrontendFacts
from hitless.records import EventKind, Outcome
from hitless.verdict import NotCovered
from tests.prove.runs import CONNECT, KEEPALIVE, RAW, WEBSOCKET, WWW, Run


def test_harm_comes_before_what_is_missing() -> None:
    run = Run()
    run.kernel = KernelEvidence(source="tracefs", lost_events=1)
    run.failed_reload(2)
    for at_s in (7.5, 7.6):
        run.hurt(CONNECT, at_s, Outcome.REFUSED)
    assert run.judge().verdict.reasons == (
        "2 attempts of naive clients were hurt",
        "2 of them are unexplained",
        "1 of 2 reloads failed: cannot bind",
        "1 kernel event was lost",
    )


def test_harm_counts_although_evidence_is_missing() -> None:
    run = Run()
    run.kernel = KernelEvidence(source="tracefs", lost_events=1)
    run.hurt(CONNECT, 6.05, Outcome.REFUSED)
    assert run.judge().conclusion.value == "not-hitless"


def test_the_longest_of_several_gaps_is_named() -> None:
    run = Run()
    for number, (at_s, lasts_s) in enumerate([(6.01, 0.001), (8.01, 2.03)]):
        run.event(EventKind.KERNEL_UNLISTEN, at_s, local=WWW.endpoint, socket=number)
        run.event(EventKind.KERNEL_LISTEN, at_s + lasts_s, local=WWW.endpoint, socket=number + 1)
    run.with_facts(tcp_migrate_req=True)
    reasons = run.judge().verdict.reasons
    assert reasons == ("nobody listened: 2 times, longest 1.99 s on 192.0.2.10:80",)


def test_a_gap_that_reaches_into_the_reloads_counts() -> None:
    run = Run()
    run.event(EventKind.KERNEL_UNLISTEN, 4.9, local=WWW.endpoint, socket=1)
    run.event(EventKind.KERNEL_LISTEN, 5.1, local=WWW.endpoint, socket=2)
    assert not run.judge().verdict.passed


def test_a_frontend_that_no_workload_went_through_is_not_covered() -> None:
    run = Run()
    run.with_facts(
        frontends=(*run.facts.frontends, FrontendFacts(name="raw", where=RAW.where, mode="tcp")),
        frontend_count=2,
        covered_count=2,
    )
    coverage = run.judge().coverage
    assert coverage.covered == 1
    assert coverage.not_covered == (
        NotCovered(where=RAW.where, why="no workload went through it", frontend="raw"),
    )


def test_a_frontend_with_a_known_reason_is_not_listed_twice() -> None:
    known = NotCovered(where=RAW.where, why="no request got an answer", frontend="raw")
    run = Run()
    run.with_facts(
        frontends=(*run.facts.frontends, FrontendFacts(name="raw", where=RAW.where, mode="tcp")),
        frontend_count=2,
        covered_count=1,
        not_covered=(known,),
    )
    coverage = run.judge().coverage
    assert (coverage.covered, coverage.not_covered) == (1, (known,))


def test_a_bind_that_is_not_driven_is_shown_beside_its_covered_frontend() -> None:
    run = Run()
    quic = NotCovered(where="haproxy.cfg:10", why="QUIC is not driven", frontend="www")
    run.with_facts(not_covered=(quic,))
    result = run.judge()
    assert result.verdict.passed
    assert result.coverage.not_covered == (quic,)


def test_a_frontend_whose_only_workload_does_not_apply_is_not_covered() -> None:
    run = Run(streams=())
    run.streams = (WEBSOCKET,)
    run.serve(WEBSOCKET, status=400, outcome=Outcome.PROTOCOL_ERROR)
    result = run.judge()
    assert not result.verdict.passed
    assert result.coverage.covered == 0
    assert "no workload could be run" in result.verdict.reasons


def test_counters_are_noted_only_where_they_stand_in() -> None:
    moved = (("Tcp.OutRsts", 3), ("TcpExt.ListenDrops", 1))
    run = Run()
    run.kernel = KernelEvidence(source="tracefs", counter_changes=moved)
    assert run.judge().notes == ()
    run.kernel = KernelEvidence(source="counters", counter_changes=moved)
    assert run.judge().notes == (
        "kernel counters that moved under reload: Tcp.OutRsts +3, TcpExt.ListenDrops +1",
    )


def test_nothing_that_the_facts_note_is_lost() -> None:
    run = Run()
    run.with_facts(notes=("a",), limitations=("b",), hard_stop_after_s=3.0)
    run.hurt(KEEPALIVE, 1.0, Outcome.TRUNCATED)
    result = run.judge()
    assert result.notes[0] == "a"
    assert result.limitations == ("b",)
    assert not any("hard-stop" in note for note in result.notes)
