"""Lanes and links: what is theirs alone."""

from pathlib import Path

from hitless.load.h2_lanes import Lane, Link
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup
from hitless.records import Stream, Workload
from tests.load.engine_bed import engine_in, target_of

STREAM = Stream(number=4, workload=Workload.H2, target=target_of(80, h2_prior_knowledge=True))


def test_a_lane_begins_at_its_pace_and_says_which_it_is(tmp_path: Path) -> None:
    begun: list[tuple[Lane, int]] = []

    def begin(lane: Lane, now: int) -> None:
        begun.append((lane, now))

    with engine_in(tmp_path) as engine:
        setup = StreamSetup(engine, STREAM, None)

        def begin(lane: Lane, now: int) -> None:
            begun.append((lane, now))

        one, two = (Lane(setup, Pace(first_ns), begin) for first_ns in (7, 9))
    two.begin(10)  # type: ignore[no-untyped-call] # the slot has no type of its own
    one.begin(11)  # type: ignore[no-untyped-call]
    assert begun == [(two, 10), (one, 11)]
    assert (one.next_ns, two.next_ns) == (7, 9)
    assert (one.stream_number, one.link) == (4, None)


def test_a_link_is_idle_when_no_lane_has_anything_on_it(tmp_path: Path) -> None:
    with engine_in(tmp_path) as engine:
        setup = StreamSetup(engine, STREAM, None)
        link, lane = Link(setup), Lane(setup, Pace(0), lambda _lane, _now: None)
        link.connection.close()
    idle = [link.is_idle]
    link.waiting.append(lane)
    idle.append(link.is_idle)
    link.streams[1] = link.waiting.popleft()
    idle.append(link.is_idle)
    del link.streams[1]
    assert [*idle, link.is_idle] == [True, False, False, True]
