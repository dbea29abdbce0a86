"""What the questions are asked about: which reload, which process, which gap."""

import pytest

from hitless.evidence.listeners import Gap
from hitless.prove.timeline import read_timeline
from hitless.prove.why.moment import (
    Moment,
    Victim,
    after,
    gap_at,
    is_soft_stopped,
    log_line,
    met_old_process,
    reload_of,
    seconds_between,
)
from hitless.records import EventKind, Outcome
from tests.prove.runs import CONNECT, Run, ns


def victim(start_s: float, end_s: float, outcome: Outcome = Outcome.REFUSED, opened_s: float = 0.0) -> Victim:
    return Victim(
        stream=CONNECT,
        outcome=outcome,
        status=0,
        errno=0,
        opened_ns=ns(opened_s or start_s),
        connected_ns=0,
        start_ns=ns(start_s),
        end_ns=ns(end_s),
        reused=False,
    )


@pytest.mark.parametrize(
    ("start_s", "end_s", "outcome", "number"),
    [
        (6.05, 6.06, Outcome.REFUSED, 1),
        (7.5, 8.5, Outcome.STREAM_CUT, 2),
        (6.05, 9.5, Outcome.RESPONSE_TIMEOUT, 1),
        (5.95, 9.5, Outcome.CONNECT_TIMEOUT, 1),
        (7.0, 9.5, Outcome.SLOW, 2),
        (5.0, 5.5, Outcome.REFUSED, 0),
    ],
)
def test_which_reload_a_victim_met(start_s: float, end_s: float, outcome: Outcome, number: int) -> None:
    reload = reload_of(victim(start_s, end_s, outcome), read_timeline(Run().events))
    assert (reload.number if reload else 0) == number


def test_an_old_connection_met_the_old_process() -> None:
    reload = read_timeline(Run().events).reloads[0]
    assert met_old_process(victim(7.0, 7.1, opened_s=3.0), reload)
    assert met_old_process(victim(6.09, 6.2), reload)
    assert not met_old_process(victim(7.0, 7.1, opened_s=6.5), reload)


def test_a_failed_reload_leaves_no_old_process_unless_it_stopped_listening() -> None:
    run = Run()
    run.failed_reload(1)
    assert not is_soft_stopped(read_timeline(run.events).reloads[0])
    run.event(EventKind.LISTENERS_RELEASED, 6.05, reload=1, pid=100)
    assert is_soft_stopped(read_timeline(run.events).reloads[0])


@pytest.mark.parametrize(
    ("start_s", "end_s", "found"), [(6.5, 6.6, True), (6.3, 6.31, False), (5.8, 6.0, True)]
)
def test_falling_into_a_gap(start_s: float, end_s: float, found: bool) -> None:  # noqa: FBT001 - a column
    gap_s = (6.6, 6.7) if start_s > 6 else (6.1, 6.2)
    gap = Gap(endpoint="0.0.0.0:80", start_ns=ns(gap_s[0]), end_ns=ns(gap_s[1]))
    other = Gap(endpoint="0.0.0.0:443", start_ns=ns(0.0), end_ns=ns(10.0))
    moment = Moment(timeline=read_timeline([]), via="usr2", gaps=(other, gap))
    assert gap_at(victim(start_s, end_s), moment) == (gap if found else None)


def test_the_words_for_times() -> None:
    reload = read_timeline(Run().events).reloads[1]
    assert after(reload, ns(8.0302)) == "30.2 ms after reload 2"
    assert after(reload, ns(7.9)) == "-100 ms after reload 2"
    assert seconds_between(ns(1.0), ns(3.03)) == "2.03 s"


def test_no_log_line_among_other_events() -> None:
    run = Run()
    row = run.hurt(CONNECT, 6.05, Outcome.REFUSED)
    reset, line = run.reset(row, 6.06), run.logged(row, 6.06, 100, 503)
    some = victim(6.05, 6.06)
    assert log_line(some) is None
    with_events = Victim(**{name: getattr(some, name) for name in some.__slots__[:-1]}, events=(reset, line))
    assert log_line(with_events) == line
