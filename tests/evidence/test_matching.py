import time

import numpy as np
import numpy.typing as npt
import pytest

from hitless.attempts import dtype
from hitless.evidence.matching import NO_EVENT, match_events, match_log_lines, match_resets
from hitless.records import Event, EventKind, Stream, Target, Workload

MS = 1_000_000
SENT, RECEIVED = EventKind.KERNEL_RESET_SENT, EventKind.KERNEL_RESET_RECEIVED
STREAMS = (
    Stream(
        number=3,
        workload=Workload.KEEPALIVE,
        target=Target(frontend="www", where="", address="192.0.2.1", port=80, source_address="198.51.100.7"),
    ),
    Stream(
        number=5,
        workload=Workload.CONNECT,
        target=Target(frontend="six", where="", address="2001:db8::1", port=443),
    ),
)
WWW, SIX = "192.0.2.1:80", "[2001:db8::1]:443"


def rows(*fields: dict[str, int]) -> npt.NDArray[np.void]:
    table = np.zeros(len(fields), dtype())
    for row, values in zip(table, fields, strict=True):
        for name, value in {"stream": 3, "local_port": 40000, **values}.items():
            row[name] = value
    return table


def attempt(start_ms: int, end_ms: int, **values: int) -> dict[str, int]:
    return {"opened_ns": start_ms * MS, "start_ns": start_ms * MS, "end_ns": end_ms * MS, **values}


def sent(t_ms: float, remote: str = "198.51.100.7:40000", local: str = WWW) -> Event:
    return Event(t_ns=int(t_ms * MS), kind=SENT, local=local, remote=remote)


def received(t_ms: float, local: str = "198.51.100.7:40000", remote: str = WWW) -> Event:
    return Event(t_ns=int(t_ms * MS), kind=RECEIVED, local=local, remote=remote)


def line(t_ms: float, remote: str = "198.51.100.7:40000", frontend: str = "www") -> Event:
    return Event(t_ns=int(t_ms * MS), kind=EventKind.LOG_LINE, remote=remote, reason=frontend)


def test_a_reset_belongs_to_the_attempt_on_its_connection() -> None:
    table = rows(attempt(100, 200), attempt(100, 200, local_port=40001), attempt(300, 400))
    assert match_resets(table, STREAMS, [sent(150)]).tolist() == [0, NO_EVENT, NO_EVENT]


def test_other_clients_and_endpoints_do_not_match() -> None:
    events = [sent(150, "198.51.100.8:40000"), sent(150, local="192.0.2.1:81"), line(150)]
    assert match_resets(rows(attempt(100, 200)), STREAMS, events).tolist() == [NO_EVENT]


def test_where_the_kernel_chose_the_source_the_port_is_enough() -> None:
    events = [sent(150, "[2001:db8::77]:40000", SIX)]
    assert match_resets(rows(attempt(100, 200, stream=5)), STREAMS, events).tolist() == [0]


def test_a_reset_after_a_fin_still_belongs_to_it() -> None:
    assert match_resets(rows(attempt(100, 200)), STREAMS, [sent(249)]).tolist() == [0]
    assert match_resets(rows(attempt(100, 200)), STREAMS, [sent(251)]).tolist() == [NO_EVENT]


def test_the_life_of_the_connection_counts_and_not_of_the_attempt_alone() -> None:
    table = rows(attempt(150, 200, opened_ns=50 * MS))
    assert match_resets(table, STREAMS, [sent(60)]).tolist() == [0]


def test_an_attempt_that_never_connected_begins_at_its_start() -> None:
    table = rows(attempt(150, 200, opened_ns=0))
    assert match_resets(table, STREAMS, [sent(60)]).tolist() == [NO_EVENT]
    assert match_resets(table, STREAMS, [sent(151)]).tolist() == [0]


def test_the_nearest_reset_wins() -> None:
    events = [sent(120), sent(199), sent(240)]
    assert match_resets(rows(attempt(100, 200)), STREAMS, events).tolist() == [1]


def test_seen_sent_is_preferred_to_seen_received() -> None:
    assert match_resets(rows(attempt(100, 200)), STREAMS, [received(200), sent(150)]).tolist() == [1]
    assert match_resets(rows(attempt(100, 200)), STREAMS, [received(200)]).tolist() == [0]


def test_the_log_line_nearest_to_the_end_is_the_attempts() -> None:
    earlier, own, later = line(100.1), line(203), line(900)
    table = rows(attempt(100, 200))
    assert match_log_lines(table, STREAMS, [earlier, own, later]).tolist() == [1]
    assert match_log_lines(table, STREAMS, [line(50)]).tolist() == [NO_EVENT]
    assert match_log_lines(table, STREAMS, [line(203, frontend="other")]).tolist() == [NO_EVENT]


def test_rows_of_unknown_streams_match_nothing() -> None:
    assert match_resets(rows(attempt(100, 200, stream=9)), STREAMS, [sent(150)]).tolist() == [NO_EVENT]


@pytest.mark.parametrize("events", [[], [sent(150, "unix:1")], [sent(150, "")]])
def test_nothing_to_match_with(events: list[Event]) -> None:
    assert match_resets(rows(attempt(100, 200)), STREAMS, events).tolist() == [NO_EVENT]
    assert match_resets(rows(), STREAMS, events).tolist() == []


def test_events_of_a_row_are_its_reset_and_its_line() -> None:
    table = rows(attempt(1, 2), attempt(100, 200), attempt(100, 200, local_port=1))
    events = [line(201), sent(199)]
    found = match_events(table, np.array([1, 2]), STREAMS, events)
    assert found == {1: (events[1], events[0])}


def test_agrees_with_a_plain_search() -> None:
    random = np.random.default_rng(7)
    table = np.zeros(300, dtype())
    table["stream"] = random.choice([3, 5], 300)
    table["local_port"] = random.integers(1, 6, 300)
    table["opened_ns"] = table["start_ns"] = random.integers(1, 2000, 300) * MS
    table["end_ns"] = table["start_ns"] + random.integers(0, 100, 300) * MS
    events = [
        sent(int(t), f"198.51.100.{host}:{port}", WWW)
        if six
        else sent(int(t), f"[2001:db8::{host}]:{port}", SIX)
        for t, host, port, six in zip(
            random.permutation(2200)[:200],
            random.integers(7, 9, 200),
            random.integers(1, 6, 200),
            random.integers(0, 2, 200),
            strict=True,
        )
    ]
    for row, found in zip(table, match_resets(table, STREAMS, events).tolist(), strict=True):
        server = WWW if row["stream"] == 3 else SIX
        fits = [
            abs(event.t_ns - int(row["end_ns"]))
            for event in events
            if event.local == server
            and event.remote.rpartition(":")[2] == str(row["local_port"])
            and (server == SIX or event.remote.startswith("198.51.100.7:"))
            and row["opened_ns"] - 5 * MS <= event.t_ns <= row["end_ns"] + 50 * MS
        ]
        if found == NO_EVENT:
            assert not fits
        else:
            assert abs(events[found].t_ns - int(row["end_ns"])) == min(fits)


def test_a_million_rows_take_less_than_two_seconds_of_processor() -> None:
    count = 1_000_000
    table = np.zeros(count, dtype())
    table["stream"] = 3
    table["local_port"] = np.arange(count) % 28_000 + 32_768
    table["opened_ns"] = table["start_ns"] = np.arange(count) * 1000
    table["end_ns"] = table["start_ns"] + 500
    events = [sent(n / 100, f"198.51.100.7:{n % 28_000 + 32_768}") for n in range(10_000)]
    before = time.process_time()
    np.lexsort((table["start_ns"], table["local_port"]))
    sorted_at = time.process_time()
    match_resets(table, STREAMS, events)
    # Two seconds; on a slow processor as long as so many sorts of them take.
    assert time.process_time() - sorted_at < max(2.0, 50 * (sorted_at - before))


def test_clients_of_a_network_are_told_apart_by_the_number_of_their_connection() -> None:
    target = Target(frontend="www", where="", address="192.0.2.1", port=80, source_address="10.7.3.0/24")
    streams = (Stream(number=3, workload=Workload.CONNECT, target=target),)
    table = rows(
        attempt(100, 200, connection=4), attempt(100, 200, connection=5), attempt(100, 200, connection=255)
    )
    events = [sent(150, "10.7.3.6:40000"), sent(160, "10.7.4.5:40000"), line(150, "not an address:40000")]
    assert match_resets(table, streams, events).tolist() == [NO_EVENT, 0, 0]
    assert match_log_lines(table, streams, [line(150, "10.7.3.5:40000")]).tolist() == [0, NO_EVENT, NO_EVENT]
