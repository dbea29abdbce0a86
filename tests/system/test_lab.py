"""The lab on real HAProxies: scenarios come out as they must, mutations do not, and nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import lab_mutations
import pytest

from hitless.errors import ExitCode
from hitless.lab.catalogue import scenarios
from tests.system.conftest import require
from tests.system.live_haproxy import await_true, versions

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

DEADLINE_S = 550
LEFT_WITHIN_S = 60.0
QUICK = "HL501-idle-close-under-clients"
SMOKE = [scenario for scenario in scenarios() if scenario.smoke]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "hitless", "lab", *words]


def lab(*words: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        command("run", *words, "--format", "json"),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def faults(report: dict[str, Any]) -> list[str]:
    return [
        f"{result['command']}: {run['variant']}: {run['why']} {run['misses']} {run['seen']}"
        for result in report["results"]
        for run in (result["broken"], result["fixed"])
        if run["status"] != "green"
    ]


def test_the_smoke_set_has_each_family() -> None:
    assert {scenario.code[:3] for scenario in SMOKE} == {f"HL{digit}" for digit in range(1, 9)}


@pytest.mark.parametrize("scenario", SMOKE, ids=lambda one: one.identity)
def test_scenarios_come_out_broken_and_fixed(scenario: Any) -> None:
    require(os.geteuid() == 0, "stages of the lab need root")
    here = ",".join(versions("2.6", "2.8"))
    _status, report, stderr = lab(scenario.identity, "--haproxy", here, "--mode", scenario.modes[0])
    assert report.get("results"), (stderr, report)
    assert faults(report) == []
    assert report["absent"] == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_mutation_turns_it_red(number: int) -> None:
    require(os.geteuid() == 0, "stages of the lab need root")
    assert lab_mutations.is_killed(lab_mutations.MUTATIONS[number])


def marked(mark: str) -> set[int]:
    """The processes that a run has started, however deep: each has its environment."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes():
                    found.add(int(entry.name))
    return found


def traces_of(pids: set[int]) -> set[str]:
    instances = Path("/sys/kernel/tracing/instances")
    names = [path.name for path in instances.iterdir()] if instances.is_dir() else []
    return {name for name in names if name.startswith("hitless-") and int(name.split("-")[1]) in pids}


@pytest.mark.parametrize(
    ("number", "after_s"),
    [(signal.SIGKILL, 0.0), (signal.SIGKILL, 2.0), (signal.SIGINT, 1.5), (signal.SIGTERM, 2.5)],
)
def test_whatever_ends_it_nothing_is_left(tmp_path: Path, number: signal.Signals, after_s: float) -> None:
    require(os.geteuid() == 0, "stages of the lab need root")
    mark = f"HITLESS_TEST_MARK={tmp_path}"
    environment = os.environ | {"TMPDIR": str(tmp_path), "HITLESS_TEST_MARK": str(tmp_path)}
    run = subprocess.Popen(
        command("run", QUICK, "--mode", "classic"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )
    try:
        await_true(lambda: len(marked(mark)) > 1, "it has begun", LEFT_WITHIN_S)
        time.sleep(after_s)  # the moment is the point: each is at another stage
        started = marked(mark)
        run.send_signal(number)
        if number is not signal.SIGKILL:
            assert run.wait(LEFT_WITHIN_S) == ExitCode.INTERRUPTED
    finally:
        run.kill()
        run.communicate()
    await_true(lambda: not marked(mark), "no process of the run is left", LEFT_WITHIN_S)
    await_true(lambda: not traces_of(started), "no trace instance is left", LEFT_WITHIN_S)
    assert list(tmp_path.iterdir()) == []
