import os
import socket
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.host import listening as module
from hitless.host.listening import NamespaceSockets, find_holders, read_listening, read_namespace_sockets

NOBODY = 0x7FFF_FFFF


def test_our_own_listeners_are_found_with_us_as_their_holder() -> None:
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen(7)
        name = f"hitless-test-listening-{os.getpid()}"
        unix.bind(f"\0{name}")
        unix.listen()
        found, _ = read_listening()
        inode = os.fstat(tcp.fileno()).st_ino
        assert found.listening is not None
        assert found.unix_listening is not None
        one = next(s for s in found.listening if s.inode == inode)
        assert (one.address, one.port, one.queue_limit) == ("127.0.0.1", tcp.getsockname()[1], 7)
        other = next(s for s in found.unix_listening if s.name == f"@{name}")
    for holder in (one, other):
        assert holder.pids == (os.getpid(),)
        assert holder.process_names == (Path("/proc/self/comm").read_text().strip(),)


def test_connections_are_those_that_are_established() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client, server.accept()[0] as accepted:
            sockets, unknown = read_namespace_sockets(None)
            inodes = {os.fstat(s.fileno()).st_ino for s in (client, accepted)}
        assert unknown == ()
        assert sockets.connection_inodes is not None
        assert sockets.listening_inodes is not None
        assert inodes <= sockets.connection_inodes
        assert os.fstat(server.fileno()).st_ino in sockets.listening_inodes


def test_what_the_kernel_does_not_say_is_none_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> list[object]:
        raise EvidenceError("netlink: refused")

    monkeypatch.setattr(module, "read_unix_sockets", refuse)
    found, unknown = read_listening()
    assert found.listening is not None
    assert found.unix_listening is None
    assert [u.what for u in unknown if "who holds" not in u.what] == ["listening unix sockets"]


def test_the_namespace_of_a_process_that_is_gone() -> None:
    sockets, unknown = read_namespace_sockets(NOBODY)
    assert sockets == NamespaceSockets()
    assert sockets.listening_inodes is None
    assert len(unknown) == 1


def test_holders_of_a_recorded_tree(tmp_path: Path) -> None:
    for pid, name in ((20, "b\\n"), (3, "a")):
        (tmp_path / str(pid) / "fd").mkdir(parents=True)
        (tmp_path / str(pid) / "status").write_text(f"Name:\t{name}\nState:\tS\n")
        (tmp_path / str(pid) / "fd" / "0").symlink_to("socket:[7]")
        (tmp_path / str(pid) / "fd" / "1").symlink_to("pipe:[8]")
    (tmp_path / "4" / "fd").mkdir(parents=True)
    (tmp_path / "4" / "fd" / "0").symlink_to("socket:[x]")
    (tmp_path / "4" / "cmdline").write_bytes(b"x\0")
    found = find_holders({7, 9}, tmp_path)
    assert found.pids == {7: (3, 20)}
    assert found.names == {3: "a", 20: "b\\n"}
    assert found.unseen == 1
    assert find_holders({7}, tmp_path / "none").unseen == 1
