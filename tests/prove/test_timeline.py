"""Periods, reloads and their phases, pauses and hard stops, from events in any order."""

import random

import pytest

from hitless.prove.timeline import read_timeline
from hitless.records import EventKind
from tests.prove.runs import Run, ns, pids


def test_periods_and_phases() -> None:
    run = Run()
    random.Random(1).shuffle(run.events)
    timeline = read_timeline(run.events)
    assert (timeline.load_start_ns, timeline.control_start_ns) == (ns(-0.5), ns(0.0))
    assert (timeline.control_end_ns, timeline.load_stop_ns) == (ns(5.0), ns(10.0))
    first, second = timeline.reloads
    assert (first.number, first.trigger_ns, first.end_ns) == (1, ns(6.0), ns(8.0))
    assert second.end_ns == ns(10.0)
    assert (first.started_ns, first.owned_ns, first.released_ns) == (ns(6.02), ns(6.05), ns(6.06))
    assert (first.first_accept_ns, first.reply_ns, first.done_ns) == (ns(6.07), ns(6.09), ns(6.1))
    assert first.old_gone_ns == ns(7.0)
    assert (first.old_pids, first.new_pid) == ((100,), 101)
    assert first.settled_ns == ns(6.1)
    assert not first.failed


def test_no_events_are_no_run() -> None:
    timeline = read_timeline([])
    assert timeline.reloads == ()
    assert timeline.load_stop_ns == timeline.control_end_ns == 0
    assert timeline.reload_at(5) is None


def test_a_run_that_broke_off_ends_with_its_last_event() -> None:
    run = Run()
    run.without(EventKind.LOAD_STOP, EventKind.CONTROL_END)
    timeline = read_timeline(run.events)
    assert timeline.load_stop_ns == timeline.control_end_ns == ns(9.0)


def test_a_failed_reload() -> None:
    run = Run()
    run.failed_reload(1, "why")
    first, second = read_timeline(run.events).reloads
    assert (first.failed, first.message, first.settled_ns) == (True, "why", ns(6.1))
    assert not second.failed


def test_a_reload_that_nobody_confirmed_is_not_settled_before_its_end() -> None:
    run = Run()
    run.events = [e for e in run.events if e.reload != 1 or e.kind is EventKind.RELOAD_TRIGGER]
    first = read_timeline(run.events).reloads[0]
    assert first.failed
    assert first.settled_ns == first.end_ns == ns(8.0)


def test_a_process_stops_listening_in_one_reload_only() -> None:
    run = Run()
    old, new = pids(1)
    run.event(EventKind.LISTENERS_RELEASED, 8.0, reload=2, pid=old, state="old")
    run.event(EventKind.LISTENERS_RELEASED, 9.9, reload=2, pid=pids(2)[1], state="old")
    first, second = read_timeline(run.events).reloads
    assert first.old_pids == (old,)
    assert second.old_pids == (new,)
    assert second.released_ns == ns(8.06)


def test_an_old_process_is_gone_when_all_of_its_generation_are() -> None:
    run = Run(reloads=1)
    run.event(EventKind.LISTENERS_RELEASED, 6.07, reload=1, pid=99, state="old")
    assert read_timeline(run.events).reloads[0].old_gone_ns == 0
    run.event(EventKind.PROCESS_EXIT, 7.5, reload=1, pid=99, state="old")
    assert read_timeline(run.events).reloads[0].old_gone_ns == ns(7.5)


def test_an_exit_of_an_earlier_generation_is_not_this_reloads() -> None:
    run = Run()
    run.events = [e for e in run.events if not (e.kind is EventKind.PROCESS_EXIT and e.pid == 100)]
    run.event(EventKind.PROCESS_EXIT, 9.8, reload=2, pid=100, state="old")
    first, second = read_timeline(run.events).reloads
    assert (first.old_gone_ns, second.old_gone_ns) == (ns(9.8), ns(9.0))


@pytest.mark.parametrize(("at_s", "number"), [(5.9, 0), (6.0, 1), (7.99, 1), (8.0, 2), (50.0, 2)])
def test_reload_at(at_s: float, number: int) -> None:
    reload = read_timeline(Run().events).reload_at(ns(at_s))
    assert (reload.number if reload else 0) == number


@pytest.mark.parametrize(
    ("start_s", "end_s", "number"),
    [
        (6.05, 9.0, 1),
        (6.3, 7.5, 1),
        (7.0, 7.5, 1),
        (7.0, 9.0, 2),
        (5.5, 9.0, 1),
        (5.0, 5.5, 0),
        (8.3, 12.0, 2),
    ],
)
def test_what_waited_met_the_reload_under_way_or_the_first_that_came(
    start_s: float, end_s: float, number: int
) -> None:
    reload = read_timeline(Run().events).reload_between(ns(start_s), ns(end_s))
    assert (reload.number if reload else 0) == number


def said(run: Run, at_s: float, pid: int, text: str) -> None:
    run.said(at_s, f"[WARNING]  ({pid}) : {text}")


def test_a_pause_lasts_until_the_last_proxy_is_resumed() -> None:
    run = Run()
    said(run, 6.1, 100, "Paused frontend a.")
    said(run, 6.2, 100, "Paused frontend b.")
    said(run, 6.3, 100, "Resumed frontend b.")
    said(run, 8.1, 100, "Resumed frontend a.")
    said(run, 9.0, 100, "Resumed frontend a.")
    said(run, 9.1, 100, "Paused frontend a.")
    assert read_timeline(run.events).pauses_ns == ((ns(6.1), ns(8.1)), (ns(9.1), ns(10.0)))


def test_how_many_reloads_a_worker_outlived() -> None:
    timeline = read_timeline(Run().events)
    old, new = pids(1)
    assert [timeline.reloads_outlived(old, ns(at_s)) for at_s in (6.5, 8.5)] == [1, 2]
    assert [timeline.reloads_outlived(new, ns(at_s)) for at_s in (8.5, 9.5)] == [1, 1]
    assert timeline.reloads_outlived(999, ns(8.5)) == 0


def test_what_haproxy_said() -> None:
    run = Run()
    said(run, 8.5, 100, "soft-stop running for too long, performing a hard-stop.")
    said(run, 8.6, 99, "Former worker (100) exited with code 143 (Terminated), as it exceeds max reloads (1)")
    said(run, 8.7, 99, "Former worker (101) exited with code 0 (Exit)")
    run.said(6.01, "[ALERT]    (7) : Failed to get the sockets from the old process!")
    run.said(
        6.02,
        "[ALERT]    (7) : Binding [c:1] for frontend g: cannot bind socket (Address already in use) for [::]",
    )
    timeline = read_timeline(run.events)
    assert timeline.hard_stops == ((ns(8.5), 100),)
    assert timeline.max_reloads == ((ns(8.6), 100),)
    assert timeline.terminated == ((ns(8.6), 100),)
    assert timeline.exit_codes == {100: 143, 101: 0}
    assert [text for _, text in timeline.transfer_failures] == [
        "Failed to get the sockets from the old process!"
    ]
    assert timeline.bind_failures[0][0] == ns(6.02)


def test_who_replaced_a_process() -> None:
    timeline = read_timeline(Run().events)
    replaced = timeline.released_by(101)
    assert replaced is not None
    assert replaced.number == 2
    assert timeline.released_by(102) is None
