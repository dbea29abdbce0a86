"""Ctrl-C and SIGTERM in the middle of a proof: the documented status, and nothing is left."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.system.proofs import DEFERRED, command

pytestmark = pytest.mark.system


def until(condition: "Path", process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while not condition.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)  # a file has no event that both a sandbox and a loopback run would give


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("reached", ["config/0.cfg", "events-run.jsonl", "attempts-0.bin"])
def test_a_signal_ends_it_with_its_own_status(
    haproxy_path: str, tmp_path: Path, number: signal.Signals, reached: str
) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(DEFERRED)
    bundle = tmp_path / "bundle"
    words = ("prove", str(file), "--haproxy", haproxy_path, "--output", str(bundle), "--control", "600s")
    process = subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(tmp_path / "bundle.partial" / reached, process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert stdout == b""
    assert b"hitless: interrupted" in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["haproxy.cfg"]
