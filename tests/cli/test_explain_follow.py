import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
    deadline = time.monotonic() + 20
    while str(path) not in {
        str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.exists()
    }:
        assert time.monotonic() < deadline
        time.sleep(0.02)
