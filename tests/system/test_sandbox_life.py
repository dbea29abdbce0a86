import os
import random
import signal
import uuid

import pytest

from tests.system.patience import DEADLINE_S
from tests.system.sandbox_helpers import TIERS, read_begin, start, wait_until_gone

pytestmark = pytest.mark.system

_STAYS = ("sh", "-c", "setsid sh -c 'sleep 900 & exec sleep 900' & echo inside; exec sleep 900")
"""A program with orphans in sessions of their own."""


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("victim", ["hitless", "launcher", "init"])
def test_the_death_of_any_link_ends_everything_inside(tier: str, victim: str) -> None:
    mark = uuid.uuid4().hex
    with start(tier, _STAYS, HITLESS_TEST_MARK=mark) as process:
        said = read_begin(process, "inside")
        pids = {"hitless": process.pid, "launcher": said["launcher"], "init": said["report"]["init_pid"]}
        os.kill(pids[victim], signal.SIGKILL)
        assert wait_until_gone(mark, timeout_s=DEADLINE_S) == set()
        process.communicate(timeout=DEADLINE_S)


@pytest.mark.parametrize("tier", TIERS)
def test_killed_at_any_moment_nothing_stays(tier: str) -> None:
    mark = uuid.uuid4().hex
    moments = random.Random(1)
    for _ in range(12):
        with start(tier, _STAYS, HITLESS_TEST_MARK=mark) as process:
            signal.sigtimedwait([], moments.uniform(0.0, 0.35))
            process.kill()
            process.communicate(timeout=DEADLINE_S)
    assert wait_until_gone(mark, timeout_s=DEADLINE_S) == set()


@pytest.mark.parametrize("tier", TIERS)
def test_sigterm_reaches_the_program_and_its_status_comes_back(tier: str) -> None:
    program = ("sh", "-c", "trap 'exit 42' TERM; echo inside; while :; do sleep 0.05; done")
    with start(tier, program) as process:
        said = read_begin(process, "inside")
        os.kill(said["launcher"], signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 42


@pytest.mark.parametrize("tier", TIERS)
def test_orphans_are_reaped(tier: str) -> None:
    # Each inner shell leaves a child behind, which init adopts; cat ends with the last of them. What has just ended
    # is a zombie until init is scheduled, and nothing tells when: so it is looked for over and over.
    orphans = "for i in 1 2 3 4 5; do sh -c 'sh -c : &'; done | cat; "
    zombie = "for f in /proc/[0-9]*/stat; do read -r l < $f && case $l in *') Z '*) return 0;; esac; done; return 1"
    look = f"zombie() {{ {zombie}; }}; for i in $(seq 400); do zombie || exit 0; sleep 0.1; done; exit 3"
    with start(tier, ("sh", "-c", orphans + look)) as process:
        process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0


@pytest.mark.parametrize("tier", TIERS)
def test_a_program_that_is_not_there_is_said(tier: str) -> None:
    with start(tier, ("/no/such/program",)) as process:
        _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 127
    assert b"cannot start /no/such/program in the sandbox: No such file" in errors
