"""Many calls at once: a handful of real reloads, everybody told the truth, nobody hurt."""

import os
from pathlib import Path

import pytest

from tests.system.live_haproxy import versions
from tests.system.reload_bed import Result, hurt, in_parallel, outcomes, service

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

CALLS = int(os.environ.get("HITLESS_CALLS", "10"))


@pytest.mark.parametrize("version", versions("2.8"))
def test_calls_at_once_become_a_handful_of_reloads(tmp_path: Path, version: str) -> None:
    with service(tmp_path, version) as running:
        results: list[Result] = []
        found = outcomes(
            tmp_path / "rows",
            running.live.port,
            lambda: results.extend(in_parallel(CALLS, running.reload)),
            rate_per_s=100.0,
        )
        assert hurt(found) == {}
        assert [(r.status, r.stderr) for r in results if r.status] == []
        assert {r.outcome for r in results} == {"taken-over"}
        receipts = {r.document["id"] for r in results}
        assert 1 <= len(receipts) <= 4, receipts
        assert running.serving() in {r.document["new_pid"] for r in results}
