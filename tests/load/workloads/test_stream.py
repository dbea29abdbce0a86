"""A long response, asked for by a header, and cut."""

from pathlib import Path

from hitless.records import Outcome, Stream, Workload
from tests.load.engine_bed import FaultServer, answer, note_heads, outcomes_of, target_of


def stream_to(port: int) -> Stream:
    return Stream(number=0, workload=Workload.STREAM, target=target_of(port), duration_s=0.5)


def test_the_simulated_servers_are_told_how_long_it_lasts(tmp_path: Path) -> None:
    heads: list[bytes] = []
    with FaultServer(note_heads(heads)) as server:
        assert outcomes_of(tmp_path, stream_to(server.port), 2) == [Outcome.OK, Outcome.OK]
    assert b"\r\nX-Hitless: stream-ms=500; chunk-ms=100\r\n" in heads[0]
    assert b"\r\nConnection: close\r\n" in heads[0]


def test_a_download_that_is_cut(tmp_path: Path) -> None:
    half = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    with FaultServer(answer(half)) as server:
        assert outcomes_of(tmp_path, stream_to(server.port), 1) == [Outcome.STREAM_CUT]
