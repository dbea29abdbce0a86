from collections.abc import Iterator

import pytest

from hitless.explain.scan.lean import LeanLine
from hitless.explain.scan.merge import make_census, merge_tallies
from hitless.explain.scan.tally import Tally
from hitless.logged import Clock, LinePlace, Moment, Skipped, SkipReason, UnknownText

AT = Moment(t_ns=5, error_ns=1, clock=Clock.SYSLOG)


def tally(source: int, *lines: tuple[int, int, str, str]) -> Tally:
    """Lines of second, pid, frontend, termination."""
    found = Tally(source)
    for second, pid, frontend, termination in lines:
        line = LeanLine(second * 1000, frontend, 200, termination, pid)
        found.take_lean(line, ("lb1", "haproxy", 0), offset=second * 10, second=second)
    found.lines = len(lines)
    found.skipped = (
        Skipped(source=0, reason=SkipReason.TORN, lines=1, size_bytes=source + 1, first_offset=9 - source),
    )
    return found


def test_numbers_of_parts_are_made_those_of_the_sum() -> None:
    total = merge_tallies(
        [tally(0, (1, 7, "a", "----"), (2, 8, "b", "SC--")), tally(1, (2, 8, "b", "SC--"), (3, 9, "a", "KC"))]
    )
    census = make_census(total, [], [])
    found = {
        (
            second,
            census.processes[process].pid,
            census.frontends[frontend],
            census.terminations[termination],
        ): lines
        for second, process, frontend, _, termination, lines in census.ended.tolist()
    }
    assert found == {(1, 7, "a", "----"): 1, (2, 8, "b", "SC--"): 2, (3, 9, "a", "KC"): 1}
    assert {p.pid: (p.lines, p.frontends) for p in census.processes} == {
        7: (1, {"a"}),
        8: (2, {"b"}),
        9: (1, {"a"}),
    }
    assert census.accepted["lines"].sum() == 4
    assert census.trouble.tolist() == [(2, 0, 20), (2, 1, 20), (3, 1, 30)]
    assert census.lines == 4
    (skipped,) = census.skipped
    assert (skipped.lines, skipped.size_bytes, skipped.first_offset) == (2, 3, 8)


def test_origins_without_traffic_are_no_processes() -> None:
    one = Tally(0)
    one.process(("lb1", "haproxy", 1))
    one.take_lean(LeanLine(-1, "", 200, "", 7), ("lb1", "haproxy", 0), offset=0, second=1)
    census = make_census(merge_tallies([one]), [], [])
    assert [p.pid for p in census.processes] == [7]
    assert census.ended["process"].tolist() == [0]
    assert (census.processes[0].first_accept, census.processes[0].accepts) == (None, {})


def test_parts_of_other_coarseness() -> None:
    one, other = tally(0, (11, 7, "a", "----")), tally(1, (19, 7, "a", "----"))
    one.finish()
    other.finish()
    other.ended.coarsen_to(10)
    other.accepted.coarsen_to(60)
    census = make_census(merge_tallies([one, other]), [], [])
    assert (census.ended_bucket_s, census.accepted_bucket_s) == (10, 60)
    assert census.ended["second"].tolist() == [10]
    assert census.processes[0].bucket_s == 60


def test_nothing() -> None:
    census = make_census(merge_tallies([Tally(0)]), [], [])
    assert (len(census.ended), len(census.trouble), census.processes, census.notes) == (0, 0, (), ())


def test_messages_that_were_dropped_are_noted() -> None:
    one = Tally(0)
    one.dropped_messages = 5
    assert "5 messages" in make_census(merge_tallies([one]), [], []).notes[0]


def test_parts_are_added_when_they_come() -> None:
    taken: list[int] = []

    def parts() -> Iterator[Tally]:
        for source in range(3):
            taken.append(source)
            yield tally(source, (source, 7, "a", "SC--"))

    total = merge_tallies(parts())
    assert (total.lines, total.trouble.lines, taken) == (3, 3, [0, 1, 2])
    assert len(total.skipped) == 1
    with pytest.raises(ValueError, match="no parts"):
        merge_tallies([])


def test_a_sum_has_the_bounds_of_a_part() -> None:
    found = []
    for source in range(3):
        found.append(Tally(source))
        for number in range(150):
            place = LinePlace(source=source, offset=number, size_bytes=1)
            found[-1].take(UnknownText(at=AT, place=place, text="x"))
    unknown = merge_tallies(found).unknown
    assert [(entry.place.source, entry.place.offset) for entry in unknown] == [
        *((0, number) for number in range(150)),
        *((1, number) for number in range(50)),
    ]
