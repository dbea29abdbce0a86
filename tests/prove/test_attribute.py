"""Each cause with the evidence that names it, and each way to be left unexplained. A scenario is a whole run."""

from collections.abc import Callable
from dataclasses import dataclass
from errno import ECONNRESET

import msgspec
import pytest

from hitless.causes import CAUSES, UNEXPLAINED
from hitless.prove.case import KernelEvidence
from hitless.prove.facts import FrontendFacts
from hitless.records import EventKind, Outcome
from tests.prove.runs import CONNECT, H2, KEEPALIVE, RAW, STREAM, TCP, WWW, Run, pids

OLD, NEW = pids(1)
HARD_STOP = "[WARNING]  ({}) : soft-stop running for too long, performing a hard-stop."
BIND_FAILED = (
    "[ALERT]    (900) : Binding [haproxy.cfg:9] for frontend www: cannot bind socket (Address already in use) "
    "for [192.0.2.10:80]"
)
NOT_TRANSFERRED = "[ALERT]    (901) : Failed to get the sockets from the old process!"


@dataclass(frozen=True)
class Scenario:
    """What happens in a run, and the cause that its one victim must get."""

    name: str
    happen: Callable[[Run], object]
    code: str
    evidence: str = ""
    """Part of what must be said to have been seen."""


def via(run: Run, name: str) -> None:
    run.with_facts(via=name)


def restart(run: Run, number: int = 1) -> None:
    """Make a reload a restart: the old process ends before the new one starts."""
    via(run, "restart")
    stop_and_start(run, number)


def stop_and_start(run: Run, number: int = 1) -> None:
    at_s, (old, new) = run.reload_s(number), pids(number)
    run.events = [event for event in run.events if event.reload != number]
    for kind, later_s, pid, role in (
        (EventKind.RELOAD_TRIGGER, 0.0, 0, ""),
        (EventKind.LISTENERS_RELEASED, 0.03, old, "old"),
        (EventKind.PROCESS_EXIT, 0.03, old, "old"),
        (EventKind.PROCESS_START, 0.08, new, "new"),
        (EventKind.LISTENERS_OWNED, 0.1, new, "new"),
        (EventKind.RELOAD_REPLY, 0.11, 0, ""),
        (EventKind.RELOAD_DONE, 0.12, 0, ""),
    ):
        run.event(kind, at_s + later_s, reload=number, pid=pid, state=role)
    run.event(EventKind.KERNEL_UNLISTEN, at_s + 0.028, local=WWW.endpoint, socket=1)
    run.event(EventKind.KERNEL_LISTEN, at_s + 0.099, local=WWW.endpoint, socket=2)


def refused_by_restart(run: Run) -> None:
    restart(run)
    run.hurt(CONNECT, 6.05, Outcome.REFUSED)


def cut_by_restart(run: Run) -> None:
    restart(run)
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=0.53)


def reused_long_after_a_restart(run: Run) -> None:
    restart(run)
    run.hurt(KEEPALIVE, 7.4, Outcome.STALE_REUSE, age_s=3.0)


def connected_long_after_a_restart(run: Run) -> None:
    restart(run)
    run.hurt(CONNECT, 7.4, Outcome.REFUSED)


def restarted_by_a_command(run: Run) -> None:
    stop_and_start(run)
    via(run, "command")
    run.hurt(CONNECT, 6.05, Outcome.REFUSED)


def refused_under_a_command_that_reloads(run: Run) -> None:
    via(run, "command")
    run.hurt(CONNECT, 6.05, Outcome.REFUSED)


def pause(run: Run, *, explained: bool = True) -> None:
    run.failed_reload(1)
    if explained:
        run.said(6.01, BIND_FAILED)
    run.said(6.02, f"[WARNING]  ({OLD}) : Paused frontend www.")
    run.said(6.03, f"[WARNING]  ({OLD}) : Paused frontend raw.")
    run.said(7.9, f"[WARNING]  ({OLD}) : Resumed frontend raw.")
    run.said(7.95, f"[WARNING]  ({OLD}) : Resumed frontend www.")


def refused_in_a_pause(run: Run) -> None:
    pause(run)
    run.hurt(CONNECT, 7.92, Outcome.REFUSED)


def refused_in_a_pause_without_a_reason(run: Run) -> None:
    pause(run, explained=False)
    run.hurt(CONNECT, 7.5, Outcome.REFUSED)


def refused_where_a_bind_failed(run: Run) -> None:
    run.failed_reload(1)
    run.said(6.01, BIND_FAILED)
    run.hurt(CONNECT, 6.5, Outcome.REFUSED)


def refused_in_a_gap_while_the_process_stayed(run: Run) -> None:
    run.failed_reload(1)
    run.event(EventKind.KERNEL_UNLISTEN, 6.01, local=WWW.endpoint, socket=1)
    run.event(EventKind.KERNEL_LISTEN, 7.9, local=WWW.endpoint, socket=1)
    run.hurt(CONNECT, 7.0, Outcome.REFUSED)


def reused_in_a_pause(run: Run) -> None:
    pause(run)
    run.hurt(KEEPALIVE, 7.5, Outcome.STALE_REUSE, age_s=3.0)


def refused_after_a_failed_reload(run: Run) -> None:
    run.failed_reload(1, "unknown keyword 'badkeyword'")
    run.hurt(CONNECT, 7.5, Outcome.REFUSED)


def slow_long_after_a_reload(run: Run) -> None:
    run.hurt(CONNECT, 6.5, Outcome.SLOW, took_s=1.4)


def cut_when_the_old_process_died_of_the_reload(run: Run) -> None:
    run.failed_reload(1, "Non-recoverable mworker wait-mode error")
    run.event(EventKind.LISTENERS_RELEASED, 6.3, reload=1, pid=OLD, state="old")
    run.event(EventKind.PROCESS_EXIT, 6.3, reload=1, pid=OLD, state="old")
    run.hurt(STREAM, 5.9, Outcome.STREAM_CUT, took_s=0.4)


def cut_at_the_hard_stop(run: Run) -> None:
    run.said(8.5, HARD_STOP.format(OLD))
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=3.1)


def answered_502_at_the_hard_stop(run: Run) -> None:
    run.said(8.5, HARD_STOP.format(OLD))
    run.hurt(STREAM, 5.5, Outcome.HTTP_5XX, took_s=3.1, status=502)


def idle_close_beside_the_hard_stop_of_another(run: Run) -> None:
    run.said(8.1, HARD_STOP.format(OLD))
    run.hurt(KEEPALIVE, 8.2, Outcome.STALE_REUSE, age_s=1.0)


def cut_on_the_new_worker_beside_a_hard_stop(run: Run) -> None:
    run.said(8.5, HARD_STOP.format(OLD))
    run.hurt(STREAM, 7.0, Outcome.STREAM_CUT, took_s=1.6, age_s=0.0)


def cut_long_before_the_hard_stop(run: Run) -> None:
    run.said(9.5, HARD_STOP.format(OLD))
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=1.5)


def killed_says_the_log(run: Run) -> None:
    row = run.hurt(STREAM, 5.5, Outcome.HTTP_5XX, took_s=3.1, status=502)
    run.logged(row, 8.601, OLD, 502, "KH--")


def killed_by_max_reloads(run: Run) -> None:
    run.said(
        8.4,
        f"[WARNING]  (99) : Former worker ({OLD}) exited with code 143 (Terminated), as it exceeds max reloads (1)",
    )
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=2.9)


def new_worker_ended_beside_max_reloads(run: Run) -> None:
    run.said(
        8.4,
        f"[WARNING]  (99) : Former worker ({OLD}) exited with code 143 (Terminated), as it exceeds max reloads (1)",
    )
    run.hurt(STREAM, 7.0, Outcome.STREAM_CUT, took_s=1.4, age_s=0.0)


def ended_by_sigterm(run: Run, limit: int | None, at_s: float = 8.1) -> None:
    run.with_facts(mworker_max_reloads=limit, frontends=deferring())
    run.said(at_s, f"[WARNING]  (99) : Former worker ({OLD}) exited with code 143 (Terminated)")


def cut_with_the_worker_that_outlived_its_reloads(run: Run) -> None:
    ended_by_sigterm(run, 1)
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=2.6)


def reused_long_after_the_worker_had_ended(run: Run) -> None:
    ended_by_sigterm(run, 1)
    run.hurt(KEEPALIVE, 8.9, Outcome.STALE_REUSE, age_s=3.5)


def cut_by_a_sigterm_that_was_not_due(run: Run) -> None:
    ended_by_sigterm(run, 2)
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=2.6)


def cut_by_a_sigterm_without_a_limit(run: Run) -> None:
    ended_by_sigterm(run, None)
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=2.6)


def reused_long_after_the_hard_stop(run: Run) -> None:
    run.with_facts(frontends=deferring())
    run.said(8.1, HARD_STOP.format(OLD))
    run.hurt(KEEPALIVE, 8.9, Outcome.STALE_REUSE, age_s=3.5)


def reset_by_sf_without_x(run: Run) -> None:
    via(run, "sf")
    run.reset(run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE), 6.057)


def reset_by_sf_without_x_and_without_trace(run: Run) -> None:
    via(run, "sf")
    run.kernel = KernelEvidence(source="counters")
    run.hurt(CONNECT, 6.055, Outcome.CONNECT_RESET)


def tls_reset_by_sf_without_x(run: Run) -> None:
    via(run, "sf")
    run.hurt(CONNECT, 6.055, Outcome.TLS_FAILED, errno=ECONNRESET)


def tls_refused_under_sf(run: Run) -> None:
    via(run, "sf")
    run.with_facts(frontends=deferring())
    run.hurt(CONNECT, 6.055, Outcome.TLS_FAILED)


def reset_by_a_process_under_sf(run: Run) -> None:
    via(run, "sf")
    run.with_facts(frontends=deferring())
    run.reset(run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE), 6.057, reason="TCP_ABORT_ON_CLOSE")


def reset_long_after_sf(run: Run) -> None:
    via(run, "sf")
    run.hurt(CONNECT, 7.5, Outcome.RESET_BEFORE_RESPONSE)


def refused_under_sf(run: Run) -> None:
    via(run, "sf")
    run.hurt(CONNECT, 6.055, Outcome.REFUSED)


def transfer_failed(run: Run) -> None:
    run.said(6.03, NOT_TRANSFERRED)
    run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE)


def transfer_failed_in_another_reload(run: Run) -> None:
    run.said(8.03, NOT_TRANSFERRED)
    run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE)


def reset_in_the_queue_of_a_bind_that_changed(run: Run) -> None:
    run.reset(run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE), 6.057)


def reset_on_an_ipv6_address(run: Run, *, anew: bool = True) -> None:
    target = msgspec.structs.replace(WWW, address="2001:db8:10::25", source_address="2001:db8::2")
    stream = msgspec.structs.replace(CONNECT, number=9, target=target)
    run.streams = (*run.streams, stream)
    run.attempt(stream, 1.0)
    if anew:
        run.with_facts(
            endpoints=(WWW.endpoint, target.endpoint), initially_open=(WWW.endpoint, target.endpoint)
        )
        run.event(EventKind.KERNEL_LISTEN, 6.04, local=target.endpoint, socket=5)
    row = run.hurt(stream, 6.055, Outcome.RESET_BEFORE_RESPONSE)
    run.event(
        EventKind.KERNEL_RESET_SENT,
        6.057,
        local=target.endpoint,
        remote=f"[2001:db8::2]:{run.port(row)}",
        state="CLOSE",
        reason="TCP_STATE",
    )


def reset_on_an_ipv6_wildcard(run: Run) -> None:
    reset_on_an_ipv6_address(run, anew=False)


def reset_without_a_reason_of_the_kernel(run: Run) -> None:
    run.reset(run.hurt(CONNECT, 6.055, Outcome.CONNECT_RESET), 6.057, reason="")


def reset_by_nobody_known(run: Run) -> None:
    run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE)


def logged_but_not_reset_by_the_kernel(run: Run) -> None:
    run.with_facts(frontends=deferring())
    run.logged(run.hurt(CONNECT, 6.055, Outcome.RESET_BEFORE_RESPONSE), 6.06, OLD, 400, "CR--")


def deferring() -> tuple[FrontendFacts, ...]:
    return (FrontendFacts(name="www", where="haproxy.cfg:9", idle_close_on_response=True),)


def idle_close(run: Run) -> None:
    run.stale(KEEPALIVE, 6.3)


def idle_close_found_after_the_next_reload(run: Run) -> None:
    run.hurt(KEEPALIVE, 8.02, Outcome.STALE_REUSE, age_s=5.0)


def stale_although_closes_are_deferred(run: Run) -> None:
    run.with_facts(frontends=deferring())
    run.stale(KEEPALIVE, 6.3)


def stale_on_a_connection_of_the_new_worker(run: Run) -> None:
    run.hurt(KEEPALIVE, 6.9, Outcome.STALE_REUSE, age_s=0.3)


def stale_although_the_reload_failed(run: Run) -> None:
    run.failed_reload(1)
    run.hurt(KEEPALIVE, 6.9, Outcome.STALE_REUSE, age_s=3.0)


def stale_on_a_frontend_that_is_not_http(run: Run) -> None:
    run.hurt(TCP, 6.3, Outcome.STALE_REUSE, age_s=3.0)


def stale_on_an_unknown_frontend(run: Run) -> None:
    run.with_facts(frontends=())
    run.stale(KEEPALIVE, 6.3)


def goaway(run: Run) -> None:
    run.hurt(H2, 6.1, Outcome.GOAWAY_LOST, age_s=3.0)


def h2_closed_under_a_request(run: Run) -> None:
    run.with_facts(frontends=deferring())
    run.hurt(H2, 6.1, Outcome.STALE_REUSE, age_s=3.0)


def goaway_from_the_new_worker(run: Run) -> None:
    run.hurt(H2, 7.5, Outcome.GOAWAY_LOST, age_s=0.5)


def goaway_although_the_reload_failed(run: Run) -> None:
    run.failed_reload(1)
    run.hurt(H2, 6.1, Outcome.GOAWAY_LOST, age_s=3.0)


def closed_before_it_spoke(run: Run) -> None:
    run.hurt(CONNECT, 6.05, Outcome.EMPTY_REPLY)


def reset_by_the_process_before_it_spoke(run: Run) -> None:
    run.reset(run.hurt(CONNECT, 6.05, Outcome.RESET_BEFORE_RESPONSE), 6.052, reason="TCP_ABORT_ON_DATA")


def closed_before_it_spoke_although_closes_are_deferred(run: Run) -> None:
    run.with_facts(frontends=deferring())
    run.hurt(CONNECT, 6.05, Outcome.EMPTY_REPLY)


def closed_by_the_new_worker(run: Run) -> None:
    run.hurt(CONNECT, 7.5, Outcome.EMPTY_REPLY)


def abstract_socket_taken(run: Run) -> None:
    run.with_facts(
        frontends=(FrontendFacts(name="www", where=WWW.where, abstract_sockets=("abns@inside",)),), via="sf"
    )
    run.hurt(CONNECT, 6.05, Outcome.HTTP_5XX, status=503)


def spurious_408(run: Run) -> None:
    run.with_facts(close_spread_time=True)
    run.attempt(CONNECT, 5.99, took_s=0.8, status=408)


def a_408_without_spreading(run: Run) -> None:
    run.attempt(CONNECT, 5.99, took_s=0.8, status=408)


def a_408_from_the_new_worker(run: Run) -> None:
    run.with_facts(close_spread_time=True)
    run.attempt(CONNECT, 7.5, status=408)


def another_status_while_spreading(run: Run) -> None:
    run.with_facts(close_spread_time=True)
    run.attempt(CONNECT, 5.99, took_s=0.8, status=404)


def frozen_servers(run: Run) -> None:
    row = run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=503, age_s=3.0)
    run.logged(row, 6.51, OLD, 503)


def cold_servers(run: Run) -> None:
    row = run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=503, age_s=0.1)
    run.logged(row, 6.51, NEW, 503)


def cold_servers_of_a_worker_that_was_replaced_later(run: Run) -> None:
    cold_servers(run)
    assert any(e.pid == NEW and e.kind is EventKind.PROCESS_EXIT for e in run.events)


def cold_servers_without_a_log(run: Run) -> None:
    run.hurt(CONNECT, 6.5, Outcome.HTTP_5XX, status=503)


def a_503_from_either_without_a_log(run: Run) -> None:
    run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=503, age_s=3.0)


def a_503_that_a_rule_gave(run: Run) -> None:
    row = run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=503, age_s=0.1)
    run.logged(row, 6.51, NEW, 503, "PR--")


def a_503_of_a_process_that_was_not_reloaded(run: Run) -> None:
    run.failed_reload(1)
    row = run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=503, age_s=3.0)
    run.logged(row, 6.51, OLD, 503)


def a_502(run: Run) -> None:
    row = run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=502, age_s=0.1)
    run.logged(row, 6.51, NEW, 502, "SH--")


def overflow(run: Run) -> None:
    run.kernel = KernelEvidence(source="tracefs", counter_changes=(("TcpExt.ListenOverflows", 12),))
    start_s = 6.05
    row = run.hurt(CONNECT, start_s, Outcome.SLOW, took_s=1.1)
    run.rows[row]["connected_ns"] = run.rows[row]["opened_ns"] + 1_020_000_000


def overflow_that_never_connected(run: Run) -> None:
    run.kernel = KernelEvidence(source="tracefs", counter_changes=(("TcpExt.ListenDrops", 1),))
    row = run.hurt(CONNECT, 6.05, Outcome.CONNECT_TIMEOUT, took_s=3.5)
    run.rows[row]["connected_ns"] = 0


def slow_connecting_without_a_dropped_syn(run: Run) -> None:
    overflow(run)
    run.kernel = KernelEvidence(source="tracefs", counter_changes=(("TcpExt.TCPTimeouts", 12),))


def slow_answer(run: Run) -> None:
    run.kernel = KernelEvidence(source="tracefs", counter_changes=(("TcpExt.ListenOverflows", 12),))
    run.hurt(CONNECT, 6.05, Outcome.SLOW, took_s=1.5)


def slow_on_a_kept_connection(run: Run) -> None:
    run.kernel = KernelEvidence(source="tracefs", counter_changes=(("TcpExt.ListenOverflows", 12),))
    run.hurt(KEEPALIVE, 6.05, Outcome.SLOW, took_s=1.5, age_s=3.0)


def refused_before_the_first_reload(run: Run) -> None:
    run.hurt(CONNECT, 5.5, Outcome.REFUSED)


def cut_for_no_reason(run: Run) -> None:
    run.hurt(STREAM, 5.5, Outcome.STREAM_CUT, took_s=1.0)


def truncated_for_no_reason(run: Run) -> None:
    run.hurt(KEEPALIVE, 6.5, Outcome.TRUNCATED, age_s=3.0)


SCENARIOS = (
    Scenario("restart refuses", refused_by_restart, "HL101", "nobody listened on 192.0.2.10:80 for 71 ms"),
    Scenario("restart cuts", cut_by_restart, "HL101", "the old process had gone 30 ms after reload 1"),
    Scenario("restart, found late", reused_long_after_a_restart, "HL101"),
    Scenario("refused long after a restart", connected_long_after_a_restart, UNEXPLAINED),
    Scenario("command that restarts", restarted_by_a_command, "HL101", "nobody listened"),
    Scenario("command that reloads", refused_under_a_command_that_reloads, UNEXPLAINED),
    Scenario("pause", refused_in_a_pause, "HL401", "paused its listeners for 1.93 s"),
    Scenario("pause, reason unseen", refused_in_a_pause_without_a_reason, "HL401", "paused its listeners"),
    Scenario("bind failed", refused_where_a_bind_failed, "HL401", "Address already in use"),
    Scenario("gap, process stayed", refused_in_a_gap_while_the_process_stayed, "HL401", "stayed"),
    Scenario("reuse in a pause", reused_in_a_pause, UNEXPLAINED),
    Scenario("failed reload", refused_after_a_failed_reload, "HL102", "badkeyword"),
    Scenario("failed reload kills", cut_when_the_old_process_died_of_the_reload, "HL102", "wait-mode"),
    Scenario("hard stop", cut_at_the_hard_stop, "HL201", "hard-stop"),
    Scenario("hard stop, 502", answered_502_at_the_hard_stop, "HL201"),
    Scenario("idle close beside a hard stop", idle_close_beside_the_hard_stop_of_another, "HL501"),
    Scenario("new worker beside a hard stop", cut_on_the_new_worker_beside_a_hard_stop, UNEXPLAINED),
    Scenario("long before the hard stop", cut_long_before_the_hard_stop, UNEXPLAINED),
    Scenario("killed, says the log", killed_says_the_log, "HL201", "KH--"),
    Scenario("max reloads", killed_by_max_reloads, "HL202", "max reloads"),
    Scenario(
        "max reloads, unsaid", cut_with_the_worker_that_outlived_its_reloads, "HL202", "max-reloads is 1"
    ),
    Scenario("max reloads, noticed late", reused_long_after_the_worker_had_ended, "HL202"),
    Scenario("SIGTERM before its time", cut_by_a_sigterm_that_was_not_due, UNEXPLAINED),
    Scenario("SIGTERM without a limit", cut_by_a_sigterm_without_a_limit, UNEXPLAINED),
    Scenario("hard stop, noticed late", reused_long_after_the_hard_stop, "HL201"),
    Scenario("new worker beside max reloads", new_worker_ended_beside_max_reloads, UNEXPLAINED),
    Scenario("sf without -x", reset_by_sf_without_x, "HL104", "state CLOSE, reason TCP_STATE"),
    Scenario("sf without -x, no trace", reset_by_sf_without_x_and_without_trace, "HL104", "without -x"),
    Scenario("sf without -x, TLS", tls_reset_by_sf_without_x, "HL104"),
    Scenario("sf, TLS closed in order", tls_refused_under_sf, UNEXPLAINED),
    Scenario("sf, reset by the process", reset_by_a_process_under_sf, UNEXPLAINED),
    Scenario("long after sf", reset_long_after_sf, UNEXPLAINED),
    Scenario("refused under sf", refused_under_sf, UNEXPLAINED),
    Scenario("transfer failed", transfer_failed, "HL502", "Failed to get the sockets"),
    Scenario("transfer failed elsewhere", transfer_failed_in_another_reload, UNEXPLAINED),
    Scenario("queue reset", reset_in_the_queue_of_a_bind_that_changed, "HL502", "reason TCP_STATE"),
    Scenario("queue reset, old kernel", reset_without_a_reason_of_the_kernel, "HL502", "reason not given"),
    Scenario("queue reset, IPv6", reset_on_an_ipv6_address, "HL507", "was opened anew, not handed over"),
    Scenario("queue reset, IPv6 handed over", reset_on_an_ipv6_wildcard, "HL502"),
    Scenario("reset by nobody known", reset_by_nobody_known, UNEXPLAINED),
    Scenario("a log line is no reset", logged_but_not_reset_by_the_kernel, UNEXPLAINED),
    Scenario("idle close", idle_close, "HL501", "reused 300 ms after reload 1, opened 1.5 s before"),
    Scenario("idle close, found late", idle_close_found_after_the_next_reload, "HL501"),
    Scenario("stale although deferred", stale_although_closes_are_deferred, UNEXPLAINED),
    Scenario("stale on the new worker", stale_on_a_connection_of_the_new_worker, UNEXPLAINED),
    Scenario("stale, reload failed", stale_although_the_reload_failed, UNEXPLAINED),
    Scenario("stale in mode tcp", stale_on_a_frontend_that_is_not_http, UNEXPLAINED),
    Scenario("stale, frontend unknown", stale_on_an_unknown_frontend, UNEXPLAINED),
    Scenario("GOAWAY", goaway, "HL504", "GOAWAY below this stream"),
    Scenario("h2 closed, deferring is no help", h2_closed_under_a_request, "HL504", "closed under a request"),
    Scenario("GOAWAY of the new worker", goaway_from_the_new_worker, UNEXPLAINED),
    Scenario("GOAWAY, reload failed", goaway_although_the_reload_failed, UNEXPLAINED),
    Scenario("closed before it spoke", closed_before_it_spoke, "HL506", "without an answer"),
    Scenario("reset before it spoke", reset_by_the_process_before_it_spoke, "HL506", "ABORT_ON_DATA"),
    Scenario("unspoken although deferred", closed_before_it_spoke_although_closes_are_deferred, UNEXPLAINED),
    Scenario("closed by the new worker", closed_by_the_new_worker, UNEXPLAINED),
    Scenario(
        "abstract socket taken", abstract_socket_taken, "HL309", "abns@inside, which was not handed over"
    ),
    Scenario("408 while spreading", spurious_408, "HL503", "408 within close-spread-time"),
    Scenario("408 without spreading", a_408_without_spreading, UNEXPLAINED),
    Scenario("408 of the new worker", a_408_from_the_new_worker, UNEXPLAINED),
    Scenario("404 while spreading", another_status_while_spreading, UNEXPLAINED),
    Scenario("frozen servers", frozen_servers, "HL205", f"the old process {OLD} logged SC-- 503"),
    Scenario("cold servers", cold_servers, "HL801", f"the new process {NEW} logged SC-- 503"),
    Scenario("cold, replaced later", cold_servers_of_a_worker_that_was_replaced_later, "HL801"),
    Scenario("cold, no log", cold_servers_without_a_log, "HL801", "503 on a connection opened 500 ms after"),
    Scenario("503, no log, old connection", a_503_from_either_without_a_log, UNEXPLAINED),
    Scenario("503 by a rule", a_503_that_a_rule_gave, UNEXPLAINED),
    Scenario("503, reload failed", a_503_of_a_process_that_was_not_reloaded, UNEXPLAINED),
    Scenario("502", a_502, UNEXPLAINED),
    Scenario("overflow", overflow, "HL505", "ListenOverflows +12"),
    Scenario("overflow, never connected", overflow_that_never_connected, "HL505", "connecting took 3.5 s"),
    Scenario(
        "before the first reload", refused_before_the_first_reload, UNEXPLAINED, "before the first reload"
    ),
    Scenario("cut for no reason", cut_for_no_reason, UNEXPLAINED, "after reload 1"),
    Scenario("truncated for no reason", truncated_for_no_reason, UNEXPLAINED),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_cause(scenario: Scenario) -> None:
    run = Run()
    run.streams = (CONNECT, KEEPALIVE, TCP, STREAM, H2)
    run.with_facts(
        frontends=(
            FrontendFacts(name="www", where=WWW.where, fix_where="haproxy.cfg:4 (defaults)"),
            FrontendFacts(name="raw", where=RAW.where, mode="tcp"),
        )
    )
    scenario.happen(run)
    result = run.judge()
    assert not result.verdict.passed
    assert [(cause.code, cause.victims) for cause in result.causes] == [(scenario.code, 1)]
    assert any(scenario.evidence in line for line in result.causes[0].evidence), result.causes[0].evidence
    unexplained = scenario.code == UNEXPLAINED
    assert any("unexplained" in reason for reason in result.verdict.reasons) == unexplained


@pytest.mark.parametrize(
    ("happen", "across_a_reload"),
    [
        (slow_connecting_without_a_dropped_syn, True),
        (slow_answer, True),
        (slow_on_a_kept_connection, True),
        (slow_long_after_a_reload, False),
    ],
)
def test_a_late_answer_that_nothing_explains_hurts_nobody_and_never_passes_across_a_reload(
    happen: Callable[[Run], object],
    across_a_reload: bool,  # noqa: FBT001 - a column
) -> None:
    run = Run()
    happen(run)
    result = run.judge()
    assert result.causes == ()
    assert result.clients.naive.failed == 0
    assert any("came late" in note for note in result.notes)
    assert result.verdict.passed != across_a_reload
    assert any("while a reload was under way" in one for one in result.verdict.reasons) == across_a_reload
    assert result.conclusion.value == ("no-verdict" if across_a_reload else "hitless")


NOT_TOLD_YET = {"HL105", "HL210", "HL218"}
"""Causes that a proof cannot tell from others: a hard reload looks like any process that ended with its clients. That
ports or descriptors had run out is in HAProxy's log, where `hitless explain` finds it."""


def test_every_cause_that_can_be_named_has_a_scenario() -> None:
    assert {s.code for s in SCENARIOS} | {"HL601"} == set(CAUSES) - NOT_TOLD_YET | {UNEXPLAINED}


def test_reloads_in_a_hurry_are_blamed_for_what_was_not_handed_over() -> None:
    run = Run()
    run.said(8.03, NOT_TRANSFERRED)
    run.hurt(CONNECT, 8.055, Outcome.RESET_BEFORE_RESPONSE)
    assert [cause.code for cause in run.judge().causes] == ["HL502"]
    shift = round(0.5e9)
    run.events = [
        msgspec.structs.replace(event, t_ns=event.t_ns + shift) if event.reload == 1 else event
        for event in run.events
    ]
    assert [cause.code for cause in run.judge().causes] == ["HL601"]


def test_what_hit_everybody_is_asked_before_what_hits_one() -> None:
    run = Run()
    restart(run)
    for row in (
        run.hurt(CONNECT, 6.05, Outcome.RESET_BEFORE_RESPONSE),
        run.stale(KEEPALIVE, 6.2),
        run.hurt(H2, 6.1, Outcome.GOAWAY_LOST, age_s=3.0),
    ):
        run.reset(row, 6.1)
    run.streams = (CONNECT, KEEPALIVE, H2)
    assert {cause.code: cause.victims for cause in run.judge().causes} == {"HL101": 3}


def test_a_client_that_waited_over_a_reload_is_put_to_the_one_it_met() -> None:
    run = Run()
    run.with_facts(via="restart")
    restart(run, 1)
    run.hurt(CONNECT, 6.05, Outcome.CONNECT_TIMEOUT, took_s=3.0)
    result = run.judge()
    assert [cause.code for cause in result.causes] == ["HL101"]
    assert [reload.victims for reload in result.reloads] == [1, 0]
