import errno
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hitless.reload.preflight.trial_child import Namespaces, resolve, try_address, try_path
from hitless.reload.preflight.trial_task import (
    AddressResult,
    AddressTrial,
    BinderRights,
    TrialTask,
    decode_answer,
    encode,
)

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
FINE = AddressResult()


def attempt(trial: AddressTrial) -> AddressResult:
    return try_address(trial, Namespaces(set(), -1))


def tcp(host: str, port: int, *, reuse_port: bool = True, interface: bytes = b"") -> AddressTrial:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return AddressTrial(
        family=family, kind=TCP, host=host, port=port, reuse_port=reuse_port, interface=interface
    )


def listener(*options: int) -> socket.socket:
    server = socket.socket()
    for option in options:
        server.setsockopt(socket.SOL_SOCKET, option, 1)
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


def in_child(task: TrialTask) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "hitless.reload.preflight.trial_child"]
    return subprocess.run(command, input=encode(task), capture_output=True, check=False, timeout=60)


def test_a_free_port_and_a_taken_one() -> None:
    with listener(socket.SO_REUSEADDR) as server:
        port = server.getsockname()[1]
        assert attempt(tcp("127.0.0.1", port)) == AddressResult(step="bind", errno=errno.EADDRINUSE)
        assert attempt(tcp("0.0.0.0", port)).errno == errno.EADDRINUSE
        assert attempt(tcp("127.0.0.2", port)) == FINE
    assert attempt(tcp("127.0.0.1", port)) == FINE


def test_a_port_that_is_shared() -> None:
    with listener(socket.SO_REUSEADDR, socket.SO_REUSEPORT) as server:
        port = server.getsockname()[1]
        assert attempt(tcp("127.0.0.1", port)) == FINE
        assert attempt(tcp("127.0.0.1", port, reuse_port=False)).errno == errno.EADDRINUSE


def test_clients_of_a_shared_port_never_meet_the_trial() -> None:
    with listener(socket.SO_REUSEADDR, socket.SO_REUSEPORT) as server:
        for _ in range(100):
            attempt(tcp("127.0.0.1", server.getsockname()[1]))
            with socket.create_connection(server.getsockname(), timeout=30), server.accept()[0]:
                pass


def test_datagrams_of_a_taken_port_stay_where_they_belong() -> None:
    with socket.socket(socket.AF_INET, UDP) as server, socket.socket(socket.AF_INET, UDP) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        port = server.getsockname()[1]
        trial = AddressTrial(
            family=socket.AF_INET, kind=UDP, host="127.0.0.1", port=port, reuse=False, reuse_port=False
        )
        for number in range(100):
            assert attempt(trial).errno == errno.EADDRINUSE
            client.sendto(b"%d" % number, ("127.0.0.1", port))
        assert [server.recv(9) for _ in range(100)] == [b"%d" % number for number in range(100)]


def test_an_address_that_is_not_here_and_one_that_may_be_absent() -> None:
    trial = tcp("192.0.2.77", 8443)
    assert attempt(trial) == AddressResult(step="bind", errno=errno.EADDRNOTAVAIL)
    for family, host in ((socket.AF_INET, "192.0.2.77"), (socket.AF_INET6, "2001:db8::77")):
        absent = AddressTrial(family=family, kind=TCP, host=host, port=8443, transparent=True)
        assert attempt(absent) == FINE


def test_dual_stack_is_tried_as_it_will_be() -> None:
    with listener(socket.SO_REUSEADDR) as server:
        port = server.getsockname()[1]
        assert attempt(tcp("::", port)).errno == errno.EADDRINUSE
        only_v6 = AddressTrial(family=socket.AF_INET6, kind=TCP, host="::", port=port, v6_only=True)
        assert attempt(only_v6) == FINE


def test_a_missing_interface_is_left_out_as_haproxy_does() -> None:
    assert attempt(tcp("127.0.0.1", 0, interface=b"nope")) == AddressResult(interface_errno=errno.ENODEV)
    assert attempt(tcp("127.0.0.1", 0, interface=b"lo")) == FINE


def test_an_abstract_name() -> None:
    name = b"\0hitless-%d" % os.getpid()
    trial = AddressTrial(family=socket.AF_UNIX, kind=TCP, name=name)
    assert attempt(trial) == FINE
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(name)
        assert attempt(trial) == AddressResult(step="bind", errno=errno.EADDRINUSE)
        padded = AddressTrial(family=socket.AF_UNIX, kind=TCP, name=name.ljust(108, b"\0"))
        assert attempt(padded) == FINE


def test_a_socket_that_cannot_be_made() -> None:
    assert attempt(AddressTrial(family=socket.AF_INET, kind=99)).step == "socket"


def test_a_namespace_that_is_missing() -> None:
    trial = AddressTrial(family=socket.AF_INET, kind=TCP, host="127.0.0.1", namespace=b"hitless-none")
    result = try_address(trial, Namespaces({b"hitless-none"}, -1))
    assert result == AddressResult(step="namespace", errno=errno.ENOENT)


def test_a_path_is_looked_at_and_never_touched(tmp_path: Path) -> None:
    directory = os.fsencode(tmp_path)
    assert try_path(directory + b"/new").kind == "missing"
    assert try_path(directory + b"/none/x").directory_errno == errno.ENOENT
    (tmp_path / "file").touch()
    assert try_path(directory + b"/file/x").directory_errno == errno.ENOTDIR
    found = try_path(directory + b"/file")
    assert (found.kind, found.uid, found.safe_to_link) == ("file", os.geteuid(), True)
    (tmp_path / "file").chmod(0o4755)
    assert not try_path(directory + b"/file").safe_to_link
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "x.sock"))
        seen = try_path(directory + b"/x.sock")
    status = (tmp_path / "x.sock").stat()
    assert (seen.kind, seen.device, seen.inode) == ("socket", status.st_dev, status.st_ino)
    (tmp_path / "link").symlink_to("nowhere")
    assert try_path(directory + b"/link").kind == "symbolic link"
    tmp_path.chmod(0o755 | stat.S_ISVTX)
    assert try_path(directory + b"/new").sticky
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "x.sock"]


def test_a_name_of_this_host_and_one_that_nobody_has() -> None:
    assert resolve(b"localhost", 4).address == "127.0.0.1"
    assert resolve(b"192.0.2.1", 6).final
    result = resolve(b"a..b.invalid", 0)
    assert result.error
    assert not result.address


def test_a_process_takes_on_other_rights() -> None:
    if os.geteuid() != 0:
        pytest.skip("rights are given up by root")
    nobody = BinderRights(uid=65534, gid=65534, groups=(), capabilities=0)
    task = TrialTask(rights=nobody, addresses=(tcp("127.0.0.1", 81),), paths=(b"/etc/x", b"/tmp/x"))
    answer = decode_answer(in_child(task).stdout)
    assert answer.refused == ""
    assert answer.addresses == (AddressResult(step="bind", errno=errno.EACCES),)
    assert [path.write_errno for path in answer.paths] == [errno.EACCES, 0]
    low_ports = BinderRights(uid=65534, gid=65534, groups=(4,), capabilities=1 << 10)
    task = TrialTask(rights=low_ports, addresses=(tcp("127.0.0.1", 81),))
    assert decode_answer(in_child(task).stdout).addresses == (FINE,)


def test_rights_that_cannot_be_had_are_said() -> None:
    task = TrialTask(network=99)
    answer = decode_answer(in_child(task).stdout)
    assert answer.refused.startswith("enter the network namespace of HAProxy: ")


def test_a_task_that_is_none() -> None:
    command = [sys.executable, "-P", "-m", "hitless.reload.preflight.trial_child"]
    done = subprocess.run(command, input=b"\xff", capture_output=True, check=False, timeout=60)
    assert done.returncode
    assert done.stdout == b""


def test_nothing_to_do_is_done() -> None:
    answer = decode_answer(in_child(TrialTask()).stdout)
    assert (answer.refused, answer.addresses) == ("", ())
