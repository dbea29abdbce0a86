import os
import subprocess
import sys
from pathlib import Path

from hitless.evidence import janitor


def start(root: Path, pipe: int, watched: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    process, tracefs = os.pidfd_open(watched.pid), os.open(root, os.O_RDONLY)
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", janitor.__file__, str(pipe), str(process), str(tracefs), "x"],
            pass_fds=(pipe, process, tracefs),
        )
    finally:
        os.close(process)
        os.close(tracefs)


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)


def test_it_removes_the_instance_when_the_pipe_ends(tmp_path: Path) -> None:
    (tmp_path / "instances" / "x").mkdir(parents=True)
    read_end, write_end = os.pipe()
    with sleeper() as watched, start(tmp_path, read_end, watched) as process:
        os.close(read_end)
        assert (tmp_path / "instances" / "x").is_dir()
        os.close(write_end)
        assert process.wait(60) == 0
    assert not (tmp_path / "instances" / "x").exists()


def test_it_removes_the_instance_when_the_process_dies_and_its_pipe_lives_on(tmp_path: Path) -> None:
    (tmp_path / "instances" / "x").mkdir(parents=True)
    read_end, write_end = os.pipe()
    with sleeper() as watched, start(tmp_path, read_end, watched) as process:
        watched.kill()
        assert process.wait(60) == 0
    os.close(read_end)
    os.close(write_end)
    assert not (tmp_path / "instances" / "x").exists()


def test_an_instance_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "instances").mkdir()
    root = os.open(tmp_path, os.O_RDONLY)
    assert janitor.remove(root, "x")
    os.close(root)
