"""A holder that serves nothing is known as such; who waits for connections, or is no holder, is not."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hitless.reload.known_holders import holders_among

WAITS = (
    "import select, socket, sys\nepoll = select.epoll()\n{more}print('up', flush=True)\nsys.stdin.read()\n"
)
POLLS = "epoll.register(int(sys.argv[1]), select.EPOLLIN)\n"


@contextmanager
def running(directory: Path, module: str, listener: socket.socket, more: str = "") -> Iterator[int]:
    script = directory / "script.py"
    script.write_text(WAITS.format(more=more))
    with subprocess.Popen(
        [sys.executable, str(script), str(listener.fileno()), "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=(listener.fileno(),),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process.pid
        process.communicate()


def test_only_a_holder_that_waits_for_nobody_is_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        inodes = frozenset({os.fstat(listener.fileno()).st_ino})
        with running(tmp_path, "hitless.hold", listener) as pid:
            assert holders_among([pid, os.getpid()], inodes) == {pid}
        with running(tmp_path, "hitless.hold", listener, POLLS) as pid:
            assert holders_among([pid], inodes) == frozenset()
        with running(tmp_path, "another.thing", listener) as pid:
            assert holders_among([pid], inodes) == frozenset()
    assert holders_among([pid], inodes) == frozenset()
