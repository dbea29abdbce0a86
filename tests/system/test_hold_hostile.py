"""Strangers, garbage, stalling and crowds at the holder's sockets: refused or bounded; it lives, and hands over."""

import json
import os
import random
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk, WasRefused
from hitless.control.fd_passing import REQUEST
from hitless.control.socket_transfer import close_listeners, fetch_listeners
from hitless.hold.places import control_path
from tests.ports import free_port
from tests.system.conftest import require, unprivileged_python
from tests.system.hold_bed import DEADLINE_S, HoldBed, hold_bed, raise_limit
from tests.system.live_haproxy import await_true, versions
from tests.system.patience import kept_waiting_s

pytestmark = pytest.mark.system

NOBODY = 65_534
OTHER = 65_533
CROWD = 500
_CONNECT = """
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(20)
    try:
        s.connect(sys.argv[1])
        s.sendall(sys.argv[2].encode())
        print(repr(s.recv(100)))
    except OSError as error:
        print(type(error).__name__)
"""


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[HoldBed]:
    with hold_bed(tmp_path, versions("2.8", "2.6")[0]) as found:
        found.write(f"127.0.0.1:{free_port()}")
        found.hold()
        found.start()
        yield found
        assert_intact(found)


def assert_intact(bed: HoldBed) -> None:
    """The very holder that was started still holds, and hands over."""
    assert bed.holder is not None
    assert bed.holder.poll() is None, bed.said()
    assert bed.status().pid == bed.holder.pid
    passed = bed.fetch()
    assert {one.inode for one in passed} == {one.inode for one in bed.instance().sockets}
    assert len(passed) == 2
    close_listeners(passed)


def as_user(uid: int, path: str, said: str) -> str:
    python = unprivileged_python()
    require(python and os.geteuid() == 0, "another user needs root, and a Python it may start")
    assert python is not None
    return subprocess.run(
        [python, "-c", _CONNECT, path, said],
        user=uid,
        group=uid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.strip()


def test_modes(bed: HoldBed) -> None:
    for path in (bed.asked, control_path(bed.place)):
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(bed.place).stat().st_mode) == 0o711


def test_another_user(bed: HoldBed, tmp_path: Path) -> None:
    """Not by the mode of the socket, nor where somebody has widened that by mistake."""
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent != Path("/tmp"):  # the directories of this test alone
            parent.chmod(0o711)
    for path, said in ((bed.asked, "_getsocks\n"), (control_path(bed.place), '{"op":"status"}\n')):
        assert as_user(NOBODY, path, said) == "PermissionError"
        Path(path).chmod(0o666)
        assert as_user(NOBODY, path, said) in {"b''", "ConnectionResetError", "BrokenPipeError"}
    assert "user 65534 has no right to ask" in bed.said()


def test_the_user_of_an_instance_and_no_other(tmp_path: Path) -> None:
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent != Path("/tmp"):
            parent.chmod(0o711)
    with hold_bed(tmp_path, versions("2.8", "2.6")[0]) as bed:
        bed.hold()
        spec = {"name": "theirs", "user": str(OTHER)}
        bed.ask("add", instance=spec)
        theirs = bed.asked.replace("web.sock", "theirs.sock")
        assert as_user(OTHER, theirs, "_getsocks\n") == repr(struct.pack("=i", 0))
        assert as_user(NOBODY, theirs, "_getsocks\n") == "PermissionError"
        assert as_user(OTHER, bed.asked, "_getsocks\n") == "PermissionError"
        assert as_user(OTHER, control_path(bed.place), '{"op":"status"}\n') == "PermissionError"


def test_names_stay_in_the_directory(bed: HoldBed) -> None:
    for name in ("../x", "/etc/x", "a/b", "", ".", "..", "x" * 65, "control", "a\nb", "a\0b"):
        with pytest.raises(WasRefused):
            bed.ask("add", instance={"name": name})
    assert sorted(os.listdir(bed.place)) == ["control.sock", "web.sock"]  # noqa: PTH208


@pytest.mark.parametrize("seed", range(3))
def test_garbage(bed: HoldBed, seed: int) -> None:
    """Random bytes, broken requests, cut requests, at both sockets."""
    chance = random.Random(seed)
    good = [
        REQUEST,
        b'{"op":"status"}\n',
        b'{"op":"add","instance":{"name":"x"}}\n',
        b'{"op":"take","name":"web"}\n',
    ]
    for _ in range(150):
        data = bytearray(chance.choice([chance.randbytes(chance.randrange(1, 200)), chance.choice(good)]))
        for _ in range(chance.randrange(3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            client.settimeout(20.0)
            client.connect(chance.choice([bed.asked, control_path(bed.place)]))
            client.sendall(data[: chance.randrange(1, len(data) + 1)])
            if chance.random() < 0.3:
                client.shutdown(socket.SHUT_WR)
                client.recv(4096)
    for name in {i.name for i in bed.status().instances} - {"web"}:
        bed.ask("drop", name=name)


def test_too_much(bed: HoldBed) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60.0)
        client.connect(control_path(bed.place))
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(b'{"op":"' + b"x" * 1_000_000)
            assert client.recv(1) == b""
    nested = b"[" * 60_000 + b"\n"
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60.0)
        client.connect(control_path(bed.place))
        client.sendall(nested)
        assert not json.loads(client.recv(4096))["ok"]


def test_descriptors_from_strangers_are_closed(bed: HoldBed) -> None:
    """Whoever sends descriptors along with a request leaves none behind."""
    assert bed.holder is not None
    before = len(os.listdir(f"/proc/{bed.holder.pid}/fd"))  # noqa: PTH208
    null = os.open("/dev/null", os.O_RDONLY)
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(control_path(bed.place))
            socket.send_fds(client, [b'{"op":"status"}\n'], [null] * 10)
            assert client.recv(100)
    os.close(null)
    await_true(
        lambda: len(os.listdir(f"/proc/{bed.holder.pid}/fd")) <= before,  # type: ignore[union-attr]  # noqa: PTH208
        "they are closed",
    )


def test_who_stalls_holds_up_nobody_and_is_shown_out(bed: HoldBed) -> None:
    with ExitStack() as stack:
        stalled = []
        for path, said in ((bed.asked, REQUEST), (bed.asked, b"_get"), (control_path(bed.place), b'{"op"')):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.settimeout(60.0)
            client.connect(path)
            client.sendall(said)
            stalled.append(client)
        assert_intact(bed)
        assert bed.holder is not None
        began_s, kept_s = time.monotonic(), kept_waiting_s(bed.holder.pid)
        for client in stalled:
            while client.recv(65536):
                pass
        took_s = time.monotonic() - began_s
        assert took_s - (kept_waiting_s(bed.holder.pid) - kept_s) < 12.0


def test_a_crowd(bed: HoldBed) -> None:
    """Five hundred at once at each socket: most are sent away, and the next is served."""
    raise_limit(2 * CROWD + 1000)
    with ExitStack() as stack:
        for path in (bed.asked, control_path(bed.place)):
            for _ in range(CROWD):
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.settimeout(60.0)
                with suppress(OSError):
                    client.connect(path)
        assert bed.holder is not None
        assert bed.holder.poll() is None
        assert len(os.listdir(f"/proc/{bed.holder.pid}/fd")) < CROWD  # noqa: PTH208
    await_true(lambda: is_served(bed), "the crowd is gone", DEADLINE_S)


def is_served(bed: HoldBed) -> bool:
    with suppress(CouldNotAsk, WasRefused):
        close_listeners(fetch_listeners(bed.asked, timeout_s=5.0))
        return bed.status().pid > 0
    return False


def test_a_directory_that_others_can_write_in_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-m", "hitless.hold", "--directory", str(place)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "is left alone" in done.stderr
    assert shutil.disk_usage(place)
    assert not list(place.iterdir())
