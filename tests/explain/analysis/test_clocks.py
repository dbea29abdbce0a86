from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hitless.explain.analysis.clocks import estimate_offset, pairs_of_capture, pairs_of_log
from hitless.logged import Clock, LinePlace, Moment, Traffic
from tests.explain.analysis.views import AT, SECOND

MS = 10**6


def logged(
    accepted_ns: int, *, total_ms: int = 5, stamp_ns: int | None = None, client: str = "a:1"
) -> Traffic:
    at = accepted_ns + total_ms * MS if stamp_ns is None else stamp_ns
    return Traffic(
        at=Moment(t_ns=at - at % SECOND, error_ns=SECOND, clock=Clock.SYSLOG),
        place=LinePlace(source=0, offset=0, size_bytes=0),
        accepted=Moment(t_ns=accepted_ns - accepted_ns % MS, error_ns=MS, clock=Clock.HAPROXY),
        client=client,
        timers_ms={"Ta": total_ms},
    )


@given(
    st.integers(-(10**10), 10**10),
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=3, max_size=50),
)
def test_the_offset_is_within_its_error(offset: int, bounds: list[tuple[int, int]]) -> None:
    found = estimate_offset((offset - low, offset + high) for low, high in bounds)
    assert found is not None
    assert abs(found.offset_ns - offset) <= found.error_ns + 1


def test_few_pairs_say_nothing_and_strays_do_not_move_it() -> None:
    assert estimate_offset([(0, 1), (0, 1)]) is None
    pairs = [(1000, 1010)] * 40 + [(90_000, 90_010)]
    found = estimate_offset(pairs)
    assert found is not None
    assert abs(found.offset_ns - 1005) <= 10


def test_stamps_of_whole_seconds_give_a_narrow_offset() -> None:
    lines = [
        logged(AT.t_ns + n * 137 * MS, stamp_ns=AT.t_ns + n * 137 * MS + 2 * SECOND + 5 * MS)
        for n in range(200)
    ]
    found = estimate_offset(pairs_of_log(lines))
    assert found is not None
    assert abs(found.offset_ns - 2 * SECOND) <= found.error_ns <= SECOND // 10


def test_a_capture_is_compared_by_clients() -> None:
    lines = [logged(AT.t_ns + n * SECOND, client=f"a:{n}") for n in range(10)]
    begun = {f"a:{n}": AT.t_ns + n * SECOND + 300 * MS for n in range(8)}
    lines.append(replace(lines[0], accepted=Moment(t_ns=AT.t_ns - SECOND, error_ns=MS, clock=Clock.HAPROXY)))
    found = estimate_offset(pairs_of_capture(begun, lines))
    assert found is not None
    assert found.pairs == 8
    assert abs(found.offset_ns - 300 * MS) <= found.error_ns <= 10 * MS
