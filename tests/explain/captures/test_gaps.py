from hitless.captured import ListenerGap
from hitless.explain.captures.endpoints import endpoint_number
from hitless.explain.captures.gaps import GapWatch

WEB, OTHER = endpoint_number("192.0.2.1", 80), endpoint_number("192.0.2.1", 81)


def test_refused_connects_in_a_row_are_a_gap() -> None:
    watch = GapWatch()
    assert watch.accepted(WEB, 10) is None
    watch.refused(WEB, 20)
    watch.refused(WEB, 25)
    assert watch.accepted(OTHER, 26) is None
    assert watch.accepted(WEB, 30) == ListenerGap(
        proxy="192.0.2.1:80",
        first_refused_ns=20,
        last_refused_ns=25,
        refused=2,
        accepted_before_ns=10,
        accepted_after_ns=30,
    )
    assert watch.accepted(WEB, 31) is None
    assert list(watch.finish()) == []


def test_a_gap_can_last_from_the_begin_to_the_end() -> None:
    watch = GapWatch()
    watch.refused(WEB, 20)
    gap = ListenerGap(proxy="192.0.2.1:80", first_refused_ns=20, last_refused_ns=20, refused=1)
    assert list(watch.finish()) == [gap]
    assert list(watch.finish()) == []


def test_a_scan_of_all_ports_finds_no_more_room_than_there_is() -> None:
    watch = GapWatch()
    for endpoint in range(70_000):
        watch.refused(endpoint, 1)
    assert len(list(watch.finish())) == 65_536
