from hitless.explain.detect.moments import earlier, first_of, later, sharpest
from hitless.logged import Clock, Moment


def at(t_ns: int, error_ns: int = 1, clock: Clock = Clock.SYSLOG) -> Moment:
    return Moment(t_ns=t_ns, error_ns=error_ns, clock=clock)


NEVER = at(0, 0, Clock.NONE)


def test_what_is_unknown_counts_for_nothing() -> None:
    for compare in (earlier, later, first_of):
        assert compare(None, None) is None
        assert compare(at(5), None) == at(5)
        assert compare(NEVER, at(5)) == at(5)
    assert sharpest(None, NEVER) is None


def test_earlier_and_later() -> None:
    assert earlier(at(5), at(6)) == at(5)
    assert later(at(5), at(6)) == at(6)


def test_of_stamps_that_may_be_the_same_the_exacter_is_taken() -> None:
    assert first_of(at(0, 1000), at(500, 1)) == at(500, 1)
    assert first_of(at(500, 1), at(0, 1000)) == at(500, 1)
    assert first_of(at(0, 100), at(500, 1)) == at(0, 100)
    assert sharpest(at(0, 1000), None, at(500, 1), at(7, 1)) == at(500, 1)
