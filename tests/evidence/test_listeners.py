from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.evidence.listeners import UNKNOWN_NAMESPACE, Gap, listener_gaps, serving_addresses
from hitless.records import Event, EventKind

ENDPOINT = "192.0.2.1:80"
START_NS, END_NS = 100, 1000


def listen(t_ns: int, socket: int, local: str = ENDPOINT) -> Event:
    return Event(t_ns=t_ns, kind=EventKind.KERNEL_LISTEN, local=local, socket=socket)


def unlisten(t_ns: int, socket: int, local: str = ENDPOINT) -> Event:
    return Event(t_ns=t_ns, kind=EventKind.KERNEL_UNLISTEN, local=local, socket=socket)


def unknown(event: Event) -> Event:
    return msgspec.structs.replace(event, reason=UNKNOWN_NAMESPACE)


def gaps(
    *events: Event,
    initially_open: tuple[str, ...] = (ENDPOINT,),
    v6_only: tuple[str, ...] = (),
    possible: bool = False,
) -> list[tuple[int, int]]:
    found = listener_gaps(
        events,
        [ENDPOINT],
        START_NS,
        END_NS,
        initially_open=initially_open,
        v6_only=v6_only,
        possible=possible,
    )
    assert all(gap.endpoint == ENDPOINT for gap in found)
    return [(gap.start_ns, gap.end_ns) for gap in found]


def test_a_listener_that_stays_leaves_no_gap() -> None:
    assert gaps() == []


def test_the_close_of_a_socket_that_is_not_ours_leaves_no_gap() -> None:
    assert gaps(listen(50, 1), unlisten(200, 77)) == []
    assert gaps(listen(50, 1), unlisten(200, 77), unlisten(300, 1), listen(310, 2)) == [(300, 310)]


def test_sockets_that_closed_before_the_start_are_not_counted() -> None:
    assert gaps(listen(20, 1), unlisten(30, 1), listen(40, 2), unlisten(200, 2), listen(250, 3)) == [
        (200, 250)
    ]


def test_where_more_sockets_were_seen_than_are_ours_their_number_decides() -> None:
    assert gaps(listen(20, 77), listen(40, 1), unlisten(200, 1), listen(250, 3)) == [(200, 250)]


def test_a_socket_whose_opening_was_not_seen_is_known_by_number() -> None:
    assert gaps(listen(20, 1), unlisten(200, 1), initially_open=(ENDPOINT, ENDPOINT)) == []


def test_an_endpoint_that_nobody_serves_is_one_gap() -> None:
    assert gaps(initially_open=()) == [(START_NS, END_NS)]


def test_a_restart_is_a_gap() -> None:
    assert gaps(unlisten(200, 1), listen(300, 2)) == [(200, 300)]


def test_old_and_new_overlap_in_a_reload() -> None:
    assert gaps(listen(200, 2), unlisten(300, 1)) == []


def test_one_shard_of_two_is_enough() -> None:
    twice = (ENDPOINT, ENDPOINT)
    assert gaps(unlisten(200, 1), initially_open=twice) == []
    assert gaps(unlisten(200, 1), unlisten(300, 2), listen(310, 3), initially_open=twice) == [(300, 310)]


def test_a_pause_and_its_end() -> None:
    assert gaps(unlisten(200, 1), listen(220, 1), unlisten(230, 1)) == [(200, 220), (230, END_NS)]


@pytest.mark.parametrize("wildcard", ["0.0.0.0:80", "[::]:80"])
def test_a_wildcard_serves_the_endpoint(wildcard: str) -> None:
    assert gaps(unlisten(200, 1), initially_open=(ENDPOINT, wildcard)) == []
    assert gaps(unlisten(200, 1, wildcard), initially_open=(wildcard,)) == [(200, END_NS)]


def test_an_ipv6_only_wildcard_does_not() -> None:
    assert gaps(initially_open=("[::]:80",), v6_only=("[::]:80",)) == [(START_NS, END_NS)]


def test_an_ipv6_endpoint_is_not_served_by_an_ipv4_wildcard() -> None:
    assert serving_addresses("[2001:db8::1]:80") == {"[2001:db8::1]:80", "[::]:80"}


def test_what_happened_before_the_start_is_in_the_initial_state() -> None:
    assert gaps(unlisten(50, 1), listen(60, 2)) == []
    assert gaps(unlisten(1000, 1), unlisten(2000, 2)) == []


def test_the_end_of_a_socket_that_nobody_saw_open_is_not_ours_where_ours_were_seen_to_open() -> None:
    elsewhere = 7
    assert gaps(listen(50, 1), unlisten(200, elsewhere)) == []
    assert gaps(listen(50, 1), unlisten(200, elsewhere), unlisten(300, 1)) == [(300, END_NS)]
    twice = (ENDPOINT, ENDPOINT)
    assert gaps(listen(50, 1), unlisten(200, 2), unlisten(300, 1), initially_open=twice) == [(300, END_NS)]


def test_a_socket_of_an_unknown_namespace_that_opens_makes_a_gap_uncertain() -> None:
    events = [unknown(listen(200, 2)), unlisten(300, 1), unknown(unlisten(400, 2)), listen(500, 3)]
    assert gaps(*events) == [(400, 500)]
    assert gaps(*events, possible=True) == [(300, 500)]


def test_a_socket_of_an_unknown_namespace_that_closes_makes_a_gap_possible() -> None:
    assert gaps(unknown(unlisten(200, 1)), listen(300, 2)) == []
    assert gaps(unknown(unlisten(200, 1)), listen(300, 2), possible=True) == [(200, 300)]


def test_a_socket_of_an_unknown_namespace_that_opened_before_may_be_the_one_there_was() -> None:
    events = [unknown(listen(50, 1)), unknown(unlisten(200, 1)), listen(300, 2)]
    assert gaps(*events) == []
    assert gaps(*events, possible=True) == [(200, 300)]


def test_where_sockets_of_an_unknown_namespace_make_no_difference_nothing_is_uncertain() -> None:
    events = [unknown(listen(200, 2)), unknown(unlisten(210, 2)), listen(300, 3), unlisten(400, 1)]
    assert gaps(*events) == gaps(*events, possible=True) == []


def test_other_addresses_and_events_do_not_matter() -> None:
    other = Event(t_ns=200, kind=EventKind.KERNEL_RESET_SENT, local=ENDPOINT)
    assert gaps(unlisten(200, 1, "192.0.2.2:80"), unlisten(300, 1, "0.0.0.0:81"), other) == []


def test_endpoints_are_judged_one_by_one() -> None:
    other = "192.0.2.2:80"
    found = listener_gaps(
        [unlisten(200, 1), unlisten(400, 2, other), listen(500, 3, other), listen(600, 4)],
        [ENDPOINT, other, ENDPOINT],
        START_NS,
        END_NS,
        initially_open=[ENDPOINT, other],
    )
    assert found == [
        Gap(endpoint=ENDPOINT, start_ns=200, end_ns=600),
        Gap(endpoint=other, start_ns=400, end_ns=500),
    ]
    assert found[0].duration_ns == 400


LOCALS = (ENDPOINT, "0.0.0.0:80", "[::]:80", "192.0.2.2:80")
SERVING = LOCALS[:3]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[str], list[Event]]:
    """Sockets with a lifetime each, some open from the start; the times of all events differ."""
    lifetimes = draw(
        st.lists(st.tuples(st.sampled_from(LOCALS), st.booleans(), st.booleans()), min_size=1, max_size=8)
    )
    times = iter(
        sorted(
            draw(
                st.lists(
                    st.integers(START_NS + 1, END_NS - 1),
                    min_size=2 * len(lifetimes),
                    max_size=2 * len(lifetimes),
                    unique=True,
                )
            )
        )
    )
    order = draw(st.permutations([*range(len(lifetimes)), *range(len(lifetimes))]))
    opened: set[int] = set()
    closed: set[int] = set()
    events: list[Event] = []
    for number in order:
        local, from_start, closes = lifetimes[number]
        t_ns = next(times)
        if not from_start and number not in opened:
            opened.add(number)
            events.append(listen(t_ns, number + 1, local))
        elif closes and number not in closed:
            closed.add(number)
            events.append(unlisten(t_ns, number + 1, local))
    return [local for local, from_start, _ in lifetimes if from_start], events


@given(histories())
def test_gaps_are_exactly_the_moments_without_a_socket(history: tuple[list[str], list[Event]]) -> None:
    initial, events = history
    found = gaps(*events, initially_open=tuple(initial))
    assert all(start < end for start, end in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))
    for t_ns in range(START_NS, END_NS):
        count = sum(local in SERVING for local in initial)
        for event in events:
            if event.t_ns <= t_ns and event.local in SERVING:
                count += 1 if event.kind is EventKind.KERNEL_LISTEN else -1
        assert (count == 0) == any(start <= t_ns < end for start, end in found), t_ns
