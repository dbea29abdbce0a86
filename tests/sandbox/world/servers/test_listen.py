import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from hitless.sandbox.world.records import Endpoint
from hitless.sandbox.world.servers.listen import open_socket, read_lost_datagrams


def test_a_stream_socket_shares_its_port_only_in_private() -> None:
    endpoint = Endpoint(role="server", transport="tcp", address="127.0.0.1")
    for private in (True, False):
        with open_socket(endpoint, private=private) as opened:
            assert bool(opened.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)) is private
            port = opened.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port), timeout=30):
                accepted, _ = opened.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_lost_datagrams_are_counted() -> None:
    endpoint = Endpoint(role="syslog", transport="udp", address="127.0.0.1")
    with open_socket(endpoint, private=True) as opened, socket.socket(type=socket.SOCK_DGRAM) as sender:
        sent = 400
        for _ in range(sent):
            sender.sendto(bytes(60_000), opened.getsockname())
        received = 0
        with suppress(BlockingIOError):
            while opened.recv(65536):
                received += 1
        assert 0 < received < sent
        assert read_lost_datagrams(opened) == sent - received


@pytest.mark.parametrize("padded", [True, False])
def test_abstract_names(*, padded: bool) -> None:
    name = f"hitless-test-{os.getpid()}"
    endpoint = Endpoint(role="server", transport="abstract", address=name, padded=padded)
    with open_socket(endpoint, private=True) as opened, socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0{name}".ljust(108, "\0") if padded else f"\0{name}")
        accepted, _ = opened.accept()
        accepted.close()


def test_outside_the_sandbox_nothing_is_made_or_replaced(tmp_path: Path) -> None:
    endpoint = Endpoint(role="server", transport="unix", address=str(tmp_path / "new" / "s.sock"))
    with pytest.raises(FileNotFoundError):
        open_socket(endpoint, private=False)
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(stale))
    with pytest.raises(OSError, match="in use"):
        open_socket(Endpoint(role="server", transport="unix", address=str(stale)), private=False)


@pytest.mark.parametrize("private", [True, False])
def test_a_path_with_a_nul_binds_nothing(tmp_path: Path, private: bool) -> None:  # noqa: FBT001 - a case
    endpoint = Endpoint(role="server", transport="unix", address=str(tmp_path / "a\0b"))
    with pytest.raises(ValueError, match="NUL"):
        open_socket(endpoint, private=private)
    assert list(tmp_path.iterdir()) == []
