"""How many clients go where, how often, and what holds them back."""

import pytest

from hitless.prove.load_plan import RATE_BUDGET_PER_S, LoadSize, plan_load
from hitless.prove.targets import Reachability, find_targets
from hitless.records import LoadPlan, Request, Stream, Workload
from tests.config.samples import model_of

REACH = Reachability(any_ipv4="127.0.0.1", any_ipv6="::1")
PLAIN = """
defaults
    mode http
    timeout client 10s
    timeout server 10s
frontend www
    bind :80
    default_backend app
backend app
    server s 10.0.0.1:80
"""


def plan(text: str = PLAIN, size: LoadSize | None = None, **requests: Request) -> LoadPlan:
    model = model_of(text)
    return plan_load(find_targets(model, REACH, (2, 8)), model, requests, size or LoadSize())


def stream(load: LoadPlan, workload: Workload) -> Stream:
    (found,) = (stream for stream in load.streams if stream.workload is workload)
    return found


def test_every_kind_of_client_goes_through_an_http_frontend() -> None:
    load = plan()
    assert {s.workload for s in load.streams} == set(Workload) - {Workload.TCP, Workload.H2}
    assert [s.number for s in load.streams] == list(range(len(load.streams)))
    assert stream(load, Workload.KEEPALIVE).rate_per_s == 200
    assert stream(load, Workload.KEEPALIVE).connections == 40


def test_h2_where_it_is_spoken() -> None:
    tls = plan(PLAIN.replace("bind :80", "bind :443 ssl crt x alpn h2,http/1.1"))
    assert stream(tls, Workload.H2).streams_per_connection == 5
    assert Workload.KEEPALIVE in {s.workload for s in tls.streams}
    alone = plan(PLAIN.replace("bind :80", "bind :80 proto h2"))
    assert [s.workload for s in alone.streams] == [Workload.H2]


def test_a_tcp_frontend_has_tcp_clients() -> None:
    load = plan(PLAIN.replace("mode http", "mode tcp"))
    assert [s.workload for s in load.streams] == [Workload.CONNECT, Workload.TCP]


def test_further_addresses_get_new_connections_only() -> None:
    load = plan(PLAIN.replace("bind :80", "bind :80,:81"))
    assert [s.workload for s in load.streams if s.target.port == 81] == [Workload.CONNECT]


def test_requests_and_tls_payload_by_frontend() -> None:
    asked = Request(path="/health")
    assert {s.request for s in plan(www=asked).streams} == {asked}
    model = model_of(PLAIN.replace("mode http", "mode tcp"))
    found = find_targets(model, REACH, (2, 8))
    load = plan_load(found, model, {}, LoadSize(), tls_payload=frozenset({"www"}))
    assert all(s.tls_payload for s in load.streams)


def test_only_the_workloads_asked_for() -> None:
    load = plan(size=LoadSize(workloads=frozenset({Workload.IDLE, Workload.TCP})))
    assert [s.workload for s in load.streams] == [Workload.IDLE]


def test_full_rate_is_a_closed_loop_of_new_connections() -> None:
    load = plan(size=LoadSize(full_rate=True))
    assert stream(load, Workload.CONNECT).rate_per_s == 0
    assert stream(load, Workload.KEEPALIVE).rate_per_s > 0


def test_many_frontends_share_the_budget() -> None:
    many = PLAIN + "".join(
        f"frontend f{n}\n    bind :{8000 + n}\n    default_backend app\n" for n in range(20)
    )
    load = plan(many)
    assert sum(s.rate_per_s for s in load.streams) == pytest.approx(RATE_BUDGET_PER_S)


def test_one_frontend_gets_the_rate_that_was_asked_for() -> None:
    load = plan(size=LoadSize(rate_per_s=3000))
    assert stream(load, Workload.KEEPALIVE).rate_per_s == 3000


def test_no_connection_rests_longer_than_the_frontend_lets_it() -> None:
    text = PLAIN.replace("timeout client 10s", "timeout client 10s\n    timeout http-keep-alive 500ms")
    load = plan(text, LoadSize(connections=1000, rate_per_s=50))
    keepalive = stream(load, Workload.KEEPALIVE)
    assert keepalive.connections / keepalive.rate_per_s <= 0.5 * 0.6
    assert stream(load, Workload.IDLE).idle_s == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("timeouts", "idle_s"),
    [
        ("timeout http-request 1s\n    timeout client 9s", 0.6),
        ("timeout http-keep-alive 2s\n    timeout http-request 1s", 1.2),
        ("timeout client 1s", 0.6),
        ("timeout http-keep-alive 0\n    timeout client 1s", 0.6),
        ("timeout client 0", 1.5),
        ("", 1.5),
    ],
)
def test_which_timeout_bounds_idling(timeouts: str, idle_s: float) -> None:
    text = PLAIN.replace("timeout client 10s\n    timeout server 10s", timeouts)
    assert stream(plan(text), Workload.IDLE).idle_s == pytest.approx(idle_s)


def test_exchanges_last_no_longer_than_any_backend_lets_them() -> None:
    load = plan(PLAIN.replace("server s 10.0.0.1:80", "server s 10.0.0.1:80\n    timeout server 600ms"))
    assert stream(load, Workload.INFLIGHT).duration_s == pytest.approx(0.3)
    assert stream(plan(), Workload.INFLIGHT).duration_s == pytest.approx(1.2)


@pytest.mark.parametrize("where", ["global", "frontend"])
def test_maxconn_leaves_room(where: str) -> None:
    in_frontend = PLAIN.replace("bind :80", "bind :80\n    maxconn 50")
    text = f"global\n    maxconn 50\n{PLAIN}" if where == "global" else in_frontend
    assert sum(s.connections for s in plan(text).streams) <= 0.5 * 50 + len(plan(text).streams)
    assert all(s.connections >= 1 for s in plan(text).streams)


def test_a_live_proxy_of_unknown_configuration() -> None:
    found = find_targets(model_of(PLAIN), REACH, (2, 8))
    load = plan_load(found, None, {}, LoadSize())
    assert stream(load, Workload.IDLE).idle_s == 1.5
