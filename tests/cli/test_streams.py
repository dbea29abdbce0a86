"""Devices and pipes are written to, never replaced."""

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from hitless.cli.output import write_text
from hitless.cli.private_file import write_private
from hitless.cli.streams import is_stream
from hitless.errors import HitlessError

WRITERS = [write_text, write_private]


@pytest.mark.parametrize("write", WRITERS)
def test_the_null_device_stays_a_device(write: object, tmp_path: Path) -> None:
    assert callable(write)
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    write("text", str(link))
    assert link.is_symlink()
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("write", WRITERS)
def test_a_full_device_is_told(write: object, tmp_path: Path) -> None:
    assert callable(write)
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    with pytest.raises(HitlessError, match="No space left on device"):
        write("text", str(link))
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.parametrize("write", WRITERS)
def test_a_pipe_gets_the_text(write: object, tmp_path: Path) -> None:
    assert callable(write)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write("text", str(pipe))
    reader.join()
    assert read == ["text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_socket_takes_no_text(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))
        with pytest.raises(HitlessError, match="no file"):
            is_stream(str(tmp_path / "s"))


def test_a_descriptor_of_our_own_is_a_stream(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        assert is_stream(f"/proc/self/fd/{file.fileno()}")


def test_files_and_what_is_not_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not is_stream(str(tmp_path / "file"))
    assert not is_stream(str(tmp_path / "missing"))
    assert not is_stream("a\x00b")
