"""The causes as they are shown, and the sample of victims behind them."""

from hitless.causes import UNEXPLAINED
from hitless.prove.cause_table import SAMPLE_SIZE
from hitless.prove.facts import FixPlace
from hitless.records import Outcome, Workload
from tests.prove.runs import CONNECT, KEEPALIVE, STREAM, Run


def test_most_victims_first_and_unexplained_last() -> None:
    run = Run()
    for number in range(9):
        run.hurt(CONNECT, 7.0 + 0.01 * number, Outcome.REFUSED)
    run.hurt(CONNECT, 6.05, Outcome.EMPTY_REPLY)
    for number in range(3):
        run.stale(KEEPALIVE, 6.2 + 0.01 * number)
    causes = run.judge().causes
    assert [(cause.code, cause.victims) for cause in causes] == [("HL501", 3), ("HL506", 1), (UNEXPLAINED, 9)]
    assert causes[0].workloads == (Workload.KEEPALIVE,)
    assert causes[0].frontends == ("www",)
    assert causes[0].outcomes == {Outcome.STALE_REUSE: 3}
    assert causes[0].fix == "option idle-close-on-response"
    assert causes[-1].fix


def test_what_was_seen_often_is_said_once() -> None:
    run = Run()
    run.said(8.5, "[WARNING]  (100) : soft-stop running for too long, performing a hard-stop.")
    run.streams = (*run.streams, STREAM)
    for number in range(4):
        run.hurt(STREAM, 5.2 + 0.01 * number, Outcome.STREAM_CUT, took_s=3.4)
    run.attempt(STREAM, 2.0, took_s=1.0)
    (cause,) = run.judge().causes
    assert cause.evidence == (
        "between 600 ms and 630 ms after a reload",
        "HAProxy said: soft-stop running for too long, performing a hard-stop (4 times)",
    )


def test_the_place_of_a_fix_in_global() -> None:
    run = Run()
    run.with_facts(fix_places=(FixPlace(keyword="hard-stop-after", where="haproxy.cfg:3 (global)"),))
    run.said(8.5, "[WARNING]  (100) : soft-stop running for too long, performing a hard-stop.")
    run.hurt(KEEPALIVE, 5.2, Outcome.TRUNCATED, took_s=3.4)
    assert run.judge().causes[0].fix_where == "haproxy.cfg:3 (global)"


def test_no_place_is_named_for_a_fix_outside_of_the_configuration() -> None:
    run = Run()
    run.with_facts(
        via="restart", fix_places=(FixPlace(keyword="hard-stop-after", where="haproxy.cfg:3 (global)"),)
    )
    run.hurt(CONNECT, 6.05, Outcome.REFUSED)
    assert [(cause.code, cause.fix_where) for cause in run.judge().causes] == [("HL101", "")]


def test_the_sample_is_bounded_and_has_every_cause() -> None:
    run = Run()
    for number in range(SAMPLE_SIZE + 50):
        run.stale(KEEPALIVE, 6.2 + 0.001 * number, retried=None)
    run.hurt(CONNECT, 7.5, Outcome.REFUSED)
    result = run.judge()
    assert len(result.victims_sample) <= SAMPLE_SIZE
    assert {victim.cause for victim in result.victims_sample} == {"HL501", UNEXPLAINED}
    times = [victim.t_s for victim in result.victims_sample]
    assert times == sorted(times)


def test_the_details_of_a_victim() -> None:
    run = Run()
    row = run.stale(KEEPALIVE, 6.2)
    run.reset(row, 6.202, state="", reason="NO_SOCKET")
    line = run.logged(row, 6.21, 100, 200, "----")
    (victim,) = run.judge().victims_sample
    assert (victim.workload, victim.frontend, victim.address) == (Workload.KEEPALIVE, "www", "192.0.2.10:80")
    assert (victim.outcome, victim.cause, victim.reload) == (Outcome.STALE_REUSE, "HL501", 1)
    assert victim.phase == "confirmed"
    assert victim.retried == "ok"
    assert victim.local_port == run.port(row)
    assert victim.connection_age_s == 1.5
    assert victim.first_byte_ms is None
    assert victim.kernel == (
        f"RST sent by 192.0.2.10:80 (198.18.7.2:{run.port(row)}), state unknown, reason NO_SOCKET"
    )
    assert victim.log == (line.text,)
