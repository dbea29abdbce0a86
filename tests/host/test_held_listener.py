import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hitless.host.held_listener import (
    HeldListener,
    NamespaceNames,
    read_listener,
    takes_what_comes,
    unix_path,
)
from hitless.host.netns import in_network_namespace
from hitless.host.root import HostRoot
from tests.host.test_netns import elsewhere  # noqa: F401 - a fixture

V6_ONLY = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
FREEBIND = (socket.IPPROTO_IP, 15, 1)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def make(
    stack: ExitStack,
    family: socket.AddressFamily,
    address: object,
    *options: tuple[int, int, int],
    kind: socket.SocketKind = socket.SOCK_STREAM,
) -> socket.socket:
    made = stack.enter_context(socket.socket(family, kind))
    for option in options:
        made.setsockopt(*option)
    made.bind(address)  # type: ignore[arg-type]
    if kind == socket.SOCK_STREAM:
        made.listen()
    return made


def describe(made: socket.socket, root: Path | None = None) -> HeldListener:
    """Read it as it comes from another process: without knowing what it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=os.dup(made.fileno())) as raw:
        assert takes_what_comes(raw)
        return read_listener(raw, 7, NamespaceNames(os.getpid(), HostRoot(root or Path("/"))))


def is_taken(made: socket.socket) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=os.dup(made.fileno())) as raw:
        return takes_what_comes(raw)


def test_a_plain_listener(stack: ExitStack) -> None:
    made = make(stack, socket.AF_INET, ("127.0.0.1", 0))
    found = describe(made)
    assert found.endpoint == f"127.0.0.1:{made.getsockname()[1]}"
    assert (found.number, found.inode) == (7, os.fstat(made.fileno()).st_ino)
    assert found.kind == socket.SOCK_STREAM
    assert (found.interface, found.transparent, found.v6_only, found.namespace) == ("", False, None, "")
    assert found.owner_uid == os.geteuid()


def test_ipv6_with_and_without_ipv4(stack: ExitStack) -> None:
    both = make(stack, socket.AF_INET6, ("::", 0), (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0))
    assert describe(both).endpoint == f"[::]:{both.getsockname()[1]}"
    assert describe(both).v6_only is False
    assert describe(make(stack, socket.AF_INET6, ("::1", 0), V6_ONLY)).v6_only is True


def test_freebind_counts_as_transparent(stack: ExitStack) -> None:
    assert describe(make(stack, socket.AF_INET, ("192.0.2.7", 0), FREEBIND)).transparent
    assert describe(make(stack, socket.AF_INET6, ("2001:db8::7", 0), FREEBIND)).transparent


@pytest.mark.skipif(os.geteuid() != 0, reason="needs CAP_NET_RAW and CAP_NET_ADMIN")
def test_transparent_and_interface(stack: ExitStack) -> None:
    made = stack.enter_context(socket.socket())
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    made.setsockopt(socket.IPPROTO_IP, 19, 1)
    made.bind(("192.0.2.7", 0))
    made.listen()
    found = describe(made)
    assert (found.interface, found.transparent) == ("lo", True)


def test_unix_names(stack: ExitStack, tmp_path: Path) -> None:
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    assert describe(make(stack, socket.AF_UNIX, f"{directory}/x.sock")).endpoint == f"{directory}/x.sock"
    padded = b"\0" + f"hitless-{tmp_path.name}".encode()[:50].ljust(107, b"\0")
    assert describe(make(stack, socket.AF_UNIX, padded)).endpoint == "@" + padded[1:].rstrip(b"\0").decode()


def test_datagram_sockets_that_anybody_may_send_to(stack: ExitStack) -> None:
    udp = make(stack, socket.AF_INET, ("127.0.0.1", 0), REUSE, kind=socket.SOCK_DGRAM)
    assert describe(udp).kind == socket.SOCK_DGRAM
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    assert is_taken(make(stack, socket.AF_UNIX, f"{directory}/log", kind=socket.SOCK_DGRAM))


def test_what_waits_for_nobody(stack: ExitStack) -> None:
    listening = make(stack, socket.AF_INET, ("127.0.0.1", 0))
    client = stack.enter_context(socket.create_connection(listening.getsockname()))
    server = stack.enter_context(listening.accept()[0])
    bound = stack.enter_context(socket.socket())
    bound.bind(("127.0.0.1", 0))
    pair = [stack.enter_context(end) for end in socket.socketpair()]
    # How HAProxy's socket for log lines looks after its first line.
    log = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    log.sendto(b"x", ("127.0.0.1", 9))
    resolver = make(stack, socket.AF_INET, ("127.0.0.1", 0), REUSE, kind=socket.SOCK_DGRAM)
    resolver.connect(("127.0.0.1", 9))
    netlink = stack.enter_context(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4))
    for other in (client, server, bound, *pair, log, resolver, netlink):
        assert not is_taken(other), other


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_a_socket_of_another_network_namespace(stack: ExitStack, tmp_path: Path, elsewhere: int) -> None:  # noqa: F811
    made = in_network_namespace(elsewhere, lambda: make(stack, socket.AF_INET, ("0.0.0.0", 8080)))
    with pytest.raises(LookupError):
        describe(made, tmp_path)
    directory = tmp_path / "var" / "run" / "netns"
    directory.mkdir(parents=True)
    (directory / "a-stale-one").symlink_to("nothing")
    (directory / "blue").touch()
    # What `ip netns` keeps is the namespace, mounted there.
    subprocess.run(["mount", "--bind", f"/proc/{elsewhere}/ns/net", str(directory / "blue")], check=True)
    try:
        assert describe(made, tmp_path).namespace == "blue"
    finally:
        subprocess.run(["umount", str(directory / "blue")], check=True)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("/run/a.sock.123.tmp", "/run/a.sock"),
        ("/run/a.sock", "/run/a.sock"),
        ("@name.1.tmp", "@name.1.tmp"),
        ("/run/x.tmp", "/run/x.tmp"),
    ],
)
def test_the_path_behind_the_kernels_name(name: str, path: str) -> None:
    assert unix_path(name) == path
