"""What was lost, in few words."""

from hitless.labs import Status
from hitless.report.lab.wording import bound, loss, losses, steadiness, summary
from tests.lab.made import make_report, make_result, make_run


def test_what_was_lost_is_said_by_outcome_most_first() -> None:
    run = make_run(lost={"refused": 3, "stale_reuse": 20}, gap_ms=2012.3)
    assert loss(run, make_run()) == "20 stale reuse, 3 refused; nobody listened for 2.0 s"
    assert loss(make_run(lost={"refused": 3}, gap_ms=0.0), make_run()) == "3 refused"


def test_nobody_hurt_is_said_with_how_many_tried() -> None:
    assert loss(make_run(), make_run()) == "0 of 412"
    assert loss(make_run(seen={"reloads.failed": 1}), make_run()) == "0 of 412; 1 reloads failed"


def test_without_clients_the_observations_are_said() -> None:
    run = make_run(
        verdict="", expected={"socket.there": "false", "audit.HL304": "true"}, seen={"socket.there": False}
    )
    assert loss(run, make_run()) == "socket.there = false"
    other = make_run(
        verdict="", expected={"x": "1", "socket.there": "true"}, seen={"socket.there": True, "x": 1}
    )
    result = make_result(
        broken=make_run(verdict="", expected=run.expected, seen={"socket.there": False, "x": 1}), fixed=other
    )
    assert losses(result) == ("socket.there = false", "socket.there = true")
    assert loss(make_run(verdict="", expected={}), make_run(expected={})) == "nothing was lost"


def test_what_could_not_be_judged_is_not_called_clean() -> None:
    assert loss(make_run(status=Status.UNKNOWN), make_run()) == "not known"


def test_a_bound_is_for_who_lost_nothing() -> None:
    assert bound(make_run()) == "< 0.7 %"
    assert bound(make_run(lost={"refused": 1})) == ""
    assert bound(make_run(bound=None)) == ""


def test_how_steady_it_was_is_said_where_each_ran_several_times() -> None:
    assert steadiness(make_result()) == ""
    often = make_result(broken=make_run(times=20, green_times=19), fixed=make_run(times=20, green_times=20))
    assert steadiness(often) == "19 and 20 of 20"


def test_the_summary_counts_everything() -> None:
    report = make_report(make_result(), make_result(Status.RED), make_result(Status.UNKNOWN))
    assert summary(report) == "1 of 3 green, 1 red, 1 could not be judged, 1 absent; 12 s"
