"""What a client records when servers fail: one fault each, on real sockets."""

import select
import socket
from errno import ECONNREFUSED, ECONNRESET, EPROTO, ETIMEDOUT
from pathlib import Path

import pytest

from hitless.attempts import (
    FLAG_FIN_SEEN,
    FLAG_IDEMPOTENT,
    FLAG_IN_PROGRESS,
    FLAG_RESPONSE_BEGUN,
    FLAG_RETRY,
    FLAG_REUSED,
    NO_ATTEMPT,
    OUTCOMES,
)
from hitless.errors import LoadError
from hitless.records import Outcome, Request, Stream, Target, Workload
from tests.load.engine_bed import (
    OK_ANSWER,
    PATIENCE_S,
    Behaviour,
    FaultServer,
    Standstill,
    answer,
    answer_all,
    close,
    read_head,
    reset,
    run_stream,
    target_of,
    wait_for_client,
)

TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


def stream_to(port: int, workload: Workload = Workload.CONNECT, **fields: object) -> Stream:
    return Stream(number=0, workload=workload, target=target_of(port), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("behaviour", "outcome", "errno", "status"),
    [
        (answer(OK_ANSWER), Outcome.OK, 0, 200),
        (answer(b"HTTP/1.0 200 OK\r\n\r\nuntil the end"), Outcome.OK, 0, 200),
        (answer(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), Outcome.HTTP_5XX, 0, 503),
        (answer(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), Outcome.OK, 0, 404),
        (answer(), Outcome.EMPTY_REPLY, 0, 0),
        (answer(then=reset), Outcome.RESET_BEFORE_RESPONSE, ECONNRESET, 0),
        (answer(TRUNCATED), Outcome.TRUNCATED, 0, 200),
        (answer(TRUNCATED, then=reset), Outcome.TRUNCATED, None, 200),
        (answer(b"SSH-2.0-OpenSSH_9.2\r\n"), Outcome.PROTOCOL_ERROR, 0, 0),
        (wait_for_client, Outcome.RESPONSE_TIMEOUT, ETIMEDOUT, 0),
        (answer(TRUNCATED, then=wait_for_client), Outcome.RESPONSE_TIMEOUT, ETIMEDOUT, 200),
    ],
)
def test_answers_and_losses_on_a_fresh_connection(
    tmp_path: Path, behaviour: Behaviour, outcome: Outcome, errno: int | None, status: int
) -> None:
    # The answer that has begun must have time to begin.
    times: dict[str, float] = {"timeout_s": 2.0 if status else 0.2} if errno == ETIMEDOUT else {}
    with FaultServer(behaviour) as server:
        row = run_stream(tmp_path, stream_to(server.port, Workload.CONNECT, **times), rows=1)[0]
    assert OUTCOMES[row["outcome"]] is outcome
    assert row["status"] == status
    assert errno is None or row["errno"] == errno
    assert int(row["flags"]) & ~FLAG_RESPONSE_BEGUN == FLAG_IDEMPOTENT
    assert (
        bool(row["flags"] & FLAG_RESPONSE_BEGUN) == (row["first_byte_ns"] > 0) == (row["received_bytes"] > 0)
    )
    assert row["request_number"] == 1
    assert row["retry_of"] == NO_ATTEMPT
    assert row["intended_ns"] <= row["start_ns"] <= row["opened_ns"] <= row["connected_ns"] <= row["end_ns"]


def test_refused_clients_keep_probing_without_a_spin(tmp_path: Path) -> None:
    with socket.socket() as silent:  # bound, so that nobody else gets the port
        silent.bind(("127.0.0.1", 0))
        rows = run_stream(tmp_path, stream_to(silent.getsockname()[1]), rows=4)
    assert {OUTCOMES[code] for code in rows["outcome"]} == {Outcome.REFUSED}
    assert set(rows["errno"].tolist()) == {ECONNREFUSED}
    assert (rows["connected_ns"] == 0).all()
    gaps = rows["start_ns"][1:] - rows["end_ns"][:-1]
    assert (gaps >= 20_000_000).all()
    assert (gaps < 200_000_000).any()


def test_an_absent_socket_file_is_refused(tmp_path: Path) -> None:
    absent = Target(frontend="fe", where="test.cfg:1", address=str(tmp_path / "absent.sock"))
    row = run_stream(tmp_path, Stream(number=0, workload=Workload.CONNECT, target=absent), rows=1)[0]
    assert OUTCOMES[row["outcome"]] is Outcome.REFUSED


def test_a_full_accept_queue_is_a_connect_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            # Linux takes one connection more than the backlog; the next SYNs are dropped.
            assert select.select([full], [], [], PATIENCE_S)[0]
            row = run_stream(tmp_path, stream_to(port, timeout_s=0.3), rows=1)[0]
    assert OUTCOMES[row["outcome"]] is Outcome.CONNECT_TIMEOUT
    assert row["errno"] == ETIMEDOUT
    assert row["connected_ns"] == 0


def test_a_full_unix_backlog_makes_the_client_wait(tmp_path: Path) -> None:
    path = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as full, socket.socket(socket.AF_UNIX) as first:
        full.bind(path)
        full.listen(0)
        first.connect(path)
        waits = Target(frontend="fe", where="test.cfg:1", address=path)
        stream = Stream(number=0, workload=Workload.CONNECT, target=waits, timeout_s=0.3)
        row = run_stream(tmp_path, stream, rows=1)[0]
    assert OUTCOMES[row["outcome"]] is Outcome.CONNECT_TIMEOUT


def test_a_late_answer_is_slow(tmp_path: Path) -> None:
    def late(connection: socket.socket) -> None:
        read_head(connection)
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(OK_ANSWER)

    with FaultServer(late) as server:
        row = run_stream(tmp_path, stream_to(server.port, slow_s=0.05), rows=1)[0]
    assert OUTCOMES[row["outcome"]] is Outcome.SLOW
    assert row["status"] == 200


@pytest.mark.parametrize("goodbye", [close, reset])
@pytest.mark.parametrize("rate_per_s", [0.0, 20.0])
def test_a_connection_closed_under_the_client_is_a_stale_reuse_and_its_retry_is_ok(
    tmp_path: Path, goodbye: Behaviour, rate_per_s: float
) -> None:
    leaves = Standstill(OK_ANSWER, then=goodbye)
    with FaultServer(leaves, answer_all) as server:
        stream = stream_to(server.port, Workload.KEEPALIVE, rate_per_s=rate_per_s)
        rows = run_stream(tmp_path, stream, rows=4, hold=leaves.hold)
    first, stale, retry, after = rows[:4]
    assert [OUTCOMES[row["outcome"]] for row in rows[:4]] == [
        Outcome.OK,
        Outcome.STALE_REUSE,
        Outcome.OK,
        Outcome.OK,
    ]
    assert stale["flags"] & FLAG_REUSED
    assert not rate_per_s or stale["flags"] & FLAG_FIN_SEEN
    assert stale["connection"] == first["connection"] != retry["connection"] == after["connection"]
    assert retry["flags"] & FLAG_RETRY
    assert retry["retry_of"] == 1
    assert retry["intended_ns"] == stale["end_ns"]
    if rate_per_s:
        assert after["intended_ns"] - stale["intended_ns"] == 50_000_000


def test_a_request_that_may_not_be_repeated_is_repeated_only_if_the_fin_was_seen(tmp_path: Path) -> None:
    post = Request(method="POST")

    def leave_at_the_second(connection: socket.socket) -> None:
        read_head(connection)

    with FaultServer(answer(OK_ANSWER, then=leave_at_the_second), answer_all) as server:
        rows = run_stream(tmp_path, stream_to(server.port, Workload.KEEPALIVE, request=post), rows=3)
    assert [OUTCOMES[row["outcome"]] for row in rows[:3]] == [Outcome.OK, Outcome.STALE_REUSE, Outcome.OK]
    assert not (rows["flags"] & (FLAG_RETRY | FLAG_IDEMPOTENT)).any()


def test_an_answer_that_nobody_asked_for_becomes_the_answer_of_a_naive_client(tmp_path: Path) -> None:
    unasked = b"HTTP/1.0 408 Request Time-out\r\nConnection: close\r\n\r\n"
    leaves = Standstill(OK_ANSWER, unasked, then=close)
    with FaultServer(leaves, answer_all) as server:
        stream = stream_to(server.port, Workload.KEEPALIVE, rate_per_s=20)
        rows = run_stream(tmp_path, stream, rows=2, hold=leaves.hold)
    assert rows[1]["status"] == 408
    assert rows[1]["flags"] & FLAG_FIN_SEEN


def test_an_exchange_in_flight_at_the_end_is_in_progress(tmp_path: Path) -> None:
    with FaultServer(answer_all, wait_for_client) as server:
        stream = stream_to(server.port, Workload.CONNECT, connections=2)
        rows = run_stream(tmp_path, stream, rows=1)
    last = rows[-1]
    assert last["flags"] & FLAG_IN_PROGRESS
    assert OUTCOMES[last["outcome"]] is Outcome.OK


def test_an_exchange_that_was_late_already_is_slow_at_the_end(tmp_path: Path) -> None:
    with FaultServer(answer_all, wait_for_client) as server:
        stream = stream_to(server.port, Workload.CONNECT, connections=2, slow_s=0.01)
        rows = run_stream(tmp_path, stream, rows=1)
    assert OUTCOMES[rows[-1]["outcome"]] is Outcome.SLOW
    assert rows[-1]["flags"] & FLAG_IN_PROGRESS


def test_tls_that_meets_no_tls_fails(tmp_path: Path) -> None:
    def no_tls(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with FaultServer(no_tls) as server:
        tls = target_of(server.port, tls=True)
        row = run_stream(tmp_path, Stream(number=0, workload=Workload.CONNECT, target=tls), rows=1)[0]
    assert OUTCOMES[row["outcome"]] is Outcome.TLS_FAILED
    assert row["errno"] == EPROTO
    assert row["connected_ns"] > 0


@pytest.mark.parametrize(("goodbye", "errno"), [(reset, ECONNRESET), (close, 0)])
def test_a_connection_lost_in_the_tls_handshake(tmp_path: Path, goodbye: Behaviour, errno: int) -> None:
    def leave(connection: socket.socket) -> None:
        connection.recv(4096)
        goodbye(connection)

    with FaultServer(leave) as server:
        tls = target_of(server.port, tls=True)
        row = run_stream(tmp_path, Stream(number=0, workload=Workload.CONNECT, target=tls), rows=1)[0]
    assert OUTCOMES[row["outcome"]] is Outcome.TLS_FAILED
    assert row["errno"] == errno


def test_a_source_address_of_another_machine_is_an_error_and_not_a_victim(tmp_path: Path) -> None:
    foreign = target_of(9, source_address="192.0.2.77")
    stream = Stream(number=0, workload=Workload.CONNECT, target=foreign)
    with pytest.raises(LoadError, match="cannot make a connection"):
        run_stream(tmp_path, stream, rows=1)
