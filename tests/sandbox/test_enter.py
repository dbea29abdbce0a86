import os
import subprocess
import sys

from hitless.sandbox.entry import REFUSED_STATUS, EntrySettings, TierKind, encode


def _enter(parent_pid: int, report_fd: int) -> "subprocess.CompletedProcess[bytes]":
    settings = EntrySettings(tier=TierKind.USER, parent_pid=parent_pid, report_fd=report_fd)
    return subprocess.run(
        [sys.executable, "-P", "-m", "hitless.sandbox.enter", encode(settings).decode(), "/bin/true"],
        pass_fds=[report_fd],
        check=False,
        timeout=60,
    )


def test_it_does_nothing_if_its_parent_is_gone_already() -> None:
    reading, writing = os.pipe()
    try:
        assert _enter(os.getppid(), writing).returncode == REFUSED_STATUS
        os.close(writing)
        assert os.read(reading, 100) == b""
    finally:
        os.close(reading)
