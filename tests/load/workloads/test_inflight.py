"""Responses that take long, as long as the simulated servers are told."""

from pathlib import Path

from hitless.records import Stream, Workload
from tests.load.engine_bed import FaultServer, note_heads, run_stream, target_of


def test_the_simulated_servers_are_told_how_long_to_wait(tmp_path: Path) -> None:
    heads: list[bytes] = []
    with FaultServer(note_heads(heads)) as server:
        stream = Stream(number=0, workload=Workload.INFLIGHT, target=target_of(server.port), duration_s=1.25)
        rows = run_stream(tmp_path, stream, rows=3)[:3]
    assert all(b"\r\nX-Hitless: delay-ms=1250\r\n" in head for head in heads)
    assert all(b"\r\nConnection: close\r\n" in head for head in heads)
    assert len(set(rows["connection"].tolist())) == 3
    assert not rows["outcome"].any()
