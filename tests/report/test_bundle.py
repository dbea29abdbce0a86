"""What a run left on disk is drawn as the run itself is."""

from pathlib import Path

import pytest

from hitless.attempts import HEADER, HEADER_SIZE, MAGIC, ROW
from hitless.errors import EvidenceError
from hitless.evidence.bundle import BundleWriter
from hitless.evidence.bundle_meta import SCHEMA, BundleMeta
from hitless.evidence.model import TraceStatus
from hitless.report.bundle import read_result, render_bundle_html
from hitless.report.html import render_html
from tests.report.synthetic import Run, make_run


def write(run: Run, directory: Path) -> Path:
    """Write the run as `hitless prove` does."""
    result = run.result
    with BundleWriter(directory) as writer:
        header = HEADER.pack(MAGIC, ROW.size, 0, len(run.attempts), 0, 0).ljust(HEADER_SIZE, b"\0")
        writer.attempts_path(0).write_bytes(header + run.attempts.tobytes())
        writer.write_events(run.events)
        writer.write_counters([])
        writer.write_facts({})
        writer.write_verdict(result)
        meta = BundleMeta(
            schema=SCHEMA,
            hitless=result.hitless,
            argv=("hitless", "prove"),
            haproxy_version=result.haproxy.version,
            haproxy_path=result.haproxy.path,
            mode=result.mode,
            via=result.via,
            tier=result.tier,
            started_ns=result.origin_ns,
            ended_ns=result.origin_ns + 1,
            clock_monotonic_ns=0,
            clock_realtime_ns=0,
            clock_error_ns=0,
            trace=TraceStatus(source="tracefs"),
            streams=run.streams,
        )
        return writer.commit(meta)


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


@pytest.fixture(scope="module")
def bundle(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(run, tmp_path_factory.mktemp("runs") / "prove-1")


def test_the_result_is_read_back(run: Run, bundle: Path) -> None:
    assert read_result(bundle) == run.result


def test_the_page_is_that_of_the_run(run: Run, bundle: Path) -> None:
    events = sorted(run.events, key=lambda event: event.t_ns)
    assert render_bundle_html(bundle) == render_html(run.result, run.attempts, run.streams, events)


def test_a_directory_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    for read in (read_result, render_bundle_html):
        with pytest.raises(EvidenceError, match="is no bundle"):
            read(tmp_path)
