"""However a run ends, nothing of it stays, and the next one starts clean."""

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.conftest import require
from tests.system.proofs import KEEPALIVE, command
from tests.system.sandbox_helpers import pids_with, wait_until_gone

pytestmark = pytest.mark.system

LEFT_WITHIN_S = 60.0
STAGE_DEADLINE_S = 60.0


class Run:
    """A proof that would take ten minutes, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        require(os.geteuid() == 0, "needs root")
        (directory / "haproxy.cfg").write_text(KEEPALIVE)
        self.directory = directory
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            command("prove", "haproxy.cfg", "--control", "600s"),
            cwd=directory,
            env=os.environ | {"HITLESS_TEST_MARK": self.mark, "TMPDIR": str(directory)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def await_process(self, part: str) -> int:
        """Wait until a process of the run has this in its command line; return its pid."""
        deadline = time.monotonic() + STAGE_DEADLINE_S
        while time.monotonic() < deadline:
            for pid in sorted(pids_with(self.mark)):
                words = _command_line(pid)
                if part in words and "sandbox.enter" not in words:
                    return pid
            time.sleep(0.02)
        raise AssertionError(f"no process with {part}: {self.end()}")

    def end(self) -> tuple[int, str]:
        """Wait for the end; return status and stderr. Nothing of the run may be left then."""
        began = time.monotonic()
        _, errors = self.process.communicate(timeout=LEFT_WITHIN_S)
        assert wait_until_gone(self.mark, timeout_s=LEFT_WITHIN_S) == set()
        assert time.monotonic() - began < LEFT_WITHIN_S
        return self.process.returncode, errors

    def left(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir() if path.name != "haproxy.cfg")


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("stage", ["hitless prove", "sandbox.world", "load.process --process"])
@pytest.mark.parametrize(
    "interrupt",
    [
        pytest.param(lambda run: os.killpg(run.process.pid, signal.SIGINT), id="Ctrl-C"),
        pytest.param(lambda run: run.process.send_signal(signal.SIGTERM), id="SIGTERM"),
        pytest.param(lambda run: run.process.send_signal(signal.SIGHUP), id="SIGHUP"),
    ],
)
def test_interrupted_it_takes_everything_down(
    tmp_path: Path, stage: str, interrupt: Callable[[Run], None]
) -> None:
    run = Run(tmp_path)
    run.await_process(stage)
    _await_handlers(run)
    interrupt(run)
    status, errors = run.end()
    assert (status, errors.strip()) == (130, "hitless: interrupted; everything has been taken down.")
    assert run.left() == []


def _await_handlers(run: Run) -> None:
    """Wait until Python has started: before that a signal has its default effect, and there is nothing to undo."""
    wanted = sum(1 << (number - 1) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    status = Path(f"/proc/{run.process.pid}/status")
    deadline = time.monotonic() + STAGE_DEADLINE_S
    while time.monotonic() < deadline:
        (caught,) = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigCgt")]
        if int(caught, 16) & wanted == wanted:
            return
        time.sleep(0.01)
    raise AssertionError("no handlers")


@pytest.mark.parametrize(
    ("victim", "said"),
    [
        ("load.process --process", "Load process 0 was killed by SIGKILL"),
        ("sandbox.world --plan-fd", "The simulated servers' process was killed by SIGKILL"),
        ("hitless.prove.inside", "The process in which the proof runs"),
    ],
)
def test_the_death_of_a_part_is_named_and_is_no_verdict(tmp_path: Path, victim: str, said: str) -> None:
    run = Run(tmp_path)
    run.await_process("load.process --process")
    os.kill(run.await_process(victim), signal.SIGKILL)
    status, errors = run.end()
    assert said in errors
    assert status == 3
    assert "Traceback" not in errors
    assert run.left() == []


def test_killed_it_leaves_a_partial_bundle_that_the_next_run_removes(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.await_process("load.process --process")
    run.process.kill()
    assert run.end()[0] == -signal.SIGKILL
    (left,) = run.left()
    assert left.endswith(".partial")
    again = Run(tmp_path)
    again.await_process("load.process --process")
    again.process.send_signal(signal.SIGTERM)
    assert again.end()[0] == 130
    assert again.left() == []
