from hitless.control.stats import ProxyCounters
from hitless.reload.traffic import Count, Harm, Lane, Requests, empty_sample, sample_traffic

WEB = ProxyCounters(
    proxy="web",
    side="frontend",
    mode="http",
    requests=100,
    responses_2xx=80,
    responses_4xx=10,
    responses_5xx=5,
    connections=50,
    denied_connections=2,
    denied_sessions=1,
    failed_handshakes=3,
)
APP = ProxyCounters(
    proxy="app",
    side="backend",
    mode="http",
    sessions=90,
    current_sessions=7,
    responses_2xx=78,
    responses_5xx=5,
    bytes_out=4711,
    average_time_ms=20,
)
TCP = ProxyCounters(
    proxy="db",
    side="frontend",
    mode="tcp",
    sessions=30,
    connections=31,
    denied_requests=4,
    denied_connections=1,
)
TCP_BACKEND = ProxyCounters(
    proxy="db", side="backend", mode="tcp", sessions=26, connection_errors=6, response_errors=1
)
ROWS = (WEB, APP, TCP, TCP_BACKEND)


def test_each_row_gives_its_lanes() -> None:
    lanes = dict(sample_traffic(ROWS, 1).lanes)
    assert lanes == {
        Lane(Harm.ERROR, "frontend web"): Count(95, 5),
        Lane(Harm.CLIENT_ERROR, "frontend web"): Count(95, 10),
        Lane(Harm.REFUSED, "frontend web"): Count(50, 6),
        Lane(Harm.ERROR, "backend app"): Count(83, 5),
        Lane(Harm.SESSION, "frontend db"): Count(30, 4),
        Lane(Harm.REFUSED, "frontend db"): Count(31, 1),
        Lane(Harm.SESSION, "backend db"): Count(26, 7),
        Lane(Harm.ERROR): Count(95, 5),
        Lane(Harm.CLIENT_ERROR): Count(95, 10),
        Lane(Harm.REFUSED): Count(81, 7),
        Lane(Harm.SESSION): Count(30, 4),
    }


def test_requests_denied_without_a_response_count_as_4xx() -> None:
    row = ProxyCounters(proxy="web", side="frontend", mode="http", responses_2xx=5, denied_requests=3)
    assert sample_traffic([row], 1).count(Lane(Harm.CLIENT_ERROR)) == Count(8, 3)


def test_never_more_failures_than_trials() -> None:
    row = ProxyCounters(
        proxy="db", side="backend", mode="tcp", sessions=2, connection_errors=2, response_errors=2
    )
    assert sample_traffic([row], 1).count(Lane(Harm.SESSION, "backend db")) == Count(2, 2)


def test_frontends_that_do_not_matter_are_left_out() -> None:
    stats = ProxyCounters(proxy="stats", side="frontend", mode="http", responses_5xx=9)
    assert sample_traffic((*ROWS, stats), 1, frontends=("web", "db")).lanes == sample_traffic(ROWS, 1).lanes


def test_resets_are_of_all_connections() -> None:
    assert Lane(Harm.RESET) not in sample_traffic(ROWS, 1).lanes
    assert sample_traffic(ROWS, 1, resets=9).count(Lane(Harm.RESET)) == Count(90, 9)


def test_a_process_that_has_just_begun() -> None:
    assert empty_sample(5).lanes == {}
    now, base = sample_traffic(ROWS, 1, resets=9), empty_sample(5, resets=4)
    assert now.count(Lane(Harm.RESET)).since(base.count(Lane(Harm.RESET))) == Count(86, 5)


def test_what_became_of_requests_at_a_backend() -> None:
    assert sample_traffic(ROWS, 1).requests == {"app": Requests(90, 83, 83, 4711, 20_000_000)}


def test_totals_for_the_receipt() -> None:
    totals = dict(sample_traffic(ROWS, 1).totals)
    assert totals["requests"] == 100
    assert totals["responses 5xx"] == 5
    assert totals["connections"] == 81
    assert totals["connection errors"] == 6


def test_counts() -> None:
    assert Count(0, 0).ratio == 0.0
    assert Count(4, 1).ratio == 0.25
    assert Count(10, 3).since(Count(4, 1)) == Count(6, 2)
    assert Count(3, 1).since(Count(100, 50)) == Count(3, 1), "cleared in between"
