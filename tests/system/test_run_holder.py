"""`hitless run` with a holder beside it: what listens outlives run and HAProxy, both killed at once."""

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.system.hold_bed import hold_bed
from tests.system.live_haproxy import await_true, program, versions
from tests.system.reload_bed import command, environment
from tests.system.run_bed import SERVES, RunBed, run_bed

pytestmark = pytest.mark.system

DEADLINE_S = 60.0


def start_again(bed: RunBed, *words: str) -> "subprocess.Popen[bytes]":
    run = command(
        "run", "--state-dir", str(bed.directory / "state"), *words, "--", program(bed.version), "-W"
    )
    with (bed.directory / "log").open("ab") as log:
        return subprocess.Popen(
            [*run, "-f", str(bed.configuration)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(),
        )


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_everything_is_killed_and_nobody_is_refused(tmp_path: Path, version: str) -> None:
    with hold_bed(tmp_path, version) as holder:
        holder.write()
        holder.hold()
        asks = ("--holder", holder.asked)
        with run_bed(tmp_path, version, "-W", options=asks) as bed:
            await_true(
                lambda: {one.endpoint for one in holder.instance().sockets} >= {f"127.0.0.1:{bed.port}"},
                "held",
                DEADLINE_S,
            )
            held = {one.inode for one in holder.instance().sockets}
            for pid in (bed.pid, *bed.haproxies()):  # it would start another HAProxy
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await_true(lambda: holder.instance().unattended, "nobody accepts", DEADLINE_S)
            with socket.create_connection(("127.0.0.1", bed.port), timeout=DEADLINE_S) as waiting:
                waiting.sendall(b"GET / HTTP/1.0\r\n\r\n")
                bed.first.wait()
                bed.first = start_again(bed, *asks)
                bed.pid = bed.first.pid
                assert waiting.recv(64).startswith(b"HTTP/1.1 200")
            bed.await_said(SERVES, 2)
            assert {one.inode for one in holder.instance().sockets} >= held
