"""Requests, answers known by heart, and which connections carry another request."""

import socket
from pathlib import Path

import pytest

from hitless.attempts import FLAG_FIN_SEEN, FLAG_IDEMPOTENT, OUTCOMES
from hitless.errors import LoadError
from hitless.load.http_client import MAX_KNOWN_ANSWERS, MAX_KNOWN_BYTES, HttpClient, HttpSetup
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup
from hitless.records import Outcome, Request, Stream, Workload
from tests.load.engine_bed import (
    OK_ANSWER,
    FaultServer,
    Standstill,
    answer,
    answer_all,
    close,
    engine_in,
    note_heads,
    read_head,
    run_stream,
    target_of,
)


def stream_to(port: int, workload: Workload = Workload.KEEPALIVE, **fields: object) -> Stream:
    return Stream(number=0, workload=workload, target=target_of(port), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "idempotent"),
    [(Request(), True), (Request(method="HEAD"), True), (Request(method="POST"), False)],
)
def test_only_some_methods_may_be_repeated(tmp_path: Path, request_: Request, idempotent: bool) -> None:  # noqa: FBT001 - a case
    with engine_in(tmp_path) as engine:
        setup = StreamSetup(engine, stream_to(80, request=request_), None)
        http = HttpSetup(setup, keep_connections=True, extra=(("X-Extra", "yes"),))
    assert bool(setup.flags & FLAG_IDEMPOTENT) is idempotent
    assert http.head_only is (request_.method == "HEAD")
    assert http.request.startswith(f"{request_.method} / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n".encode())
    assert b"\r\nX-Extra: yes\r\n" in http.request


def test_a_request_that_is_more_than_one_is_refused(tmp_path: Path) -> None:
    with engine_in(tmp_path) as engine:
        setup = StreamSetup(engine, stream_to(80, request=Request(path="/ HTTP/1.1\r\nX: y")), None)
        with pytest.raises(LoadError):
            HttpSetup(setup, keep_connections=True)


@pytest.mark.parametrize("rate_per_s", [0.0, 200.0])
def test_an_answer_that_is_known_counts_as_one_that_is_new(tmp_path: Path, rate_per_s: float) -> None:
    not_found = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"

    def alternate(connection: socket.socket) -> None:
        replies = [OK_ANSWER, not_found, OK_ANSWER, not_found, OK_ANSWER]
        while read_head(connection):
            connection.sendall(replies.pop(0) if replies else OK_ANSWER)

    with FaultServer(alternate) as server:
        rows = run_stream(tmp_path, stream_to(server.port, rate_per_s=rate_per_s), rows=5)[:5]
    assert rows["status"].tolist() == [200, 404, 200, 404, 200]
    assert rows["request_number"].tolist() == [1, 2, 3, 4, 5]
    assert not rows["outcome"].any()


def test_what_is_known_by_heart_is_bounded(tmp_path: Path) -> None:
    with engine_in(tmp_path) as engine:
        http = HttpSetup(StreamSetup(engine, stream_to(80), None), keep_connections=True)
        client = HttpClient(http, Pace(0))
        client._learn(bytes(MAX_KNOWN_BYTES + 1))
        assert http.known_answers == {}
        for number in range(MAX_KNOWN_ANSWERS + 5):
            client._learn(b"%d" % number)
    assert len(http.known_answers) == MAX_KNOWN_ANSWERS


def test_an_answer_in_pieces_is_one_answer(tmp_path: Path) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"

    def trickle(connection: socket.socket) -> None:
        while read_head(connection):
            for byte in chunked:
                connection.sendall(bytes((byte,)))

    with FaultServer(trickle) as server:
        rows = run_stream(tmp_path, stream_to(server.port), rows=3)[:3]
    assert not rows["outcome"].any()
    assert rows["received_bytes"].tolist() == [len(chunked)] * 3
    assert len(set(rows["connection"].tolist())) == 1


def test_an_answer_to_head_has_no_body(tmp_path: Path) -> None:
    heads: list[bytes] = []
    with FaultServer(note_heads(heads, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")) as server:
        rows = run_stream(tmp_path, stream_to(server.port, request=Request(method="HEAD")), rows=2)[:2]
    assert heads[0].startswith(b"HEAD ")
    assert not rows["outcome"].any()
    assert len(set(rows["connection"].tolist())) == 1


def test_bytes_beyond_the_answer_are_the_next_answer_of_a_naive_client(tmp_path: Path) -> None:
    timeout = b"HTTP/1.0 408 Request Time-out\r\nConnection: close\r\n\r\n"
    leaves = Standstill(OK_ANSWER + timeout, then=close)
    with FaultServer(leaves, answer_all) as server:
        rows = run_stream(tmp_path, stream_to(server.port, rate_per_s=20), rows=2, hold=leaves.hold)
    assert rows["status"].tolist()[:2] == [200, 408]
    assert rows[1]["connection"] == rows[0]["connection"]
    assert rows[1]["flags"] & FLAG_FIN_SEEN


def test_connection_close_is_obeyed(tmp_path: Path) -> None:
    leave = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with FaultServer(answer(leave)) as server:
        rows = run_stream(tmp_path, stream_to(server.port, Workload.KEEPALIVE), rows=3)
    assert not rows["outcome"].any()
    assert len(set(rows["connection"].tolist())) == len(rows)


def test_a_lost_answer_does_not_spoil_the_next(tmp_path: Path) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    with FaultServer(answer(half), answer_all) as server:
        rows = run_stream(tmp_path, stream_to(server.port), rows=3)
    assert [OUTCOMES[code] for code in rows["outcome"][:3]] == [Outcome.TRUNCATED, Outcome.OK, Outcome.OK]
