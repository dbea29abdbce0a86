"""The life of the holder: replaced, executed anew, kept from a version that does not work; what it binds itself."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk
from hitless.control.socket_transfer import close_listeners
from hitless.host.processes import read_status
from tests.ports import free_port
from tests.system.hold_bed import DEADLINE_S, NAME, HoldBed, hold_bed
from tests.system.live_haproxy import await_true, versions

pytestmark = pytest.mark.system

RESIDENT_BYTES = 24 * 1024 * 1024


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[HoldBed]:
    with hold_bed(tmp_path, versions("2.8", "2.6")[0]) as found:
        found.hold()
        yield found


def inodes(bed: HoldBed) -> set[int]:
    return {one.inode for one in bed.instance().sockets}


@contextmanager
def asking_all_the_time(bed: HoldBed) -> Iterator[list[set[int]]]:
    """Ask as HAProxy does, until the block ends; what was got each time."""
    got: list[set[int]] = []
    ended = threading.Event()

    def ask_on() -> None:
        while not ended.is_set():
            passed = bed.fetch()
            got.append({one.inode for one in passed})
            close_listeners(passed)

    with ThreadPoolExecutor(1) as executor:
        asking = executor.submit(ask_on)
        try:
            yield got
        finally:
            ended.set()
            asking.result(DEADLINE_S)


def test_another_holder_takes_everything(bed: HoldBed) -> None:
    """While it is asked all the time, and while no HAProxy is there."""
    bed.start()
    bed.kill()
    await_true(lambda: bed.instance().unattended, "nobody accepts")
    old, before = bed.holder, inodes(bed)
    since_s = bed.instance().sockets[0].unattended_since_s
    assert old is not None
    with socket.create_connection(("127.0.0.1", bed.port), timeout=DEADLINE_S) as waiting:
        waiting.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with asking_all_the_time(bed) as asked:
            bed.hold("--replace")
            assert old.wait(DEADLINE_S) == 0
            number = len(asked)
            await_true(lambda: len(asked) > number + 3, "the new one is asked")
        assert set(map(frozenset, asked)) == {frozenset(before)}
        assert inodes(bed) == before
        assert bed.instance().sockets[0].unattended_since_s == since_s
        bed.start()
        assert waiting.recv(12) == b"HTTP/1.1 200"
    await_true(lambda: "somebody accepts again on 1 socket, after" in bed.said(), "it says so")
    assert sorted(os.listdir(bed.place)) == ["control.sock", f"{NAME}.sock"]  # noqa: PTH208


def test_a_second_holder_is_refused(bed: HoldBed) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hitless.hold", "--directory", bed.place],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 2
    assert "A holder runs" in done.stderr
    assert bed.holder is not None
    assert bed.status().pid == bed.holder.pid


def test_executed_anew(bed: HoldBed) -> None:
    bed.start()
    before = inodes(bed)
    assert bed.holder is not None
    for _ in range(2):
        bed.upgrade_holder()
        assert bed.status().pid == bed.holder.pid
        assert inodes(bed) == before
        bed.reload()
    passed = bed.fetch()
    assert {one.inode for one in passed} == before
    close_listeners(passed)


def test_a_new_version_that_does_not_start(tmp_path: Path) -> None:
    """It is tried before, and the old one stays."""
    package = tmp_path / "installed" / "hitless"
    package.parent.mkdir()
    package.symlink_to(Path(sys.modules["hitless"].__file__ or "").parent)
    with hold_bed(tmp_path, versions("2.8", "2.6")[0]) as bed:
        bed.hold(wrapper=("env", f"PYTHONPATH={package.parent}"))
        bed.start()
        before = bed.status()
        package.unlink()
        package.mkdir()
        (package / "__init__.py").write_text("")
        bed.ask("upgrade")
        await_true(lambda: "we stay" in bed.said(), "it says so", DEADLINE_S)
        assert bed.status().pid == before.pid
        assert inodes(bed) == {one.inode for one in before.instances[0].sockets}


def test_it_ends_when_it_is_told(bed: HoldBed) -> None:
    assert bed.holder is not None
    bed.holder.send_signal(signal.SIGTERM)
    assert bed.holder.wait(DEADLINE_S) == 0
    with pytest.raises(CouldNotAsk):
        bed.status()


def test_it_is_small(bed: HoldBed) -> None:
    bed.start()
    assert bed.holder is not None
    assert read_status(bed.holder.pid).resident_bytes < RESIDENT_BYTES


def command(bed: HoldBed, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "hitless", "hold", *words, "--directory", bed.place],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_bound_from_the_configuration(bed: HoldBed) -> None:
    """Clients wait before there is any HAProxy at all."""
    other = free_port()
    bed.write(f"[::1]:{other} v6only", f"abns@hitless-{other}", f"{bed.directory}/path.sock")
    done = command(bed, "add", f"{NAME},configuration={bed.configuration}", "--bind")
    assert (done.returncode, done.stdout) == (0, "3 sockets are bound and held for web.\n"), done.stderr
    before = inodes(bed)
    again = command(bed, "add", f"{NAME},configuration={bed.configuration}", "--bind")
    assert again.stdout.startswith("0 sockets")
    with (
        socket.create_connection(("127.0.0.1", bed.port), timeout=DEADLINE_S) as v4,
        socket.create_connection(("::1", other), timeout=DEADLINE_S) as v6,
    ):
        assert command(bed, "status").returncode == 1
        bed.start()
        for waiting in (v4, v6):
            waiting.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert waiting.recv(12) == b"HTTP/1.1 200"
    await_true(lambda: before < inodes(bed), "the unix socket is held as well")
    assert command(bed, "status").returncode == 0


def test_an_address_of_another(bed: HoldBed) -> None:
    """Nothing is taken from whoever listens there; and what cannot be bound is an error."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        bed.write(f"127.0.0.1:{taken.getsockname()[1]}", "192.0.2.1:80")
        done = command(bed, "add", f"{NAME},configuration={bed.configuration}", "--bind")
        assert done.returncode == 3
        assert "192.0.2.1:80" in done.stderr
        assert not bed.instance().sockets


def test_dropped(bed: HoldBed) -> None:
    bed.start()
    assert command(bed, "drop", NAME).stdout == "1 sockets of web are held no more.\n"
    assert bed.status().instances == ()
    assert os.listdir(bed.place) == ["control.sock"]  # noqa: PTH208
    assert command(bed, "drop", NAME).returncode == 3
    with socket.create_connection(("127.0.0.1", bed.port), timeout=DEADLINE_S) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
