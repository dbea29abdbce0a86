"""What can be wrong with what is asked, with the host, or with HAProxy: a clear error, and HAProxy serves as before."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import require
from tests.system.live_haproxy import await_true, live_haproxy, versions
from tests.system.patience import DEADLINE_S
from tests.system.reload_bed import ANSWERS, command, environment, hitless, service

pytestmark = pytest.mark.system
VERSION = versions("2.8")[0]
KILL_NEW_WORKERS = """
import contextlib, os, signal, sys, time
with contextlib.suppress(OSError):
    os.nice(-20)
with contextlib.suppress(OSError):  # before anything else on this machine: a worker must not come up in the meantime
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
master, before = sys.argv[1:]
print(flush=True)
while True:
    with contextlib.suppress(OSError), open(f"/proc/{master}/task/{master}/children") as file:
        for pid in {*file.read().split()} - {before}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.0005)
"""


def test_a_pid_file_of_another_program(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        pid_file = tmp_path / "h.pid"
        pid_file.write_text(f"{os.getpid()}\n")
        found = hitless("reload", "--pid-file", str(pid_file), "--state-dir", str(running.state))
        assert found.status == 2
        assert str(os.getpid()) in found.stderr
        assert "no HAProxy" in found.stderr


def test_several_instances(tmp_path: Path) -> None:
    with service(tmp_path / "a", VERSION) as one, service(tmp_path / "b", VERSION) as other:
        found = hitless("reload", "--state-dir", str(one.state))
        assert found.status == 2
        assert "which one is meant" in found.stderr
        assert str(other.live.process.pid) in found.stderr
        assert other.reload().status == 0


def test_a_check_that_nobody_knows_cannot_be_forced(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        before = running.serving()
        found = running.reload("--force", "everything")
        assert found.status == 2
        assert "generations" in found.stderr
        assert running.serving() == before


def test_a_state_directory_that_cannot_be_used(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        (tmp_path / "file").write_text("")
        before = running.serving()
        found = hitless(
            "reload", "--uses", str(running.live.configuration), "--state-dir", str(tmp_path / "file")
        )
        assert found.status == 3
        assert running.serving() == before


def test_a_full_disk_stops_a_new_configuration_before_anything_is_touched(tmp_path: Path) -> None:
    require(os.geteuid() == 0, "a file system of its own needs root")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=True)
    try:
        with live_haproxy(small, VERSION, configuration=ANSWERS) as live:
            new = tmp_path / "new.cfg"
            new.write_text(live.configuration.read_text() + "#" * 200_000 + "\n")
            before = live.api.ask_info().pid
            text = live.configuration.read_text()
            words = ("reload", "--uses", str(live.configuration), "--state-dir", str(tmp_path / "state"))
            found = hitless(*words, "--config", str(new))
            assert found.status in {1, 3}
            assert "No space left" in found.stderr + str(found.document)
            assert live.configuration.read_text() == text
            assert live.api.ask_info().pid == before
            assert hitless(*words).status == 0
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


def test_a_master_that_does_not_answer(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        os.kill(running.live.process.pid, signal.SIGSTOP)
        try:
            found = running.reload("--timeout", "3")
        finally:
            os.kill(running.live.process.pid, signal.SIGCONT)
        assert found.status in {1, 3}, found
        assert found.outcome != "taken-over"
        assert running.serving()


def test_a_socket_that_accepts_and_says_nothing(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        path = running.live.directory / "run" / "master.sock"
        path.unlink()
        mute = socket.socket(socket.AF_UNIX)
        mute.bind(str(path))
        mute.listen(8)
        try:
            found = running.reload("--timeout", "5")
        finally:
            mute.close()
        assert found.outcome != "" or found.status in {2, 3}, found
        assert running.live.connect()


def test_a_worker_that_dies_while_it_loads(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        words = [
            sys.executable,
            "-c",
            KILL_NEW_WORKERS,
            str(running.live.process.pid),
            str(running.serving()),
        ]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as killer:
            try:
                assert killer.stdout is not None
                assert killer.stdout.readline()
                found = running.reload("--timeout", "5")
            finally:
                killer.kill()
        assert found.status in {1, 3}, found
        assert found.outcome in {"rejected-by-haproxy", "not-taken-over", "rejected-by-preflight"}


def test_a_configuration_that_goes_away(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        before = running.serving()
        text = running.live.configuration.read_text()
        running.live.configuration.unlink()
        found = running.reload()
        assert found.status in {1, 2, 3}
        assert running.serving() == before
        running.live.configuration.write_text(text)
        assert running.reload().status == 0


def test_interrupted_while_it_looks_nothing_is_left(tmp_path: Path) -> None:
    with service(tmp_path, VERSION) as running:
        new = tmp_path / "new.cfg"
        new.write_text(running.live.configuration.read_text() + "# new\n")
        process = subprocess.Popen(
            command("reload", *running.words, "--config", str(new)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        await_true(
            lambda: running.leftovers or process.poll() is not None,
            "it looks at the new configuration in its place",
        )
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE_S)
        assert process.returncode in {0, 130}  # it may have been too late
        assert running.leftovers == []
        assert running.reload().status == 0
