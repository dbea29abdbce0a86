import pytest

from hitless.reload.preflight.receivers import Kind
from hitless.reload.preflight.socket_view import SeenSocket
from tests.reload.preflight.binds_bed import STRANGER, inet, unix


@pytest.mark.parametrize(
    ("socket", "holder"),
    [
        (inet("0.0.0.0:80", STRANGER), "nginx (pid 4711)"),
        (SeenSocket(Kind.TCP, "0.0.0.0:80", 9, pids=(5,), names=("",)), "process (pid 5)"),
        (SeenSocket(Kind.TCP, "0.0.0.0:80", 9, pids=(5,)), "process (pid 5)"),
        (SeenSocket(Kind.TCP, "0.0.0.0:80", 9), "a process that could not be seen (socket inode 9)"),
    ],
)
def test_who_holds_it(socket: SeenSocket, holder: str) -> None:
    assert socket.holder == holder


def test_what_must_be_equal() -> None:
    assert inet("[::]:80").key == (Kind.TCP, "", 6, "[::]:80")
    assert inet("0.0.0.0:80", namespace="b").key == (Kind.TCP, "b", 4, "0.0.0.0:80")
    assert unix("/run/x").key == (Kind.UNIX, "", 0, "/run/x")
