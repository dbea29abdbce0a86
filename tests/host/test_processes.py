import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.host.errors import HostError
from hitless.host.process_handle import ProcessHandle
from hitless.host.processes import (
    Denied,
    Gone,
    format_ending,
    list_threads,
    read_children,
    read_command_line,
    read_control_groups,
    read_descriptor_limit,
    read_descriptors,
    read_executable,
    read_network_namespace,
    read_socket_inodes,
    read_start_ticks,
    read_status,
)

NOBODY = 0x7FFF_FFFF
READERS = (
    read_children,
    read_command_line,
    read_executable,
    read_network_namespace,
    read_socket_inodes,
    read_start_ticks,
    read_status,
)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    program = (
        "import signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}); "
        "print(flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        if process.poll() is None:
            process.kill()


def test_a_child_is_seen(child: subprocess.Popen[bytes]) -> None:
    assert child.pid in read_children(os.getpid())
    assert read_command_line(child.pid)[:2] == (sys.executable, "-c")
    assert Path(read_executable(child.pid)).samefile(sys.executable)
    assert read_start_ticks(child.pid) >= read_start_ticks(os.getpid())
    assert read_network_namespace(child.pid) == read_network_namespace(os.getpid())


def test_a_signal_that_is_blocked_stays_pending(child: subprocess.Popen[bytes]) -> None:
    with ProcessHandle(child.pid) as handle:
        handle.send_signal(signal.SIGUSR2)
    status = read_status(child.pid)
    assert signal.SIGUSR2 in status.pending
    assert signal.SIGUSR2 in status.blocked
    assert (status.parent_pid, status.uid, status.threads) == (os.getpid(), os.getuid(), 1)
    assert status.resident_bytes > 0


def test_sockets_are_told_from_other_descriptors() -> None:
    before = read_socket_inodes(os.getpid())
    with socket.socket() as extra, Path("/dev/null").open("rb"):
        assert read_socket_inodes(os.getpid()) == before | {os.fstat(extra.fileno()).st_ino}


@pytest.mark.parametrize("read", READERS)
def test_a_process_that_is_gone(read: object, tmp_path: Path) -> None:
    assert callable(read)
    with pytest.raises(Gone):
        read(NOBODY)
    with pytest.raises(Gone):
        read(1, tmp_path)


def test_a_name_with_spaces_and_parentheses(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    fields = " ".join(str(number) for number in range(4, 53))
    (tmp_path / "7" / "stat").write_text(f"7 (a) R 1 (b)) S {fields}\n")
    assert read_start_ticks(7, tmp_path) == 22


def test_a_process_that_does_not_let_us_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Denied, match="process 7 does not let us look: Permission denied"):
        read_status(7, tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\n\0\xff", b"7 (a) S x y z", b"Uid:\tx\nPPid:\t-\n", b"1 (a) S " + b"x " * 40]
)
def test_nonsense_in_proc_is_an_error_of_ours(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "7").mkdir()
    for name in ("stat", "status", "limits", "cgroup", "cmdline"):
        (tmp_path / "7" / name).write_bytes(content)
    for reader in (
        read_start_ticks,
        read_status,
        read_descriptor_limit,
        read_control_groups,
        read_command_line,
    ):
        with contextlib.suppress(HostError):
            reader(7, tmp_path)


def test_a_fifo_in_a_recorded_tree_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    os.mkfifo(tmp_path / "7" / "cmdline")
    assert read_command_line(7, tmp_path) == ()


def test_the_limit_of_open_files_and_the_control_groups(tmp_path: Path) -> None:
    assert read_descriptor_limit(os.getpid()) == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "limits").write_text(
        "Max open files            unlimited            unlimited            files\n"
    )
    (tmp_path / "7" / "cgroup").write_text("1:name=systemd:/a:b\n0::/system.slice/x.service\n")
    assert read_descriptor_limit(7, tmp_path) is None
    assert read_control_groups(7, tmp_path) == {"name=systemd": "/a:b", "": "/system.slice/x.service"}


def test_open_files_are_counted(child: subprocess.Popen[bytes]) -> None:
    with socket.socket() as own:
        found = read_descriptors(os.getpid())
        assert os.fstat(own.fileno()).st_ino in found.sockets
    assert read_descriptors(child.pid).count == len(list(Path(f"/proc/{child.pid}/fd").iterdir()))


@pytest.mark.parametrize(
    ("return_code", "text"),
    [
        (0, "ended with status 0"),
        (3, "ended with status 3"),
        (-9, "was killed by SIGKILL"),
        (-40, "was killed by signal 40"),
    ],
)
def test_how_a_child_has_ended_is_said_in_words(return_code: int, text: str) -> None:
    assert format_ending(return_code) == text


def test_the_threads_of_a_process(tmp_path: Path) -> None:
    for name in ("7", "9", "x"):
        (tmp_path / "7" / "task" / name).mkdir(parents=True)
    assert sorted(list_threads(7, tmp_path)) == [7, 9]
    with pytest.raises(Gone):
        list_threads(8, tmp_path)
