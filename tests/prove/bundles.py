"""Bundles of runs that are made up, as a proof writes them."""

from pathlib import Path

from hitless.attempts import HEADER, HEADER_SIZE, MAGIC, ROW
from hitless.evidence.bundle import BundleWriter
from hitless.evidence.bundle_meta import SCHEMA, BundleMeta
from hitless.evidence.model import CounterReading, TraceStatus
from hitless.prove.judge import judge
from tests.prove.runs import Run, ns


def write_attempts(run: Run, path: Path, *, lost: int = 0) -> None:
    """Write the table of one load process."""
    rows = run.table()
    header = HEADER.pack(MAGIC, ROW.size, 0, len(rows), lost, 0)
    path.write_bytes(header.ljust(HEADER_SIZE, b"\0") + rows.tobytes())


def write_bundle(run: Run, path: Path, *, lost: int = 0) -> Path:
    """Write a bundle and return where it is."""
    facts = run.facts
    meta = BundleMeta(
        schema=SCHEMA,
        hitless="test",
        argv=("haproxy.cfg",),
        haproxy_version=facts.haproxy_version,
        haproxy_path=facts.haproxy_path,
        mode=facts.mode,
        via=facts.via,
        tier=facts.tier,
        started_ns=ns(-1.0),
        ended_ns=ns(run.stop_s),
        clock_monotonic_ns=ns(-1.0),
        clock_realtime_ns=1_795_000_000_000_000_000,
        clock_error_ns=100,
        trace=TraceStatus(
            source=run.kernel.source, missing=run.kernel.missing, lost_events=run.kernel.lost_events
        ),
        streams=facts.streams,
    )
    with BundleWriter(path) as writer:
        writer.add_configuration("haproxy.cfg", b"global\n")
        write_attempts(run, writer.attempts_path(0), lost=lost)
        writer.write_events(run.events)
        writer.write_counters(
            [
                CounterReading(t_ns=ns(5.0), label="control end", values={"TcpExt.ListenDrops": 1}),
                CounterReading(t_ns=ns(run.stop_s), label="load stop", values={"TcpExt.ListenDrops": 1}),
            ]
        )
        writer.write_facts(facts)
        writer.write_verdict(judge(run.case(), hitless_version="test"))
        return writer.commit(meta)
