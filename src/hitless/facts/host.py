"""The machine: kernel, addresses, sockets, files, scripts, logging. Seen once, shared by all instances on it."""

from hitless.records import Record

__all__ = [
    "Account",
    "FileText",
    "Host",
    "HostAddress",
    "ListeningSocket",
    "LoggingFacts",
    "PathFact",
    "Script",
    "Sysctl",
    "UnixListener",
    "VirtualAddress",
]


class FileText(Record, frozen=True):
    """A text file that was read, secrets redacted, bounded; `truncated` where the bound cut it."""

    path: str
    text: str
    truncated: bool = False


class Sysctl(Record, frozen=True):
    """One kernel setting, e.g. "net.ipv4.tcp_migrate_req" = "0", of the network namespace looked at."""

    name: str
    value: str
    source: str


class HostAddress(Record, frozen=True):
    """An IP address that an interface of the network namespace has."""

    address: str
    prefix_length: int
    interface: str
    tentative: bool = False


class ListeningSocket(Record, frozen=True):
    """A TCP socket in LISTEN. `pids` hold it open: ascending, () where nobody was found who does.

    Units: `queue_length` and `queue_limit` are connections that wait to be accepted.
    """

    address: str
    port: int
    inode: int
    uid: int
    queue_length: int
    queue_limit: int
    v6_only: bool = False
    pids: tuple[int, ...] = ()
    process_names: tuple[str, ...] = ()
    """The name (comm) of each of `pids`, in their order."""


class UnixListener(Record, frozen=True):
    """A listening unix socket. `name` is what the kernel says: HAProxy's are "PATH.PID.tmp", "@x" is abstract."""

    name: str
    inode: int
    pids: tuple[int, ...] = ()
    process_names: tuple[str, ...] = ()


class PathFact(Record, frozen=True):
    """What stands at a path that a configuration, unit or script names (symlinks followed)."""

    path: str
    kind: str
    """"file", "directory", "socket", "fifo", "other", "missing", or "unreadable" (no right to look)."""
    mode: int = 0
    """Permission bits, e.g. 0o660."""
    uid: int = -1
    gid: int = -1
    owner: str = ""
    group: str = ""
    size_bytes: int = 0
    modified_age_s: float = 0.0
    """How long before the snapshot it was last modified."""
    filesystem: str = ""
    """"tmpfs", "ext4", …: what the kernel says of the file system it is (or would be) on."""
    entries: int = 0
    """A directory's entries (files of certificates), counted up to 100 000."""


class Account(Record, frozen=True):
    """A user or a group that the configuration or the unit names."""

    kind: str
    """"user" or "group"."""
    name: str
    identifier: int | None
    """uid or gid; None if there is no such account."""


class VirtualAddress(Record, frozen=True):
    """One virtual IP address of Keepalived. `where` is FILE:LINE."""

    address: str
    prefix_length: int
    where: str
    instance: str = ""
    """The vrrp_instance."""
    interface: str = ""
    state: str = ""
    """"MASTER" or "BACKUP" as the file says."""


class Script(Record, frozen=True):
    """A file that touches HAProxy: its text, bounded, secrets redacted.

    `kind`: "cron", "systemd" (a timer's or another unit's service), "logrotate", "certbot", "acme", "keepalived",
    "sysv-init", "package", "network" (if-up.d, NetworkManager), "configuration-management" (Ansible, Salt, Puppet,
    Chef, …), "container" (Dockerfile, entrypoint), "script" (found under --scripts, or called by one of the others).
    """

    path: str
    kind: str
    text: str
    truncated: bool = False
    named_by: str = ""
    """FILE:LINE or unit that runs it, where that is known."""


class LoggingFacts(Record, frozen=True):
    """Where syslog goes: what receives, and what it does with HAProxy's lines."""

    dev_log: PathFact | None = None
    """/dev/log as this host has it."""
    journald: bool | None = None
    daemon: str = ""
    """"rsyslogd", "syslog-ng", "systemd-journald", or "" where none was found."""
    files: tuple[FileText, ...] = ()
    """Configuration files of syslog daemons that name haproxy, or open sockets (imuxsock, imudp, source)."""
    udp_listeners: tuple[str, ...] | None = None
    """Endpoints with a UDP socket that receives, e.g. "127.0.0.1:514"."""
    unix_datagram_sockets: tuple[str, ...] | None = None
    """Names of bound unix datagram sockets, e.g. "/run/systemd/journal/dev-log", "/var/lib/haproxy/dev/log"."""


class Host(Record, frozen=True):
    """The machine, or a tree that is laid out like one. None: could not be seen."""

    kernel_release: str = ""
    container: bool = False
    systemd: bool = False
    """systemd runs as process 1 here."""
    cpu_count: int | None = None
    memory_total_bytes: int | None = None
    memory_available_bytes: int | None = None
    host_name: str = ""
    sysctls: tuple[Sysctl, ...] | None = None
    addresses: tuple[HostAddress, ...] | None = None
    interfaces: tuple[str, ...] | None = None
    local_networks: tuple[str, ...] | None = None
    """Networks whose every address is the host's by a local route: "127.0.0.0/8", AnyIP. bind() takes them all."""
    listening: tuple[ListeningSocket, ...] | None = None
    unix_listening: tuple[UnixListener, ...] | None = None
    paths: tuple[PathFact, ...] | None = None
    accounts: tuple[Account, ...] | None = None
    keepalived: tuple[VirtualAddress, ...] | None = None
    """Virtual addresses of keepalived.conf and what it includes; () also where there is no Keepalived."""
    scripts: tuple[Script, ...] | None = None
    tmpfiles: tuple[FileText, ...] | None = None
    """tmpfiles.d files that name haproxy or a directory that the configuration needs."""
    sysctl_files: tuple[FileText, ...] | None = None
    """sysctl.d files that set one of `sysctls`."""
    logging: LoggingFacts | None = None

    def sysctl(self, name: str) -> str | None:
        """Return the value of a kernel setting, None where it is not known."""
        return next((s.value for s in self.sysctls or () if s.name == name), None)

    def path(self, path: str) -> PathFact | None:
        """Return what stands at a path, None where nobody looked."""
        return next((p for p in self.paths or () if p.path == path), None)
