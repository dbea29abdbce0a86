import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hitless.errors import UsageError
from hitless.hold.door import Door, Visitor, open_listening, prepare_directory
from hitless.hold.loop import Loop
from tests.hold.doors import opened

OURS = frozenset({os.geteuid()})


@dataclass(slots=True)
class Echo(Door):
    """Sends back what is said; an "!" is an error."""

    forgotten: list[int] = field(default_factory=list)

    def hear(self, visitor: Visitor) -> bool:
        data = visitor.connection.recv(100)
        if data == b"!":
            raise UsageError("an exclamation")
        return bool(data) and visitor.connection.send(data) > 0

    def forget(self, visitor: Visitor) -> None:
        self.forgotten.append(visitor.peer.pid)


@contextmanager
def echo(
    path: Path, *, uids: frozenset[int] = OURS, most: int = 2, patience_s: float = 30.0
) -> Iterator[tuple[Echo, list[str]]]:
    said: list[str] = []
    loop = Loop()
    door = Echo(
        open_listening(str(path), os.geteuid()), loop, uids, said.append, most=most, patience_s=patience_s
    )
    with opened(door, loop):
        yield door, said


def knock(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30.0)
    client.connect(str(path))
    return client


def test_a_conversation(tmp_path: Path) -> None:
    path = tmp_path / "door"
    with echo(path) as (door, said):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with knock(path) as client:
            client.send(b"hello")
            assert client.recv(10) == b"hello"
        with knock(path) as client:
            client.send(b"!")
            assert client.recv(10) == b""
    assert door.forgotten == [os.getpid()] * 2
    assert said == [f"process {os.getpid()} of user {os.geteuid()}: an exclamation"]


def test_another_user_is_sent_away(tmp_path: Path) -> None:
    with (
        echo(tmp_path / "door", uids=frozenset({os.geteuid() + 1})) as (door, said),
        knock(tmp_path / "door") as client,
    ):
        assert client.recv(10) == b""
        assert door.refused == 1
    assert "has no right to ask" in said[0]


def test_one_too_many(tmp_path: Path) -> None:
    path = tmp_path / "door"
    with echo(path, most=1) as (_, said), knock(path) as first:
        first.send(b"x")
        assert first.recv(1) == b"x"
        with knock(path) as second:
            assert second.recv(1) == b""
        first.send(b"y")
        assert first.recv(1) == b"y"
    assert "is one too many" in said[0]


def test_who_says_nothing_is_shown_out(tmp_path: Path) -> None:
    with echo(tmp_path / "door", patience_s=0.1) as (_, said), knock(tmp_path / "door") as client:
        assert client.recv(1) == b""
    assert "took longer than 0.1 s" in said[0]


def test_complaints_are_few(tmp_path: Path) -> None:
    began_s = time.monotonic()
    with echo(tmp_path / "door", uids=frozenset({os.geteuid() + 1})) as (door, said):
        for _ in range(20):
            with knock(tmp_path / "door") as client:
                assert client.recv(1) == b""
        assert door.refused == 20
    assert 1 <= len(said) <= 1 + (time.monotonic() - began_s)  # one a second


def test_the_queue_of_the_door_before(tmp_path: Path) -> None:
    """Who waits at a socket that was inherited is served like those at ours."""
    path = tmp_path / "door"
    before = open_listening(str(path), os.geteuid())
    with knock(path) as waiting:
        waiting.send(b"x")
        with echo(path) as (door, _):
            door.loop.watch(before, lambda: door.accept(before))  # where all is done: in the loop's thread
            assert waiting.recv(1) == b"x"
            door.loop.forget(before)
            before.close()
            with knock(path) as client:
                client.send(b"y")
                assert client.recv(1) == b"y"


def test_nothing_is_left_where_no_socket_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No socket can be made"):
        open_listening(f"{tmp_path}/missing/door", os.geteuid())
    with pytest.raises(UsageError, match="No socket can be made"):
        open_listening(f"{tmp_path}/{'x' * 120}", os.geteuid())
    (tmp_path / "directory").mkdir()
    with pytest.raises(UsageError):
        open_listening(f"{tmp_path}/directory", os.geteuid())
    assert [one.name for one in tmp_path.iterdir()] == ["directory"]


def test_the_directory(tmp_path: Path) -> None:
    place = tmp_path / "a" / "hold"
    prepare_directory(str(place))
    assert stat.S_IMODE(place.stat().st_mode) == 0o711
    prepare_directory(str(place))
    place.chmod(0o770)
    with pytest.raises(UsageError, match="left alone"):
        prepare_directory(str(place))
    place.chmod(0o711)
    (tmp_path / "link").symlink_to(place)
    with pytest.raises(UsageError, match="left alone"):
        prepare_directory(str(tmp_path / "link"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        prepare_directory(str(tmp_path / "file"))
