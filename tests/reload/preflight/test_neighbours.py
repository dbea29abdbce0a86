import pytest

from hitless.reload.preflight.neighbours import Neighbours
from hitless.reload.preflight.receivers import Kind
from hitless.reload.preflight.socket_view import NamespaceView
from tests.reload.preflight.binds_bed import inet, receivers_of, unix

VIEWS = {
    "": NamespaceView(
        (
            inet("0.0.0.0:80"),
            inet("192.0.2.1:80"),
            inet("[::]:81", v6_only=True),
            inet("[::]:82"),
            inet("0.0.0.0:80", kind=Kind.UDP),
            unix("@x"),
            unix("/run/x"),
        )
    ),
    "b": NamespaceView((inet("0.0.0.0:90", namespace="b"),)),
}


@pytest.mark.parametrize(
    ("bind", "found"),
    [
        (":80", ["0.0.0.0:80", "192.0.2.1:80"]),
        ("192.0.2.1:80", ["0.0.0.0:80", "192.0.2.1:80"]),
        ("192.0.2.2:80", ["0.0.0.0:80"]),
        (":::80 v6only", []),
        (":::80", ["0.0.0.0:80", "192.0.2.1:80"]),
        (":81", []),
        ("::1:81", ["[::]:81"]),
        (":82", ["[::]:82"]),
        ("quic4@:80", ["0.0.0.0:80"]),
        ("quic4@:82", []),
        (":90", []),
        (":90 namespace b", ["0.0.0.0:90"]),
        ("abns@x", ["@x"]),
        ("abns@y", []),
        ("/run/x", []),
        ("fd@3", []),
    ],
)
def test_who_wants_the_same(bind: str, found: list[str]) -> None:
    (receiver,) = receivers_of(f"bind {bind}")
    assert sorted(socket.endpoint for socket in Neighbours(VIEWS).of(receiver)) == found


def test_thousands_of_addresses_on_one_port_do_not_meet_each_other() -> None:
    """Each is looked up by its address: a product of both would take minutes."""
    sockets = tuple(inet(f"10.{n >> 8}.{n & 255}.1:443", inode=n + 1) for n in range(5000))
    neighbours = Neighbours({"": NamespaceView((*sockets, inet("0.0.0.0:443", inode=9999)))})
    found = receivers_of("bind " + ",".join(f"10.{n >> 8}.{n & 255}.1:443" for n in range(5000)))
    assert [len(neighbours.of(receiver)) for receiver in found] == [2] * 5000
    (everything,) = receivers_of("bind :443")
    assert len(neighbours.of(everything)) == 5001
