"""Where syslog goes on a host: /dev/log, the daemons and their configuration, the sockets that receive.

Source: rsyslog.conf(5), syslog-ng.conf(5), journald.conf(5); the tables of /proc/net: Linux v6.18 net/ipv4/udp.c
udp4_seq_show(), net/ipv6/datagram.c, net/unix/af_unix.c unix_seq_show().
"""

import ipaddress
import re
import stat
import struct
from collections.abc import Iterator

from hitless.facts import FileText, LoggingFacts, PathFact, Unknown
from hitless.host.errors import Denied, Gone, HostError
from hitless.host.redact import redact_text
from hitless.host.root import HostRoot, kind_of
from hitless.host.script_reader import code_of, names_haproxy
from hitless.host.tmpfiles import configuration_files

__all__ = ["parse_udp", "parse_unix_datagram", "read_logging"]

LIMIT_BYTES = 256 * 1024
TABLE_LIMIT_BYTES = 16 * 1024 * 1024
MAX_SOCKETS = 1000

_RSYSLOG = ("/etc/rsyslog.conf",)
_SYSLOG_NG = ("/etc/syslog-ng/syslog-ng.conf",)
_JOURNALD = ("/etc/systemd/journald.conf",)
_JOURNALD_DIRECTORIES = tuple(
    f"{p}/systemd/journald.conf.d" for p in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
_OPENS_SOCKETS = re.compile(
    r"imuxsock|imudp|imtcp|imjournal|AddUnixListenSocket|(?:UDP|TCP)ServerRun|\bsource\s|unix-(?:dgram|stream)\s*\("
    r"|^\s*(?:ForwardToSyslog|Storage|RateLimit\w+|ReadKMsg|MaxLevel\w+)\s*=",
    re.IGNORECASE,
)
_DAEMONS = {"rsyslogd": "rsyslogd", "syslog-ng": "syslog-ng", "systemd-journal": "systemd-journald"}
_PROGRAMS = {
    "rsyslogd": ("/usr/sbin/rsyslogd", "/sbin/rsyslogd"),
    "syslog-ng": ("/usr/sbin/syslog-ng", "/sbin/syslog-ng"),
    "systemd-journald": ("/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald"),
}
_UNCONNECTED = "07"
"""TCP_CLOSE: a UDP socket that receives from anybody; "01" is connected to one peer."""
_DATAGRAM = "0002"
_AUTOBOUND = re.compile(r"@[0-9a-f]{5}\Z")
"""What the kernel names a client's socket. Source: Linux v6.18 net/unix/af_unix.c unix_autobind()."""


def read_logging(root: HostRoot, *, same_network: bool = True) -> tuple[LoggingFacts, list[Unknown]]:
    """Return where syslog goes, and what could not be seen of it.

    `same_network`: HAProxy is in our network namespace, so that our tables of sockets are its own.
    """
    unknown: list[Unknown] = []
    daemons = _running(root, unknown) if root.live else _installed(root)
    seen = root.live and same_network
    udp = [_table(root, f"/proc/net/{name}", unknown) if seen else None for name in ("udp", "udp6")]
    unix = _table(root, "/proc/net/unix", unknown) if seen else None
    facts = LoggingFacts(
        dev_log=_dev_log(root) if root.live else None,  # made at boot: a tree does not have it
        journald="systemd-journald" in daemons,
        daemon=next((daemon for daemon in _PROGRAMS if daemon in daemons), ""),
        files=tuple(_files(root, unknown)),
        udp_listeners=_udp_listeners(*udp),
        unix_datagram_sockets=None if unix is None else tuple(parse_unix_datagram(unix)),
    )
    return facts, unknown


def _udp_listeners(v4: str | None, v6: str | None) -> tuple[str, ...] | None:
    """Return who receives; None unless both tables were seen."""
    if v4 is None or v6 is None:
        return None
    return (*parse_udp(v4, v6=False), *parse_udp(v6, v6=True))


def parse_udp(text: str, *, v6: bool) -> list[str]:
    """Return the endpoints of /proc/net/udp or udp6 that receive from anybody, e.g. "127.0.0.1:514", "[::]:514"."""
    found: list[str] = []
    for line in text.split("\n")[1:]:
        words = line.split()
        if len(words) < 4 or words[3] != _UNCONNECTED or len(found) >= MAX_SOCKETS:
            continue
        address, _, port = words[1].partition(":")
        try:
            # Each 32 bits of the address are printed as a number in the machine's order.
            packed = b"".join(
                struct.pack("=I", int(address[i : i + 8], 16)) for i in range(0, len(address), 8)
            )
            shown = str(ipaddress.IPv6Address(packed) if v6 else ipaddress.IPv4Address(packed))
            found.append(f"[{shown}]:{int(port, 16)}" if v6 else f"{shown}:{int(port, 16)}")
        except (ValueError, struct.error):  # a line that no kernel writes
            continue
    return list(dict.fromkeys(found))


def parse_unix_datagram(text: str) -> list[str]:
    """Return the names of bound datagram sockets of /proc/net/unix, without those that the kernel gives to clients."""
    rows = (line.split(None, 7) for line in text.split("\n")[1:])
    names = (row[7] for row in rows if len(row) == 8 and row[4] == _DATAGRAM)
    return list(dict.fromkeys(name for name in names if not _AUTOBOUND.match(name)))[:MAX_SOCKETS]


def _files(root: HostRoot, unknown: list[Unknown]) -> Iterator[FileText]:
    paths = [
        *(*_RSYSLOG, *configuration_files(root, ("/etc/rsyslog.d",), unknown)),
        *(*_SYSLOG_NG, *configuration_files(root, ("/etc/syslog-ng/conf.d",), unknown)),
        *(*_JOURNALD, *configuration_files(root, _JOURNALD_DIRECTORIES, unknown)),
    ]
    for path in paths:
        try:
            file = root.read_text(path, limit_bytes=LIMIT_BYTES)
        except Gone:
            continue
        except HostError as error:
            unknown.append(Unknown(what=f"logging configuration {path}", why=error.message))
            continue
        if names_haproxy(file.text) or any(
            _OPENS_SOCKETS.search(code_of(line)) for line in file.text.split("\n")
        ):
            yield FileText(path=file.path, text=redact_text(file.text), truncated=file.truncated)


def _running(root: HostRoot, unknown: list[Unknown]) -> set[str]:
    """Return the daemons that run, by the names of processes."""
    found: set[str] = set()
    try:
        pids = [name for name in root.names("/proc") if name.isdigit()]
    except HostError as error:
        unknown.append(Unknown(what="which syslog daemon runs", why=error.message))
        return found
    for name in pids:
        try:
            command = root.read_text(f"/proc/{name}/comm", limit_bytes=64).text.strip()
        except HostError:  # it has ended meanwhile
            continue
        if command in _DAEMONS:
            found.add(_DAEMONS[command])
    return found


def _installed(root: HostRoot) -> set[str]:
    return {daemon for daemon, programs in _PROGRAMS.items() if any(_is_there(root, p) for p in programs)}


def _is_there(root: HostRoot, path: str) -> bool:
    try:
        return root.exists(path)
    except HostError:
        return False


def _table(root: HostRoot, path: str, unknown: list[Unknown]) -> str | None:
    try:
        file = root.read_text(path, limit_bytes=TABLE_LIMIT_BYTES)
    except Gone:  # no IPv6
        return ""
    except HostError as error:
        unknown.append(Unknown(what=f"sockets that receive syslog ({path})", why=error.message))
        return None
    if file.truncated:
        unknown.append(Unknown(what=f"sockets that receive syslog ({path})", why="there are too many"))
        return None
    return file.text


def _dev_log(root: HostRoot) -> PathFact:
    path = "/dev/log"
    try:
        status = root.stat(path)
    except Gone:
        return PathFact(path=path, kind="missing")
    except Denied:
        return PathFact(path=path, kind="unreadable")
    except HostError:  # a loop of links
        return PathFact(path=path, kind="other")
    return PathFact(
        path=path,
        kind=kind_of(status),
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
    )
