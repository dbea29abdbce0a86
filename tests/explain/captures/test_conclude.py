from hitless.captured import Ending, Protocol, Side
from hitless.explain.captures.conclude import conclude
from hitless.explain.captures.endpoints import endpoint_number, parse_listeners
from hitless.explain.captures.flow import Direction, Flow

LOW, HIGH = endpoint_number("192.0.2.1", 80), endpoint_number("192.0.2.9", 40_000)


def flow() -> Flow:
    return Flow((Direction(LOW), Direction(HIGH)), 100, 200)


def test_who_began_is_the_client() -> None:
    state = flow()
    state.take_syn(state.ends[1], 100, 7)
    connection = conclude(state, parse_listeners([]))
    assert connection is not None
    assert (connection.client, connection.proxy) == ("192.0.2.9:40000", "192.0.2.1:80")
    assert connection.whole


def test_the_listener_is_the_proxy_where_the_begin_is_not_captured() -> None:
    connection = conclude(flow(), parse_listeners(["*:80"]))
    assert connection is not None
    assert (connection.client, connection.whole) == ("192.0.2.9:40000", False)


def test_nothing_is_said_where_neither_or_either_may_be_the_proxy() -> None:
    assert conclude(flow(), parse_listeners([])) is None
    assert conclude(flow(), parse_listeners(["*:80", "*:40000"])) is None


def test_one_that_was_forgotten_is_not_called_open() -> None:
    connection = conclude(flow(), parse_listeners(["*:80"]), forgotten=True)
    assert connection is not None
    assert connection.ending is Ending.FORGOTTEN
    ended = flow()
    ended.take_fin(ended.ends[0], 150, 5)
    connection = conclude(ended, parse_listeners(["*:80"]), forgotten=True)
    assert connection is not None
    assert (connection.ending, connection.ended_by) == (Ending.CLOSED_BEFORE_REQUEST, Side.PROXY)


def test_flights_of_the_handshake_are_no_requests() -> None:
    state = flow()
    state.client = state.ends[1]
    state.protocol = Protocol.TLS
    for turns, requests in ((0, 0), (1, 1), (2, 1), (3, 1), (5, 3)):
        state.ends[1].turns = turns
        connection = conclude(state, parse_listeners([]))
        assert connection is not None
        assert connection.requests == requests
