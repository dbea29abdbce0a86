"""Descriptors of a child of ours: a program that opens what a test says, and waits."""

import ctypes
import errno
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hitless.host import descriptors
from hitless.host.descriptors import duplicate_descriptor, duplicate_listeners
from hitless.host.errors import Denied, Gone, Unsupported
from hitless.host.process_handle import ProcessHandle
from hitless.host.processes import read_socket_inodes
from tests.control.test_socket_transfer import open_descriptors

OPENS = """
import os, resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
kept = []
def listen(address, family=socket.AF_INET):
    kept.append(socket.socket(family)); kept[-1].bind(address); kept[-1].listen(); return kept[-1]
exec(sys.argv[1])
print(flush=True)
sys.stdin.read()
"""


@contextmanager
def program(text: str, *more: str) -> Iterator[int]:
    """Run the lines in a child; yields its pid."""
    words = [sys.executable, "-I", "-S", "-c", OPENS, text, *more]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        try:
            yield process.pid
        finally:
            process.kill()


def test_listening_sockets_are_the_very_same(tmp_path: Path) -> None:
    text = f"""
a = listen(("127.0.0.1", 0)); listen(("::1", 0), socket.AF_INET6)
os.chdir({str(tmp_path)!r}); listen("x.sock", socket.AF_UNIX)
kept.append(socket.create_connection(a.getsockname())); kept += socket.socketpair()
os.dup(a.fileno())
"""
    before = open_descriptors()
    with program(text) as pid, duplicate_listeners(pid) as held:
        assert [one.endpoint.rpartition(":")[0] for one in held] == ["127.0.0.1", "[::1]", ""]
        assert held.listeners[2].endpoint == "x.sock"
        assert {one.inode for one in held} < read_socket_inodes(pid)
        assert [one.inode for one in held] == [os.fstat(one.descriptor).st_ino for one in held]
        assert not any(os.get_inheritable(one.descriptor) for one in held)
        assert held.left_out == ()
        port = int(held.listeners[0].endpoint.rpartition(":")[2])
    # The process has ended: with the duplicates closed as well nobody listens any more.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert open_descriptors() == before


def test_a_duplicate_keeps_the_queue_alive() -> None:
    with ExitStack() as stack:
        pid = stack.enter_context(program('listen(("127.0.0.1", 0))'))
        (listener,) = stack.enter_context(duplicate_listeners(pid))
        host, _, port = listener.endpoint.rpartition(":")
        waiting = stack.enter_context(socket.create_connection((host, int(port))))
        os.kill(pid, 9)
        waiting.sendall(b"still here")
        stack.enter_context(socket.create_connection((host, int(port))))


def test_the_masters_own_sockets_are_left_alone(tmp_path: Path) -> None:
    master, stats = tmp_path / "master.sock", tmp_path / "stats.sock"
    text = f"listen({str(master)!r}, socket.AF_UNIX); listen({str(stats)!r}, socket.AF_UNIX)"
    with program(text, "-S", f"{master},mode,600") as pid, duplicate_listeners(pid) as held:
        assert [one.endpoint for one in held] == [str(stats)]


def test_thousands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "_MANY_SOCKETS", 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 256), hard))
    text = """
a = listen(("127.0.0.1", 0))
for _ in range(1500): listen(("127.0.0.1", 0))
kept += [socket.create_connection(a.getsockname()) for _ in range(50)]
"""
    try:
        with program(text) as pid, duplicate_listeners(pid) as held:
            assert len(held.listeners) == 1501
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_any_descriptor_can_be_taken(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with (
        program(f"os.dup2(os.open({str(file)!r}, os.O_WRONLY | os.O_CREAT), 9)") as pid,
        ProcessHandle(pid) as process,
    ):
        with os.fdopen(duplicate_descriptor(process, 9), "wb") as log:
            log.write(b"hello")
        with pytest.raises(Gone, match="does not have descriptor 77"):
            duplicate_descriptor(process, 77)
    assert file.read_bytes() == b"hello"


def test_nobody_there() -> None:
    with pytest.raises(Gone):
        duplicate_listeners(0x7FFF_FFFF)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    with ProcessHandle(ended.pid) as process:
        ended.wait()
        with pytest.raises(Gone):
            duplicate_descriptor(process, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_somebody_elses() -> None:
    text = (
        "import os, sys; from hitless.host.descriptors import duplicate_listeners; "
        "os.setresuid(65534, 65534, 65534); duplicate_listeners(int(sys.argv[1]))"
    )
    with program('listen(("127.0.0.1", 0))') as pid:
        words = [sys.executable, "-c", text, str(pid)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "hitless.host.errors.Denied: " in done.stderr


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSYS, Unsupported), (errno.EPERM, Denied)])
def test_a_kernel_or_a_sandbox_that_does_not_let_us(
    number: int, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Libc:
        def syscall(self, *_: int) -> int:
            ctypes.set_errno(number)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_args, **_words: Libc())
    with ProcessHandle(os.getpid()) as process, pytest.raises(kind, match="cannot be taken"):
        duplicate_descriptor(process, 0)
