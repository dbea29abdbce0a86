import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hitless.host.errors import Gone
from hitless.host.process_handle import ProcessHandle

NOBODY = 0x7FFF_FFFF


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as process:
        yield process
        process.kill()


def test_an_exit_is_awaited(child: subprocess.Popen[bytes]) -> None:
    with ProcessHandle(child.pid) as handle:
        assert not handle.await_exit(0)
        assert child.stdin is not None
        child.stdin.close()
        assert handle.await_exit(60)
        child.wait()
        with pytest.raises(Gone):
            handle.send_signal(signal.SIGTERM)


def test_no_handle_of_a_process_that_is_gone() -> None:
    with pytest.raises(Gone):
        ProcessHandle(NOBODY)
