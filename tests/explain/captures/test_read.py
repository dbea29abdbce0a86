"""Captures of real HAProxies, against what the clients of the load engine recorded in the same run."""

import gzip
import json
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitless.captured import CapturedConnection, Close, Ending, ListenerGap, Protocol, Side
from hitless.errors import EvidenceError
from hitless.explain.captures.endpoints import parse_listeners
from hitless.explain.captures.read import CaptureReader
from tests.explain.captures.wire import read

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.name.partition(".")[0] for path in FIXTURES.glob("*.pcap*"))
OUTCOMES = {
    Ending.REFUSED: "refused",
    Ending.RESET_BEFORE_REQUEST: "connect_reset",
    Ending.RESET_UNANSWERED: "reset_before_response",
    Ending.CLOSED_UNANSWERED: "empty_reply",
    Ending.STALE_REUSE: "stale_reuse",
    Ending.RESPONSE_CUT: "stream_cut",
    Ending.STREAM_CUT: "stream_cut",
}
"""What a client of the load engine says of a connection that ended so (hitless.records.Outcome)."""
SLOW_NS = 900_000_000


def capture(name: str) -> bytes:
    (path,) = FIXTURES.glob(f"{name}.pcap*")
    return path.read_bytes()


def expected(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return document


def port(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


def test_there_are_captures_of_each_kind() -> None:
    assert NAMES == ["accept-queue", "failed-bind", "hard-stop", "idle-close", "lost-syn", "quiet"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("given_listeners", [True, False])
def test_the_capture_shows_the_victims_that_the_clients_recorded(name: str, *, given_listeners: bool) -> None:
    what = expected(name)
    listeners = parse_listeners([what["proxy"]] if given_listeners else [])
    connections, _, totals = read(capture(name), listeners=listeners)
    seen: dict[str, list[int]] = {}
    for connection in connections:
        assert connection.proxy == what["proxy"]
        if connection.is_victim:
            seen.setdefault(OUTCOMES[connection.ending], []).append(port(connection.client))
        elif connection.connect_ns > SLOW_NS:
            seen.setdefault("slow", []).append(port(connection.client))
    for found in seen.values():
        found.sort()
    recorded = {k: v for k, v in what["victims"].items() if k != "slow"}
    assert {k: v for k, v in seen.items() if k != "slow"} == recorded
    # A client is also slow where it waited for the answer.
    assert set(seen.get("slow", [])) <= set(what["victims"].get("slow", []))
    assert totals.skipped == ()
    assert totals.cut == totals.other == totals.fragments == totals.unknown_link == totals.holes == 0


def test_the_accept_queue_that_was_thrown_away() -> None:
    connections, _, _ = read(capture("accept-queue"))
    lost = [c for c in connections if c.ending is Ending.RESET_UNANSWERED]
    assert len(lost) == 18
    assert {(c.proxy_bytes, c.ended_by, c.closed_with) for c in lost} == {(0, Side.PROXY, Close.RST)}
    ended = sorted(c.ended_ns for c in lost)
    assert ended[-1] - ended[0] < 2_000_000, "all in the moment in which the socket was closed"


def test_the_gap_of_a_failed_bind_lasts_two_seconds() -> None:
    _, (gap,), totals = read(capture("failed-bind"))
    assert (gap.refused, totals.endings) == (21, {"closed_by_proxy": 15, "refused": 21})
    assert 1.9e9 < gap.last_refused_ns - gap.first_refused_ns < 2.1e9
    assert gap.accepted_before_ns < gap.first_refused_ns < gap.last_refused_ns < gap.accepted_after_ns
    assert totals.dropped_by_kernel == 0


def test_the_hard_stop_cuts_websockets_and_answers_at_once() -> None:
    connections, _, _ = read(capture("hard-stop"))
    cut = [c for c in connections if c.is_victim]
    assert Counter(c.protocol for c in cut) == {Protocol.TUNNEL: 4, Protocol.HTTP1: 1}
    ended = sorted(c.ended_ns for c in cut)
    assert ended[-1] - ended[0] < 10_000_000
    clean = [c for c in connections if c.ending is Ending.CLOSED_BY_PROXY]
    assert {c.protocol for c in clean} == {Protocol.TUNNEL}, "closed with a WebSocket Close by their clients"


def test_idle_close_hits_the_next_request_on_every_connection() -> None:
    connections, _, _ = read(capture("idle-close"))
    stale = [c for c in connections if c.ending is Ending.STALE_REUSE]
    assert len(stale) == 16
    assert all(c.requests > 1 and c.ended_ns < c.request_ns < c.reset_ns for c in stale)
    assert all(c.idle_before_request_ns > 150_000_000 for c in stale)


def test_lost_syns_were_sent_again_after_a_second() -> None:
    connections, _, _ = read(capture("lost-syn"))
    again = [c for c in connections if c.syn_count > 1]
    assert len(again) == 9
    assert all(0.9e9 < c.last_syn_ns - c.first_ns < 2.2e9 for c in again)
    assert all(c.connect_ns > SLOW_NS for c in again)


def test_a_quiet_reload_closes_and_hurts_nobody() -> None:
    connections, gaps, totals = read(capture("quiet"))
    assert gaps == []
    assert totals.endings == {"client": 6, "closed_by_proxy": 12}
    assert sum(c.requests for c in connections) == expected("quiet")["attempts"]


def test_a_compressed_capture_is_read_from_its_stream() -> None:
    reader = CaptureReader(parse_listeners([]))
    with gzip.open(BytesIO(gzip.compress(capture("quiet")))) as stream:
        found = [*reader.read(stream, "quiet.pcap.gz"), *reader.finish()]
    assert len(found) == 18


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_captures_that_are_cut_and_damaged_are_read_as_far_as_they_go(name: str, data: st.DataObject) -> None:
    raw = bytearray(capture(name)[: data.draw(st.integers(24, len(capture(name))))])
    for _ in range(data.draw(st.integers(0, 5))):
        raw[data.draw(st.integers(12, len(raw) - 1))] = data.draw(st.integers(0, 255))
    reader = CaptureReader(parse_listeners([]))
    try:
        found = [*reader.read(BytesIO(bytes(raw)), name), *reader.finish()]
    except EvidenceError:
        return  # the magic number was hit
    totals = reader.totals()
    assert sum(isinstance(f, CapturedConnection) for f in found) == totals.connections
    assert sum(isinstance(f, ListenerGap) for f in found) == totals.gaps
    assert totals.size_bytes == len(raw)
    assert sum(totals.endings.values()) == totals.connections
