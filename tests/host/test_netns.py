import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.host.errors import Gone, HostError
from hitless.host.netns import in_named_network_namespace, in_network_namespace

NOBODY = 0x7FFF_FFFF


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """A process in a network namespace of its own."""
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    words = ["unshare", "--net", sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            pytest.skip("no network namespace can be made here")
        yield process.pid
        process.kill()


def namespace() -> int:
    return os.stat("/proc/thread-self/ns/net").st_ino  # noqa: PTH116


def test_our_own_namespace_needs_no_thread() -> None:
    here = threading.get_ident()
    assert in_network_namespace(None, threading.get_ident) == here
    assert in_network_namespace(os.getpid(), threading.get_ident) == here


def test_another_namespace_is_entered_by_a_thread_alone(elsewhere: int) -> None:
    before = namespace()
    there = in_network_namespace(elsewhere, namespace)
    assert there == os.stat(f"/proc/{elsewhere}/ns/net").st_ino  # noqa: PTH116
    assert there != before
    assert namespace() == before


def test_errors_come_back(elsewhere: int) -> None:
    def fail() -> None:
        raise EvidenceError("there is nothing")

    with pytest.raises(EvidenceError, match="nothing"):
        in_network_namespace(elsewhere, fail)


def test_what_does_not_end_is_left_behind(elsewhere: int) -> None:
    release = threading.Event()
    with pytest.raises(HostError, match="did not answer"):
        in_network_namespace(elsewhere, release.wait, timeout_s=0.01)
    release.set()


def test_a_process_that_is_gone() -> None:
    with pytest.raises(Gone):
        in_network_namespace(NOBODY, namespace)


def test_a_namespace_has_a_file(elsewhere: int) -> None:
    there = in_named_network_namespace(Path(f"/proc/{elsewhere}/ns/net"), namespace)
    assert there == os.stat(f"/proc/{elsewhere}/ns/net").st_ino  # noqa: PTH116


def test_a_file_that_is_missing_or_no_namespace(tmp_path: Path) -> None:
    with pytest.raises(Gone, match="is not there"):
        in_named_network_namespace(tmp_path / "none", namespace)
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot be entered"):
        in_named_network_namespace(tmp_path / "file", namespace)
