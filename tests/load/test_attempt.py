"""One object, many rows: nothing of one attempt may stay for the next."""

import socket
from pathlib import Path

from hitless.attempts import (
    FLAG_IDEMPOTENT,
    FLAG_RESPONSE_BEGUN,
    FLAG_RETRY,
    NO_ATTEMPT,
    OUTCOMES,
    read_attempts,
)
from hitless.load.attempt import MAX_RECEIVED_BYTES, Attempt
from hitless.load.connection import Connection
from hitless.load.table import attempts_name
from hitless.records import Outcome
from tests.load.engine_bed import engine_in


def test_a_row_says_what_was_noted_and_the_next_begins_anew(tmp_path: Path) -> None:
    connection = Connection(5, socket.AF_INET)
    connection.opened_ns, connection.connected_ns, connection.local_port = 12, 13, 40_000
    with engine_in(tmp_path) as engine:
        attempt = Attempt(engine.table, 3)
        attempt.begin_row(10, 11, FLAG_IDEMPOTENT)
        active = [attempt.is_active]
        attempt.note_bytes(100, 20)
        attempt.note_bytes(50, 30)
        attempt.status = 200
        first = attempt.record(Outcome.TRUNCATED, 104, 40, connection, 7)
        active.append(attempt.is_active)
        attempt.begin_row(41, 41, FLAG_IDEMPOTENT, retry_of=first)
        attempt.record(Outcome.EMPTY_REPLY, 0, 50, connection, 1)
    connection.close()
    lost, retry = read_attempts(tmp_path / attempts_name(0))
    assert active == [True, False]
    assert OUTCOMES[lost["outcome"]] is Outcome.TRUNCATED
    assert lost["flags"] == FLAG_IDEMPOTENT | FLAG_RESPONSE_BEGUN
    names = (
        "stream",
        "status",
        "errno",
        "connection",
        "request_number",
        "local_port",
        "received_bytes",
        "retry_of",
    )
    assert [int(lost[name]) for name in names] == [3, 200, 104, 5, 7, 40_000, 150, NO_ATTEMPT]
    times = ("intended_ns", "start_ns", "opened_ns", "connected_ns", "first_byte_ns", "end_ns")
    assert [int(lost[name]) for name in times] == [10, 11, 12, 13, 20, 40]
    assert retry["flags"] == FLAG_IDEMPOTENT | FLAG_RETRY
    assert [int(retry[name]) for name in ("status", "received_bytes", "first_byte_ns", "retry_of")] == [
        0,
        0,
        0,
        first,
    ]


def test_more_bytes_than_a_row_can_say_are_the_most_it_can(tmp_path: Path) -> None:
    connection = Connection(1, socket.AF_INET)
    with engine_in(tmp_path) as engine:
        attempt = Attempt(engine.table, 0)
        attempt.begin_row(1, 1, 0)
        attempt.note_bytes(MAX_RECEIVED_BYTES + 1, 2)
        attempt.record(Outcome.OK, 0, 3, connection, 1)
    connection.close()
    assert read_attempts(tmp_path / attempts_name(0))["received_bytes"].tolist() == [MAX_RECEIVED_BYTES]
