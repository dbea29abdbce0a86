"""`hitless explain --follow` on files and on a journal: each event is told when it is over; no child outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hitless.errors import ExitCode
from tests.explain.stories import log_lines


def shifted(second: float, pid: int, text: str) -> bytes:
    return log_lines(f"{time.strftime('%b %d %H:%M:%S', time.gmtime(second))} lb1 haproxy[{pid}]: {text}")


def request(second: float, pid: int) -> bytes:
    clock = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(second))
    return shifted(
        second,
        pid,
        f'192.0.2.1:4000 [{clock}.000] web app/s1 0/0/0/1/1 200 51 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
    )


def test_a_reload_is_told_when_it_is_over(tmp_path: Path) -> None:
    log = tmp_path / "haproxy.log"
    log.touch()
    command = [
        sys.executable,
        "-m",
        "hitless",
        "explain",
        "--follow",
        "--zone",
        "UTC",
        "--no-receipts",
        str(log),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as done:
        assert done.stdout is not None
        try:
            await_open(done.pid, log)
            now = time.time()
            with log.open("ab", buffering=0) as file:
                file.write(b"".join(request(now - 30 + n, 100) for n in range(30)))
                file.write(shifted(now, 100, "Proxy web stopped (cumulated conns: FE: 1, BE: 0)."))
                file.write(b"".join(request(now + 0.1 * n, 200) for n in range(10)))
            first = done.stdout.readline()
        finally:
            done.send_signal(signal.SIGINT)
        assert "reload 100 → 200" in first


def await_open(pid: int, path: Path) -> None:
    deadline = time.monotonic() + 60
    while str(path) not in open_files(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def open_files(pid: int) -> set[str]:
    """Return what a process has open; what it closes meanwhile is left out."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(entry.readlink()))
    return found


JOURNALCTL = """\
#!/bin/sh
case "$*" in
*--follow*)
    echo $$ > {directory}/pid.new; mv {directory}/pid.new {directory}/pid
    exec tail -n +1 -f {directory}/journal;;
*) exec cat {directory}/journal;;
esac
"""


def entries(second: float) -> str:
    """A reload of 100 by 200 in a journal."""
    texts = [(second - 30 + n, 100, request(second - 30 + n, 100).decode()) for n in range(30)]
    texts.append((second, 100, ": Proxy web stopped (cumulated conns: FE: 1, BE: 0)."))
    texts += [(second + n / 10, 200, request(second, 200).decode()) for n in range(10)]
    return "".join(
        json.dumps(
            {
                "__REALTIME_TIMESTAMP": str(round(at * 1e6)),
                "MESSAGE": text.partition(": ")[2].rstrip(),
                "SYSLOG_IDENTIFIER": "haproxy",
                "_PID": str(pid),
            }
        )
        + "\n"
        for at, pid, text in texts
    )


def follow_journal(directory: Path) -> "subprocess.Popen[str]":
    """Follow a journal that is a file; returns once journalctl runs."""
    (directory / "journal").touch()
    (directory / "journalctl").write_text(JOURNALCTL.format(directory=directory))
    (directory / "journalctl").chmod(0o755)
    words = ("explain", "--follow", "--journal", "--no-receipts", "--zone", "UTC", "--unit", "haproxy")
    done = subprocess.Popen(
        [sys.executable, "-m", "hitless", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PATH": f"{directory}:{os.environ['PATH']}"},
    )
    deadline = time.monotonic() + 60
    while not (directory / "pid").exists():
        assert done.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return done


def test_a_journal_is_followed_and_left(tmp_path: Path) -> None:
    with follow_journal(tmp_path) as done:
        assert done.stdout is not None
        try:
            with (tmp_path / "journal").open("a") as file:
                file.write(entries(time.time()))
            first = done.stdout.readline()
        finally:
            done.send_signal(signal.SIGINT)
    assert "reload 100 → 200" in first
    assert done.returncode == ExitCode.INTERRUPTED
    assert is_gone(tmp_path)


@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "nobody reads"])
def test_journalctl_ends_however_it_ends(how: str, tmp_path: Path) -> None:
    with follow_journal(tmp_path) as done:
        assert not is_gone(tmp_path)
        if how == "nobody reads":
            assert done.stdout is not None
            done.stdout.close()
        else:
            done.send_signal(signal.Signals[how])
        done.wait(60)
    assert is_gone(tmp_path)


def is_gone(directory: Path) -> bool:
    return not Path(f"/proc/{int((directory / 'pid').read_text())}").exists()
