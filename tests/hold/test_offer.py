import socket

from hitless.control.fd_passing import ListenerOption
from hitless.hold.offer import offer_listeners
from hitless.host.held_listener import HeldListener


def held(descriptor: int, kind: socket.SocketKind = socket.SOCK_STREAM, *, v6: bool = False) -> HeldListener:
    return HeldListener(
        descriptor,
        0,
        descriptor,
        kind,
        "[::]:80" if v6 else "0.0.0.0:80",
        0,
        "eth0",
        v6_only=False if v6 else None,
    )


def test_2_2_finds_its_options() -> None:
    """An IPv6 socket goes out twice, for a bind with `v4v6` and for one without a word."""
    offered = offer_listeners([held(3), held(4, v6=True)])
    assert [(one.descriptor, one.record.options) for one in offered] == [
        (4, ListenerOption.V4_V6),
        (3, 0),
        (4, 0),
    ]
    assert {one.record.interface for one in offered} == {"eth0"}


def test_datagrams_are_of_later_versions() -> None:
    offered = offer_listeners([held(3, socket.SOCK_DGRAM), held(4, v6=True)])
    assert [(one.descriptor, one.record.options) for one in offered] == [(3, 0), (4, 0)]
    assert offer_listeners([]) == ()
