from hitless.captured import Ending
from hitless.explain.analysis.judge import judge_event
from hitless.explanations import Judgement, Role, TrafficCount
from hitless.logged import ChangeKind
from tests.explain.analysis.test_capture_causes import seen
from tests.explain.analysis.views import SECOND, change, ending, view

K = ChangeKind


def test_nothing_unusual_is_harmless_with_numbers() -> None:
    judgement, headline, causes, not_known = judge_event(view())
    assert judgement is Judgement.HARMLESS
    assert "600 lines around it, 0 errors" in headline
    assert not causes
    assert not_known


def test_no_traffic_tells_nothing() -> None:
    silent = {"during": TrafficCount(), "before": TrafficCount()}
    assert judge_event(view(K.RELOAD, **silent))[0] is Judgement.UNKNOWN
    assert judge_event(view(K.RESTART, **silent))[0] is Judgement.UNKNOWN
    assert judge_event(view(K.FAILED_RELOAD, **silent))[0] is Judgement.HARMFUL


def test_lines_that_are_told_with_another_change_are_traffic_too() -> None:
    silent = {"during": TrafficCount(), "before": TrafficCount()}
    judgement, headline, *_ = judge_event(view(K.RELOAD, shared=TrafficCount(lines=29), **silent))
    assert judgement is Judgement.HARMLESS
    assert "29 lines around it, told with the changes next to it" in headline


def test_errors_among_lines_told_elsewhere_may_be_of_this_change() -> None:
    silent = {"during": TrafficCount(), "before": TrafficCount()}
    assert (
        judge_event(view(K.RELOAD, shared=TrafficCount(lines=29, errors=1), **silent))[0] is Judgement.UNKNOWN
    )


def test_what_fits_no_cause_is_unexplained() -> None:
    judgement, headline, (cause,), _ = judge_event(
        view(K.RELOAD, ending(Role.NEW, "SH--", 30, status=502, usual=4.0))
    )
    assert judgement is Judgement.HARMFUL
    assert (cause.name, cause.victims) == ("unexplained", 26)
    assert "at least 26 requests hurt" in headline


def test_a_cause_is_named_once_by_the_better_count() -> None:
    looked = seen(K.RESTART, (Ending.REFUSED, 7))
    looked.accepts_per_s = 100.0
    looked.span = view(K.RESTART, change=change(K.RESTART, unserved_ns=SECOND)).span
    _, headline, (cause,), _ = judge_event(looked)
    assert (cause.code, cause.victims) == ("HL101", 7)
    assert headline == "restart: 7 connections hurt by HL101 restart-instead-of-reload"
