from msgspec.structs import replace

from hitless.explain.analysis.order import describe_disorder
from hitless.logged import Clock
from tests.explain.analysis.test_faults import failed


def test_lines_in_order_and_a_little_out_of_it() -> None:
    assert describe_disorder("a.log", [failed(n) for n in (1, 2, 2, 1, 3)]) == ""
    assert describe_disorder("a.log", []) == ""


def test_lines_that_come_late_are_counted() -> None:
    lines = [failed(n) for n in (100, 10, 20, 200)]
    assert describe_disorder("a.log", lines) == (
        "a.log: lines are not in order of time (2 of those looked at came late, by up to 89 s): a window of it may "
        "lack some"
    )


def test_lines_without_a_stamp_say_nothing() -> None:
    late = failed(1)
    assert (
        describe_disorder("a.log", [failed(100), replace(late, at=replace(late.at, clock=Clock.BETWEEN))])
        == ""
    )
