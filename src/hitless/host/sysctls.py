"""The kernel settings that decide what a reload of HAProxy loses, and the files that set them at boot.

Source of the meanings: Linux v6.18 Documentation/admin-guide/sysctl/ and Documentation/networking/ip-sysctl.rst;
of the directories: sysctl.d(5), sysctl(8).
"""

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence

from hitless.facts import FileText, Sysctl, Unknown
from hitless.host.errors import Denied, Gone, HostError
from hitless.host.root import HostRoot

__all__ = ["SETTINGS", "read_sysctl_files", "read_sysctls"]

SETTINGS = {
    "net.ipv4.tcp_migrate_req": "1: a closed listener's queue goes to another one of its port (Linux 5.14)",
    "net.core.somaxconn": "the upper bound of every listener's accept queue",
    "net.ipv4.tcp_max_syn_backlog": "connections in handshake that one listener remembers",
    "net.ipv4.tcp_abort_on_overflow": "1: a full accept queue answers with a reset instead of silence",
    "net.ipv4.tcp_syncookies": "what happens to a SYN when the backlog is full",
    "net.ipv4.ip_nonlocal_bind": "1: an address that this node does not have can be bound (Keepalived's backup)",
    "net.ipv6.ip_nonlocal_bind": "the same for IPv6, decided by its own setting",
    "net.ipv4.ip_unprivileged_port_start": "the first port that needs no CAP_NET_BIND_SERVICE",
    "net.ipv4.ip_local_port_range": "source ports towards servers, shared by all generations",
    "net.ipv4.ip_local_reserved_ports": "ports that are never taken as a source port",
    "net.ipv4.tcp_tw_reuse": "whether a source port in TIME_WAIT can be taken again",
    "net.ipv6.bindv6only": "1: a bind of [::] takes no IPv4 unless it says v4v6",
    "net.unix.max_dgram_qlen": "datagrams that wait at /dev/log before a log line is lost",
    "net.netfilter.nf_conntrack_max": "connections that the firewall tracks before it drops new ones",
    "net.netfilter.nf_conntrack_count": "connections that it tracks now",
    "fs.protected_hardlinks": "1: HAProxy without root cannot link over a socket file of another user",
    "fs.file-max": "open files of the whole host",
    "fs.nr_open": "the highest limit of open files that a process can have",
    "kernel.pid_max": "how soon a process number comes again: a stale pid file names a stranger",
}
"""Each setting, and why it matters to a reload."""

_DIRECTORIES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)
_VALUE_SIZE_BYTES = 4096
_FILE_SIZE_BYTES = 256 * 1024


def read_sysctls(
    root: HostRoot, names: Sequence[str] = tuple(SETTINGS)
) -> tuple[tuple[Sysctl, ...], tuple[Unknown, ...]]:
    """Return the settings that this kernel has, of the calling thread's network namespace where they are per namespace.

    One that the kernel does not have (too old, or a module that is not loaded) is left out.
    """
    found: list[Sysctl] = []
    unknown: list[Unknown] = []
    for name in names:
        source = "/proc/sys/" + name.replace(".", "/")
        try:
            data, _ = root.read_bytes(source, limit_bytes=_VALUE_SIZE_BYTES)
        except Gone:
            continue
        except HostError as error:
            unknown.append(Unknown(what=f"kernel setting {name}", why=error.message))
            continue
        value = " ".join(data.decode(errors="backslashreplace").split())
        found.append(Sysctl(name=name, value=value, source=source))
    return tuple(found), tuple(unknown)


def read_sysctl_files(
    root: HostRoot, names: Sequence[str] = tuple(SETTINGS)
) -> tuple[tuple[FileText, ...], tuple[Unknown, ...]]:
    """Return the files that set one of `names`, in the order in which systemd-sysctl applies them.

    Of files with one name only that of the first directory counts, then they go by name; /etc/sysctl.conf is last,
    as `sysctl --system` reads it (systemd-sysctl does so through a link in /etc/sysctl.d).
    """
    files: list[FileText] = []
    unknown: list[Unknown] = []
    for path in _paths(root, unknown):
        try:
            file = root.read_text(path, limit_bytes=_FILE_SIZE_BYTES)
        except Gone:
            continue
        except HostError as error:
            if not _is_mask(root, path):
                unknown.append(Unknown(what=f"kernel settings in {path}", why=error.message))
            continue
        if any(_sets(line, names) for line in file.text.splitlines()):
            files.append(file)
    return tuple(files), tuple(unknown)


def _paths(root: HostRoot, unknown: list[Unknown]) -> Iterator[str]:
    first: dict[str, str] = {}
    for directory in _DIRECTORIES:
        try:
            names = root.names(directory)
        except Gone:
            continue
        except Denied as error:
            unknown.append(Unknown(what=f"kernel settings in {directory}", why=error.message))
            continue
        for name in names:
            if name.endswith(".conf"):
                first.setdefault(name, f"{directory}/{name}")
    yield from (first[name] for name in sorted(first))
    if not _links_to_sysctl_conf(root, first.values()):
        yield "/etc/sysctl.conf"


def _is_mask(root: HostRoot, path: str) -> bool:
    try:
        return root.read_link(path) == "/dev/null"
    except HostError:
        return False


def _links_to_sysctl_conf(root: HostRoot, paths: Iterable[str]) -> bool:
    for path in paths:
        try:
            if os.path.samestat(root.stat(path), root.stat("/etc/sysctl.conf")):
                return True
        except HostError:  # neither is there, or no right to look: then it is no link that we could follow
            continue
    return False


def _sets(line: str, names: Sequence[str]) -> bool:
    """Return whether a line sets one of `names`: "a.b.c = 1", "-a/b/c=1", with "*" for a part of systemd's."""
    key, equals, _ = line.partition("=")
    key = key.strip().removeprefix("-")
    if not equals or key.startswith(("#", ";")):
        return False
    pattern = key.replace("/", ".")
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)
