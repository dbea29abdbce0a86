import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.host.logging_facts import parse_udp, parse_unix_datagram, read_logging
from hitless.host.root import HostRoot

UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  123: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0
  124: 0100007F:1F90 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0
  125: zz:1 0:0 07
"""
UDP6 = UDP.replace("0100007F:0202", "00000000000000000000000001000000:0202").replace("7F:1F90", "7F:1F91")
UNIX = """\
Num       RefCount Protocol Flags    Type St Inode Path
000000000488b0d2: 00000003 00000000 00000000 0002 01 47134054 /run/systemd/journal/dev-log
000000000488b0d2: 00000003 00000000 00000000 0002 01 47134054 /var/lib/haproxy/dev/my log
000000000488b0d2: 00000003 00000000 00000000 0002 01 47134054 @0001f
000000000488b0d2: 00000003 00000000 00000000 0002 01 47134054
000000000488b0d2: 00000003 00000000 00010000 0001 01 47134054 /run/x.sock
"""
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the table is written in the machine's order"
)


def write(directory: Path, path: str, text: str) -> None:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


@little_endian
def test_udp() -> None:
    assert parse_udp(UDP, v6=False) == ["127.0.0.1:514"]
    assert parse_udp(UDP6, v6=True) == ["[::1]:514"]


def test_unix() -> None:
    assert parse_unix_datagram(UNIX) == ["/run/systemd/journal/dev-log", "/var/lib/haproxy/dev/my log"]


@given(st.text(), st.booleans())
def test_any_table(text: str, v6: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    parse_udp(UDP + text, v6=v6)
    parse_unix_datagram(UNIX + text)


def test_a_tree(tmp_path: Path) -> None:
    write(tmp_path, "usr/sbin/rsyslogd", "")
    write(tmp_path, "usr/lib/systemd/systemd-journald", "")
    write(tmp_path, "etc/rsyslog.conf", 'module(load="imuxsock")\n#module(load="imudp")\n')
    write(tmp_path, "etc/rsyslog.d/49-haproxy.conf", "$AddUnixListenSocket /var/lib/haproxy/dev/log\n")
    write(tmp_path, "etc/rsyslog.d/50-default.conf", "*.* /var/log/syslog\n")
    write(tmp_path, "etc/systemd/journald.conf", "[Journal]\n#Storage=auto\n")
    write(tmp_path, "etc/systemd/journald.conf.d/a.conf", "[Journal]\nForwardToSyslog=no\n")
    facts, unknown = read_logging(HostRoot(tmp_path, live=False))
    assert unknown == []
    assert (facts.daemon, facts.journald) == ("rsyslogd", True)
    assert [f.path for f in facts.files] == [
        *("/etc/rsyslog.conf", "/etc/rsyslog.d/49-haproxy.conf", "/etc/systemd/journald.conf.d/a.conf")
    ]
    assert facts.dev_log is None
    assert facts.udp_listeners is None, "not seen, which is not none"
    assert facts.unix_datagram_sockets is None


def test_an_empty_tree(tmp_path: Path) -> None:
    facts, unknown = read_logging(HostRoot(tmp_path, live=False))
    assert (facts.daemon, facts.journald, facts.files, unknown) == ("", False, (), [])


@pytest.mark.parametrize(
    ("target", "kind"),
    [("/run/none", "missing"), ("/dev/log", "other"), ("/run/file", "file"), ("/run", "directory")],
)
def test_dev_log(tmp_path: Path, target: str, kind: str) -> None:
    write(tmp_path, "run/file", "")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/log").symlink_to(target)
    facts, _ = read_logging(HostRoot(tmp_path, live=True))
    assert facts.dev_log is not None
    assert facts.dev_log.kind == kind


def test_sockets_of_this_machine(tmp_path: Path) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(tmp_path / "log"))
        facts, unknown = read_logging(HostRoot())
        assert f"127.0.0.1:{udp.getsockname()[1]}" in (facts.udp_listeners or ())
    assert str(tmp_path / "log") in (facts.unix_datagram_sockets or ())
    assert unknown == []


def test_another_network_is_not_taken_for_this_one() -> None:
    facts, unknown = read_logging(HostRoot(), same_network=False)
    assert facts.udp_listeners is None
    assert unknown == []
