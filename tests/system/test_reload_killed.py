"""Killed at any moment: HAProxy serves on, the configuration is whole, and the next call recovers.

HITLESS_KILLS says how often; the default keeps the whole test run short.
"""

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.records import Outcome
from tests.system.live_haproxy import versions
from tests.system.reload_bed import ANSWERS, Service, command, environment, outcomes, service

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]

KILLS = int(os.environ.get("HITLESS_KILLS", "10"))
LONGEST_S = 2.5
"""A little longer than a whole call takes on a busy machine."""


def kill_one(running: Service, new: Path, after_s: float) -> bool:
    """Start a reload into another configuration, kill it after so long; return whether it was still running."""
    process = subprocess.Popen(
        command("reload", *running.words, "--config", str(new), "--quiet"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def moments() -> Iterator[float]:
    """Random moments, spread evenly over the time that a call takes."""
    chance = random.Random(7)  # the same moments each time; what happens at them is chance enough
    for number in range(KILLS):
        yield (number + chance.random()) / KILLS * LONGEST_S


@pytest.mark.parametrize(
    ("version", "mode"),
    [*((version, "master-worker") for version in versions("2.6", "2.8")), (versions("2.8")[0], "classic")],
)
def test_killed_at_random_moments(tmp_path: Path, version: str, mode: str) -> None:
    with service(tmp_path, version, mode) as running:
        first = ANSWERS.format(directory=running.live.directory, port=running.live.port)
        variants = (first, f"{first}# the other one\n")
        files = [tmp_path / "a.cfg", tmp_path / "b.cfg"]
        for file, text in zip(files, variants, strict=True):
            file.write_text(text)
        killed = 0

        def kill_often() -> None:
            nonlocal killed
            for number, moment in enumerate(moments()):
                killed += kill_one(running, files[number % 2], moment)
                assert running.live.configuration.read_text() in variants
                assert running.serving()

        found = outcomes(tmp_path / "rows", running.live.port, kill_often, rate_per_s=200.0)
        assert killed > KILLS / 4, "the moments do not lie within a call any more"
        assert found[Outcome.REFUSED] == 0
        assert {outcome for outcome in found if outcome is not Outcome.OK} == set(), found
        result = running.reload("--config", str(files[0]))
        assert (result.status, result.outcome) == (0, "taken-over"), result
        assert running.live.configuration.read_text() == variants[0]
        assert running.leftovers == []
        assert result.document["clients"]["source"] in {"tracefs", "counters"}
