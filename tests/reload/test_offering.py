import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.host.held_listener import HeldListener
from hitless.host.root import HostRoot
from hitless.reload.offering import listeners_to_offer

PLAIN = HeldListener(
    descriptor=5, number=9, inode=77, kind=socket.SOCK_STREAM, endpoint="0.0.0.0:80", owner_uid=0
)
V6 = replace(PLAIN, descriptor=6, endpoint="[::]:80", v6_only=False)
V6_ONLY = replace(PLAIN, descriptor=7, endpoint="[::1]:80", v6_only=True)
OLD, NEW = (2, 2, 9), (2, 6, 12)


def offered(held: list[HeldListener], version: tuple[int, ...]) -> list[tuple[int, int]]:
    passed, left_out = listeners_to_offer(held, version, HostRoot())
    assert left_out == ()
    return [(one.descriptor, one.record.options) for one in passed]


def test_names_are_said_and_options_left_to_the_socket() -> None:
    held = replace(PLAIN, interface="lo", namespace="blue", transparent=True)
    ((one,), _) = listeners_to_offer([held], NEW, HostRoot())
    assert (one.record.interface, one.record.namespace, one.record.options) == ("lo", "blue", 0)


def test_an_old_version_is_told_what_the_bind_line_says() -> None:
    assert offered([PLAIN], OLD) == [(5, 0)]
    assert offered([replace(PLAIN, transparent=True)], OLD) == [(5, 2)]


def test_what_the_socket_does_not_tell_is_offered_both_ways_the_likelier_last() -> None:
    assert offered([V6, V6_ONLY], OLD) == [(6, 0x800), (7, 0), (6, 0), (7, 0x400)]
    assert offered([replace(V6, transparent=True)], OLD) == [(6, 0x802), (6, 2)]
    assert offered([V6, V6_ONLY], NEW) == [(6, 0), (7, 0)]


def test_an_unknown_version_may_be_an_old_one() -> None:
    assert len(offered([V6], (0, 0, 0))) == 2


def test_datagrams_only_for_versions_that_know_them() -> None:
    udp = replace(PLAIN, kind=socket.SOCK_DGRAM)
    assert offered([udp], NEW) == [(5, 0)]
    assert listeners_to_offer([udp], OLD, HostRoot())[1] == (
        "0.0.0.0:80 takes datagrams, which this version does not hand over",
    )


def test_a_unix_socket_whose_path_is_gone_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "here.sock").touch()
    here = replace(PLAIN, endpoint=f"{tmp_path}/here.sock.4711.tmp")
    gone = replace(PLAIN, endpoint=f"{tmp_path}/gone.sock.4711.tmp")
    abstract = replace(PLAIN, endpoint="@name")
    passed, left_out = listeners_to_offer([here, gone, abstract], NEW, HostRoot())
    assert len(passed) == 2
    assert left_out == (f"{tmp_path}/gone.sock is not there any more, and is made anew",)


@pytest.mark.skipif(os.geteuid() == 0, reason="root sees everything")
def test_what_we_may_not_see_is_offered(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0)
    hidden = replace(PLAIN, endpoint=f"{tmp_path}/private/x.sock")
    assert offered([hidden], NEW) == [(5, 0)]
