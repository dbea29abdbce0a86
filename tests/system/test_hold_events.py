"""Under load: reloads, restarts, crashes, upgrades. Nobody is refused; who was lost, was in a process that was killed.

HITLESS_HOLD_EVENTS="20,10,10" are how many reloads, stops with a start, and kills; HITLESS_HOLD_VERSIONS which ones.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from hitless.attempts import OUTCOME_CODES
from hitless.load.runner import LoadProcesses
from hitless.records import Outcome, Stream, Workload
from tests.system.hold_bed import HoldBed, hold_bed
from tests.system.live_haproxy import versions
from tests.system.load_bed import Rows, run_load, target

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

RELOADS, STOPS, KILLS = (int(word) for word in os.environ.get("HITLESS_HOLD_EVENTS", "2,1,1").split(","))
VERSIONS = os.environ.get("HITLESS_HOLD_VERSIONS", "2.6,2.8").split(",")
CONNECTIONS = 40
REST_S = 0.3
NEWER = {"2.2": "2.6", "2.6": "2.8", "2.8": "3.0", "3.0": "3.2", "3.2": "3.0"}


@dataclass
class Story:
    """What is done while clients come."""

    bed: HoldBed
    events: list[tuple[str, int, int]] = field(default_factory=list)
    """Name, begin and end, as the attempts have them."""

    def __call__(self, load: LoadProcesses) -> None:
        time.sleep(REST_S)  # a while in which nothing happens, to compare with
        bed = self.bed
        self._do("nothing", lambda: None)
        for _ in range(RELOADS):
            self._do("reload", bed.reload)
        for _ in range(STOPS):
            self._do("stop and start", bed.restart)
        for _ in range(KILLS):
            self._do("kill -9", bed.crash)
        self._do("upgrade of the holder", bed.upgrade_holder)
        self._do("reload after it", bed.reload)
        before = bed.version
        bed.version = next(iter(versions(NEWER[before])), before)
        self._do(f"upgrade {before} to {bed.version}", bed.restart)
        load.check()

    def _do(self, name: str, act: Callable[[], object]) -> None:
        begin = time.monotonic_ns()
        act()
        time.sleep(REST_S)
        self.events.append((name, begin, time.monotonic_ns()))


@pytest.mark.parametrize("mode", ["classic", "master-worker"])
@pytest.mark.parametrize("version", versions(*VERSIONS))
def test_nobody_is_refused(tmp_path: Path, version: str, mode: str) -> None:
    with hold_bed(tmp_path, version, master=mode == "master-worker") as bed:
        bed.hold(close_after="30s")
        bed.start()
        story = Story(bed)
        stream = Stream(
            number=0,
            workload=Workload.CONNECT,
            target=target(bed.port),
            connections=CONNECTIONS,
            timeout_s=60.0,
            slow_s=60.0,
        )
        rows = run_load(tmp_path / "rows", (stream,), during=story)
        said = bed.said()
    report(f"{version} {mode}", rows, story)
    assert outcomes(rows, Outcome.REFUSED, Outcome.CONNECT_TIMEOUT, Outcome.RESPONSE_TIMEOUT) == 0, said
    killed = [(begin, end) for name, begin, end in story.events if name == "kill -9"]
    lost = rows[rows["outcome"] != OUTCOME_CODES[Outcome.OK]]
    for row in lost:  # each was in the hands of a process that was killed, whenever its client came to see it
        assert any(row["start_ns"] <= end and begin <= row["end_ns"] for begin, end in killed), (
            row,
            story.events,
        )
    assert len(lost) <= CONNECTIONS * len(killed)
    for name, begin, end in story.events:  # there were clients all the time
        assert ((rows["start_ns"] <= end) & (rows["end_ns"] >= begin)).sum() > CONNECTIONS / 2, name


def outcomes(rows: Rows, *wanted: Outcome) -> int:
    return int(np.isin(rows["outcome"], [OUTCOME_CODES[one] for one in wanted]).sum())


def report(title: str, rows: Rows, story: Story) -> None:
    """Write the longest wait of a new connection for each kind of event."""
    names = {code: outcome for outcome, code in OUTCOME_CODES.items()}
    counted = {str(names[code]): int((rows["outcome"] == code).sum()) for code in np.unique(rows["outcome"])}
    duration_s = (story.events[-1][2] - story.events[0][1]) / 1e9
    lines = [f"{title}: {len(rows) / duration_s:.0f}/s for {duration_s:.0f} s, {counted}"]
    waits: dict[str, list[float]] = {}
    fine = rows[rows["outcome"] == OUTCOME_CODES[Outcome.OK]]
    for name, begin, end in story.events:
        during = fine[(fine["end_ns"] >= begin) & (fine["start_ns"] <= end)]
        longest_ns = int((during["end_ns"] - during["start_ns"]).max()) if len(during) else 0
        waits.setdefault(name, []).append(longest_ns / 1e6)
    for name, values in waits.items():
        median_ms = np.median(values)
        lines.append(
            f"  {name} ({len(values)}): longest wait {max(values):.0f} ms, median {median_ms:.0f} ms"
        )
    sys.stderr.write("\n".join(["", *lines, ""]))
