from hitless.explain.detect.activity import ActivityTable
from tests.explain.detect.histories import START_S, History, at


def test_lines_are_summed_up_by_process() -> None:
    history = History()
    history.request(5, 100, took=2)
    history.request(1, 100, frontend="api")
    history.request(1.5, 100)
    history.request(1, 200)
    one, other = history.table.activities
    assert one.first_accept is not None
    assert (one.pid, one.lines, one.frontends) == (100, 3, {"web", "api"})
    clock = one.first_accept.clock
    assert one.first_accept == at(1, error_ns=10**6, clock=clock)
    assert one.last_accept == at(5, error_ns=10**6, clock=clock)
    assert (one.first_line, one.last_line) == (at(1.01), at(7))
    assert one.accepts == {START_S + 1: 2, START_S + 5: 1}
    assert [place.offset for place in one.places] == [100, 300]
    assert other.lines == 1


def test_an_empty_table() -> None:
    table = ActivityTable()
    table.add_all([])
    assert table.activities == ()
