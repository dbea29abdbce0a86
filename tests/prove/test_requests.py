"""Which requests are tried, and which of them is taken."""

import numpy as np
import pytest

from hitless.attempts import OUTCOME_CODES, dtype
from hitless.config.hints import RequestHints
from hitless.errors import UsageError
from hitless.prove.requests import (
    CANDIDATES_PER_FRONTEND,
    NO_ANSWER,
    candidates,
    check_frontends,
    choose,
    probe_streams,
)
from hitless.records import Outcome, Request, Target, Workload

HINTS = RequestHints(hosts=("a.example", "b.example"), paths=("/api", "/"))
WWW = Target(frontend="www", where="h.cfg:3", address="192.0.2.1", port=80)
RAW = Target(frontend="raw", where="h.cfg:9", address="192.0.2.1", port=5432, mode="tcp")


def test_the_plainest_request_is_tried_first() -> None:
    found = [(request.host, request.path) for request in candidates(None, HINTS)]
    assert found == [
        ("", "/"),
        ("a.example", "/"),
        ("b.example", "/"),
        ("", "/api"),
        ("a.example", "/api"),
        ("b.example", "/api"),
    ]


def test_without_hints_there_is_one_request() -> None:
    assert candidates(None, None) == (Request(),)
    assert candidates(None, RequestHints()) == (Request(),)


def test_what_the_user_asks_is_asked_as_it_is_on_every_host() -> None:
    asked = Request(method="HEAD", path="/health", headers=(("X-A", "b"),))
    assert candidates(asked, None) == (asked,)
    found = candidates(asked, HINTS)
    assert [request.host for request in found] == ["", "a.example", "b.example"]
    assert {(request.method, request.path, request.headers) for request in found} == {
        ("HEAD", "/health", (("X-A", "b"),))
    }


def test_a_host_of_the_users_is_the_only_one() -> None:
    asked = Request(host="mine.example")
    assert candidates(asked, HINTS) == (asked,)


def test_the_candidates_are_bounded() -> None:
    hints = RequestHints(
        hosts=tuple(f"h{n}.example" for n in range(32)), paths=tuple(f"/{n}" for n in range(32))
    )
    assert len(candidates(None, hints)) == CANDIDATES_PER_FRONTEND
    assert len(candidates(Request(path="/x"), hints)) == CANDIDATES_PER_FRONTEND


def test_a_request_for_a_frontend_that_is_not_there_is_refused() -> None:
    check_frontends(["", "www"], ["www", "api"])
    with pytest.raises(UsageError, match="no frontend 'wwww'") as caught:
        check_frontends(["", "wwww"], ["www", "api"])
    assert caught.value.hint == "There are: www, api."


def test_probe_streams_are_numbered_and_slow() -> None:
    tried = {"www": (Request(), Request(path="/b"))}
    streams = probe_streams([WWW, RAW], tried, tls_payload=frozenset({"raw"}))
    assert [(s.number, s.target.frontend, s.request.path, s.tls_payload) for s in streams] == [
        (0, "www", "/", False),
        (1, "www", "/b", False),
        (2, "raw", "/", True),
    ]
    assert all(s.workload is Workload.CONNECT and s.rate_per_s == 5 for s in streams)


def rows(*entries: tuple[int, int, Outcome]) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    table = np.zeros(len(entries), dtype())
    for index, (stream, status, outcome) in enumerate(entries):
        table[index]["stream"], table[index]["status"] = stream, status
        table[index]["outcome"] = OUTCOME_CODES[outcome]
    return table


@pytest.mark.parametrize(
    ("statuses", "best", "rank"),
    [
        ((404, 200), 1, 0),
        ((302, 404), 0, 1),
        ((418, 403), 1, 2),
        ((503, 429), 1, 3),
        ((0, 503), 1, 4),
        ((0, 0), 0, NO_ANSWER),
        ((200, 200), 0, 0),
    ],
)
def test_the_best_answer_is_taken(statuses: tuple[int, int], best: int, rank: int) -> None:
    streams = probe_streams([WWW], {"www": (Request(path="/0"), Request(path="/1"))}, tls_payload=frozenset())
    outcome = {0: Outcome.RESPONSE_TIMEOUT}
    table = rows(*((n, status, outcome.get(status, Outcome.OK)) for n, status in enumerate(statuses)))
    assert choose(streams, table) == {"www": (Request(path=f"/{best}"), rank)}


def test_a_tcp_frontend_answers_with_what_its_clients_expect() -> None:
    streams = probe_streams([RAW], {}, tls_payload=frozenset())
    assert choose(streams, rows((0, 0, Outcome.OK)))["raw"][1] == 0
    assert choose(streams, rows((0, 0, Outcome.REFUSED)))["raw"][1] == NO_ANSWER
    assert choose(streams, rows())["raw"][1] == NO_ANSWER
