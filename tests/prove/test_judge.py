"""Whole verdicts: what passes, and each way in which a proof must not."""

from collections.abc import Callable

import pytest

from hitless.causes import UNEXPLAINED
from hitless.evidence.listeners import UNKNOWN_NAMESPACE
from hitless.prove.case import KernelEvidence
from hitless.prove.facts import FrontendFacts
from hitless.records import ClientClass, EventKind, Outcome
from hitless.verdict import Conclusion, NotCovered
from tests.prove.runs import CONNECT, H2, KEEPALIVE, RAW, STREAM, TCP, WEBSOCKET, WWW, Run, pids


def test_a_good_run_passes() -> None:
    result = Run().judge()
    assert result.verdict.reasons == ()
    assert result.verdict.passed
    assert result.verdict.evidence_complete
    assert result.conclusion is Conclusion.HITLESS
    assert result.clients.naive.failed == result.clients.retrying.failed == 0
    assert result.clients.naive.attempts == sum(row.attempts for row in result.workloads) > 100
    assert result.causes == ()
    assert result.victims_sample == ()
    assert [reload.ok for reload in result.reloads] == [True, True]
    assert result.coverage.covered == result.coverage.frontends == 1
    assert result.kernel.listeners_watched
    assert result.kernel.listener_gaps == ()


def test_one_victim_is_enough() -> None:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    result = run.judge()
    assert not result.verdict.passed
    assert result.conclusion is Conclusion.NOT_HITLESS
    assert result.clients.naive.failed == 1
    assert result.verdict.reasons == ("1 attempt of naive clients was hurt",)
    assert [(cause.code, cause.victims) for cause in result.causes] == [("HL501", 1)]
    assert result.causes[0].fix_where == "haproxy.cfg:4 (defaults)"


def test_every_victim_is_counted_once_and_everywhere() -> None:
    run = Run(streams=(CONNECT, KEEPALIVE, H2))
    for number in range(30):
        run.stale(KEEPALIVE, 6.1 + 0.01 * number)
    for number in range(7):
        run.hurt(CONNECT, 8.05 + 0.001 * number, Outcome.REFUSED)
    for number in range(5):
        run.hurt(H2, 6.3 + 0.01 * number, Outcome.GOAWAY_LOST, age_s=1.0)
    result = run.judge()
    assert result.clients.naive.failed == 42
    assert sum(cause.victims for cause in result.causes) == 42
    assert {cause.code: cause.victims for cause in result.causes} == {"HL501": 30, "HL504": 5, UNEXPLAINED: 7}
    assert sum(row.failed for row in result.workloads) == 42
    assert sum(sum(row.outcomes.values()) - row.outcomes[Outcome.OK] for row in result.workloads) == 42
    assert sum(row.attempts for row in result.workloads) == result.clients.naive.attempts
    assert [reload.victims for reload in result.reloads] == [35, 7]
    assert len(result.victims_sample) == 42
    assert result.causes[-1].code == UNEXPLAINED
    assert "7 of them are unexplained" in result.verdict.reasons


def test_the_three_clients_see_three_truths() -> None:
    run = Run()
    run.stale(KEEPALIVE, 6.2, fin_seen=True)
    run.stale(KEEPALIVE, 6.3, fin_seen=False)
    run.stale(KEEPALIVE, 6.4, retried=Outcome.REFUSED)
    run.stale(KEEPALIVE, 6.5, retried=None)
    run.hurt(CONNECT, 6.05, Outcome.REFUSED)
    clients = {kind: run.judge(kind) for kind in ClientClass}
    naive = clients[ClientClass.NAIVE]
    assert (naive.clients.naive.failed, naive.clients.polite.failed, naive.clients.retrying.failed) == (
        5,
        4,
        3,
    )
    assert {kind: result.judged.failed for kind, result in clients.items()} == {
        ClientClass.NAIVE: 5,
        ClientClass.POLITE: 4,
        ClientClass.RETRYING: 3,
    }
    assert all(sum(cause.victims for cause in r.causes) == r.judged.failed for r in clients.values())
    assert len({result.clients for result in clients.values()}) == 1
    assert sorted(victim.retried for victim in naive.victims_sample) == ["", "", "ok", "ok", "refused"]


def test_who_judges_retrying_clients_may_pass_what_hurts_naive_ones() -> None:
    run = Run()
    run.stale(KEEPALIVE, 6.2)
    assert run.judge(ClientClass.RETRYING).verdict.passed
    assert not run.judge(ClientClass.POLITE).verdict.passed
    assert run.judge(ClientClass.RETRYING).clients.naive.failed == 1


def lose_events(run: Run) -> None:
    run.kernel = KernelEvidence(source="tracefs", lost_events=3)


def lose_attempts(run: Run) -> None:
    run.lost_attempts = 1


def no_kernel_evidence(run: Run) -> None:
    run.kernel = KernelEvidence(source="none", why="the counters cannot be read")


def ask_for_more_reloads(run: Run) -> None:
    run.with_facts(reloads_requested=3)


def leave_a_frontend_uncovered(run: Run) -> None:
    run.with_facts(
        frontend_count=2,
        covered_count=1,
        not_covered=(NotCovered(where="haproxy.cfg:30", why="no request got an answer", frontend="other"),),
    )


def send_nobody_through_a_frontend(run: Run) -> None:
    frontends = (*run.facts.frontends, FrontendFacts(name="raw", where=RAW.where, mode="tcp"))
    run.with_facts(frontends=frontends, frontend_count=2, covered_count=2)


def only_control(run: Run) -> None:
    run.rows = [row for row in run.rows if row["end_ns"] < run.events[2].t_ns]


def only_reload(run: Run) -> None:
    run.rows = [row for row in run.rows if row["end_ns"] > run.events[2].t_ns + 10**9]


def nothing_recorded(run: Run) -> None:
    run.rows = []


def no_stream(run: Run) -> None:
    run.rows, run.streams = [], ()


def no_control_period(run: Run) -> None:
    run.without(EventKind.CONTROL_END)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lose_events, "3 kernel events were lost"),
        (lose_attempts, "1 attempt had no room and was lost"),
        (no_kernel_evidence, "the kernel gave no evidence, neither a trace nor counters: the counters"),
        (ask_for_more_reloads, "only 2 of 3 reloads happened"),
        (leave_a_frontend_uncovered, "1 of 2 frontends not covered"),
        (send_nobody_through_a_frontend, "1 of 2 frontends not covered"),
        (only_control, "no attempt was made under reload"),
        (only_reload, "no attempt ended in the control run"),
        (nothing_recorded, "no attempt was made under reload"),
        (no_stream, "no workload could be run"),
        (no_control_period, "no attempt was made under reload"),
    ],
)
def test_incomplete_evidence_is_never_a_pass(harm: Callable[[Run], None], reason: str) -> None:
    run = Run()
    harm(run)
    result = run.judge()
    assert not result.verdict.passed
    assert not result.verdict.evidence_complete
    assert result.conclusion is Conclusion.NO_VERDICT
    assert any(reason in one for one in result.verdict.reasons), result.verdict.reasons


def test_no_reload_is_no_proof() -> None:
    run = Run(reloads=0)
    result = run.judge()
    assert not result.verdict.passed
    assert result.conclusion is Conclusion.NO_VERDICT
    assert result.power.max_unseen_gap_us is None


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.RESPONSE_TIMEOUT, Outcome.PROTOCOL_ERROR])
def test_a_workload_without_an_answer_in_the_control_run_proves_nothing(outcome: Outcome) -> None:
    run = Run(streams=(CONNECT,))
    run.streams = (CONNECT, KEEPALIVE)
    run.serve(KEEPALIVE, outcome=outcome, status=0)
    result = run.judge()
    assert not result.verdict.passed
    assert not result.verdict.evidence_complete
    assert result.workloads[1].incomplete == "no answer even in the control run"


def test_where_nothing_worked_without_a_reload_nobody_is_a_victim_of_one() -> None:
    run = Run(streams=(CONNECT,))
    run.streams = (CONNECT, KEEPALIVE)
    run.serve(KEEPALIVE, outcome=Outcome.RESET_BEFORE_RESPONSE, status=0)
    row = run.hurt(KEEPALIVE, 6.05, Outcome.CONNECT_RESET)
    run.reset(row, 6.05)
    result = run.judge()
    assert result.clients.naive.failed == 0
    assert result.causes == ()
    assert result.conclusion is Conclusion.NO_VERDICT


def test_one_more_of_a_failure_that_is_common_without_a_reload_is_no_victim() -> None:
    run = Run(streams=(CONNECT,))
    for number in range(12):
        run.hurt(CONNECT, 1.0 + 0.1 * number, Outcome.PROTOCOL_ERROR)
    for number in range(90):
        run.hurt(CONNECT, 8.05 + 0.001 * number, Outcome.PROTOCOL_ERROR)
    result = run.judge()
    assert result.causes == ()
    assert result.conclusion is Conclusion.NO_VERDICT


def test_what_outlasts_the_control_run_is_measured_by_what_others_got_there() -> None:
    run = Run(streams=())
    run.streams = (CONNECT, STREAM)
    run.serve(CONNECT, status=418)
    run.attempt(STREAM, 0.5, took_s=6.0, status=418)
    assert run.judge().clients.naive.failed == 0


def test_a_frontend_that_answers_nothing_but_5xx_proves_nothing() -> None:
    run = Run(streams=())
    run.streams = (CONNECT,)
    run.serve(CONNECT, status=503, outcome=Outcome.HTTP_5XX)
    result = run.judge()
    assert result.clients.naive.failed == 0
    assert result.workloads[0].outcomes == {Outcome.HTTP_5XX: result.workloads[0].attempts}
    assert not result.verdict.passed
    assert "5xx" in result.workloads[0].incomplete


def test_a_control_run_that_is_already_broken_proves_nothing() -> None:
    run = Run()
    for number in range(8):
        run.hurt(CONNECT, 1.0 + 0.1 * number, Outcome.RESET_BEFORE_RESPONSE)
    result = run.judge()
    assert not result.verdict.passed
    assert result.workloads[0].incomplete == "the control run already lost 8 of 108"


def test_a_failed_reload_fails_the_verdict_without_any_victim() -> None:
    run = Run()
    run.failed_reload(2, "HAProxy refused it")
    result = run.judge()
    assert not result.verdict.passed
    assert result.conclusion is Conclusion.NOT_HITLESS
    assert result.verdict.failed_reloads == 1
    assert "1 of 2 reloads failed: HAProxy refused it" in result.verdict.reasons
    assert [(reload.ok, reload.message) for reload in result.reloads] == [
        (True, ""),
        (False, "HAProxy refused it"),
    ]


def test_a_reload_that_was_never_confirmed_has_failed() -> None:
    run = Run()
    run.without(EventKind.RELOAD_DONE)
    result = run.judge()
    assert not result.verdict.passed
    assert result.verdict.failed_reloads == 2


def close_for(run: Run, start_s: float, seconds: float) -> None:
    run.event(EventKind.KERNEL_UNLISTEN, start_s, local=WWW.endpoint, socket=1)
    run.event(EventKind.KERNEL_LISTEN, start_s + seconds, local=WWW.endpoint, socket=2)
    run.with_facts(tcp_migrate_req=True)


def test_a_listener_gap_fails_the_verdict_although_nobody_fell_into_it() -> None:
    run = Run()
    close_for(run, 6.05, 0.0003)
    result = run.judge()
    assert result.clients.naive.failed == 0
    assert not result.verdict.passed
    assert result.conclusion is Conclusion.NOT_HITLESS
    assert result.verdict.reasons == (f"nobody listened: 300 us on {WWW.endpoint}",)
    (gap,) = result.kernel.listener_gaps
    assert gap.gap_us == pytest.approx(300)
    assert (gap.address, gap.reload) == (WWW.endpoint, 1)


def test_sockets_of_an_unknown_namespace_allow_no_verdict_of_a_gap_and_none_of_no_gap() -> None:
    run = Run()
    run.event(EventKind.KERNEL_LISTEN, 6.04, local=WWW.endpoint, socket=2, reason=UNKNOWN_NAMESPACE)
    run.event(EventKind.KERNEL_UNLISTEN, 6.06, local=WWW.endpoint, socket=1)
    run.with_facts(tcp_migrate_req=True)
    result = run.judge()
    assert result.conclusion is Conclusion.NO_VERDICT
    (reason,) = result.verdict.reasons
    assert "whether somebody listened all the time cannot be told: 1 listening socket came or went" in reason
    assert (result.kernel.listener_gaps, result.kernel.listeners_watched) == ((), False)


def test_a_gap_before_the_reloads_is_shown_and_not_held_against_them() -> None:
    run = Run()
    close_for(run, 2.0, 0.001)
    result = run.judge()
    assert len(result.kernel.listener_gaps) == 1
    assert result.verdict.passed


def test_a_socket_that_opens_before_the_old_one_closes_leaves_no_gap() -> None:
    run = Run()
    run.event(EventKind.KERNEL_LISTEN, 6.04, local=WWW.endpoint, socket=2)
    run.event(EventKind.KERNEL_UNLISTEN, 6.06, local=WWW.endpoint, socket=1)
    run.with_facts(tcp_migrate_req=True)
    assert run.judge().verdict.passed


def test_sockets_that_were_opened_anew_prove_nothing_where_nobody_waited_in_them() -> None:
    run = Run()
    for at_s in (6.04, 8.04):
        run.event(EventKind.KERNEL_LISTEN, at_s, local=WWW.endpoint, socket=2)
    result = run.judge()
    assert not result.verdict.passed
    assert result.conclusion is Conclusion.NO_VERDICT
    assert "no listening socket was handed over" in result.verdict.reasons[0]
    run.with_facts(via="sf")
    run.hurt(CONNECT, 6.05, Outcome.RESET_BEFORE_RESPONSE)
    assert run.judge().verdict.reasons == ("1 attempt of naive clients was hurt",)


def test_a_way_that_hands_nothing_over_never_passes_by_chance() -> None:
    run = Run()
    run.with_facts(via="sf")
    run.kernel = KernelEvidence(source="counters")
    assert run.judge().conclusion is Conclusion.NO_VERDICT
    run.with_facts(tcp_migrate_req=True)
    assert run.judge().verdict.passed


def test_gaps_are_not_claimed_to_be_absent_where_nobody_watched() -> None:
    run = Run()
    run.kernel = KernelEvidence(source="tracefs", missing=("sock/inet_sock_set_state", "tcp/tcp_send_reset"))
    close_for(run, 6.05, 1.0)
    kernel = run.judge().kernel
    assert not kernel.listeners_watched
    assert kernel.listener_gaps == ()
    assert kernel.resets_to_clients is None


def test_counters_stand_in_for_the_trace_and_are_shown() -> None:
    run = Run()
    run.kernel = KernelEvidence(
        source="counters", why="no root", counter_changes=(("TcpExt.ListenDrops", 4),)
    )
    result = run.judge()
    assert result.verdict.passed
    assert (result.kernel.source, result.kernel.why) == ("counters", "no root")
    assert not result.kernel.listeners_watched
    assert any("TcpExt.ListenDrops +4" in note for note in result.notes)


def test_resets_are_counted_by_direction_and_matched_to_victims() -> None:
    run = Run()
    row = run.hurt(CONNECT, 6.05, Outcome.RESET_BEFORE_RESPONSE)
    run.reset(row, 6.051)
    run.event(EventKind.KERNEL_RESET_SENT, 6.5, local=WWW.endpoint, remote="198.18.7.2:9", reason="NO_SOCKET")
    run.event(EventKind.KERNEL_RESET_SENT, 6.5, local="192.0.2.77:80", remote="198.18.7.2:9")
    run.event(EventKind.KERNEL_RESET_SENT, 3.0, local=WWW.endpoint, remote="198.18.7.2:9")
    kernel = run.judge().kernel
    assert (kernel.resets_to_clients, kernel.resets_matched) == (2, 1)


def test_a_workload_that_does_not_apply_is_left_out_with_its_rows() -> None:
    run = Run()
    run.streams = (CONNECT, KEEPALIVE, WEBSOCKET)
    run.serve(WEBSOCKET, outcome=Outcome.PROTOCOL_ERROR, status=400)
    result = run.judge()
    assert result.verdict.passed
    assert [row.name for row in result.workloads] == ["connect", "keepalive"]
    assert result.clients.naive.attempts == sum(row.attempts for row in result.workloads)
    assert result.notes == ("websocket does not apply to www: it answers 400 to an upgrade",)


def test_a_websocket_that_was_accepted_once_does_apply() -> None:
    run = Run()
    run.streams = (CONNECT, WEBSOCKET)
    run.rows = [row for row in run.rows if row["stream"] == 0]
    run.attempt(WEBSOCKET, 0.5, status=101)
    run.serve(WEBSOCKET, status=0)
    run.hurt(WEBSOCKET, 6.2, Outcome.STREAM_CUT, age_s=3.0)
    result = run.judge()
    assert result.clients.naive.failed == 1
    assert result.causes[0].code == UNEXPLAINED


def test_failures_that_the_control_run_knows_are_not_the_reloads_doing() -> None:
    run = Run()
    run.hurt(CONNECT, 1.0, Outcome.CONNECT_RESET)
    run.hurt(CONNECT, 9.5, Outcome.CONNECT_RESET)
    result = run.judge()
    assert result.verdict.passed
    assert result.notes == (
        "1 failure: as many as the control run leads to expect, and therefore not counted",
    )
    for number in range(12):
        run.hurt(CONNECT, 6.01 + 0.001 * number, Outcome.CONNECT_RESET)
    result = run.judge()
    assert not result.verdict.passed
    assert 8 <= result.clients.naive.failed <= 13


def test_a_kind_of_failure_that_the_control_run_never_showed_is_never_background() -> None:
    run = Run()
    run.hurt(CONNECT, 1.0, Outcome.CONNECT_RESET)
    run.hurt(CONNECT, 9.5, Outcome.REFUSED)
    assert run.judge().clients.naive.failed == 1


def test_long_streams_prove_something_although_none_ended_in_the_control_run() -> None:
    run = Run()
    run.streams = (*run.streams, STREAM)
    for number in range(3):
        run.attempt(STREAM, 0.5 + number, took_s=6.0)
        run.in_progress(STREAM, 6.6 + number)
    assert run.judge().verdict.passed
    run.hurt(STREAM, 1.0, Outcome.STREAM_CUT, took_s=6.0)
    assert run.judge().clients.naive.failed == 1


def test_power_says_what_could_have_gone_unseen() -> None:
    result = Run().judge()
    assert result.power.max_unseen_gap_us == pytest.approx(50_000, rel=0.05)
    bound = result.power.failure_probability_upper_95
    assert bound == pytest.approx(1 - 0.05 ** (1 / result.clients.naive.attempts))
    run = Run(streams=(KEEPALIVE,))
    run.with_facts(initially_open=(WWW.endpoint,))
    run.rows = [row | {"opened_ns": run.events[1].t_ns} for row in run.rows]
    assert run.judge().power.max_unseen_gap_us is None


def test_generations_and_phases_are_shown() -> None:
    result = Run().judge()
    assert [generation.pid for generation in result.generations] == [100, 101, 102]
    first = result.generations[0]
    assert first.stopped_listening_s == pytest.approx(6.56)
    assert first.exit_s == pytest.approx(7.5)
    names = [phase.name.value for phase in result.reloads[0].phases]
    assert names == [
        "triggered",
        "new-process-started",
        "listeners-owned",
        "old-stopped-listening",
        "first-answer",
        "confirmed",
        "old-gone",
    ]
    assert (result.reloads[0].old_pid, result.reloads[0].new_pid) == pids(1)


def test_a_hard_stop_that_was_not_waited_for_is_said() -> None:
    run = Run()
    run.with_facts(hard_stop_after_s=30.0)
    assert "hard-stop-after 30 s was not reached" in run.judge().notes[0]
    run.said(8.5, "[WARNING]  (100) : soft-stop running for too long, performing a hard-stop.")
    assert run.judge().notes == ()


def test_a_tcp_frontend_is_judged_too() -> None:
    run = Run(streams=(CONNECT, KEEPALIVE, TCP))
    run.hurt(TCP, 6.2, Outcome.STREAM_CUT, age_s=3.0)
    result = run.judge()
    assert result.coverage.covered == result.coverage.frontends == 2
    assert [(cause.code, cause.frontends) for cause in result.causes] == [(UNEXPLAINED, ("raw",))]
