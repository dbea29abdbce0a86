"""The typed view of a configuration: what each proxy binds, serves and inherits, with the line it comes from.

The values are read only; edits go through the tree (`hitless.config.tree`). Times are seconds. `where` is always
"FILE:LINE" with the file's name as it was given, the form HAProxy uses in its messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

__all__ = [
    "Address",
    "Bind",
    "Directive",
    "FileReference",
    "LogTarget",
    "Model",
    "NameServer",
    "Proxy",
    "Server",
    "Timeout",
]


@dataclass(frozen=True, slots=True)
class Directive:
    """One configuration line after quoting and environment have been resolved: `words[0]` is the keyword."""

    words: tuple[str, ...]
    where: str

    @property
    def keyword(self) -> str:
        """The first word."""
        return self.words[0]


@dataclass(frozen=True, slots=True)
class Address:
    """One address of HAProxy's address syntax, ranges of ports already expanded.

    `kind`: "ip", "unix" (path), "abns" (abstract name), "fd", "sockpair", "quic", "udp", "name" (a host name to
    resolve), "rhttp", "other".
    """

    kind: str
    host: str
    """IP address without brackets ("0.0.0.0" and "::" for any), path, abstract name, host name or descriptor."""
    port: int = 0
    text: str = ""
    """As written in the configuration."""

    @property
    def is_any(self) -> bool:
        """True for an address that stands for every address of its family."""
        return self.kind in {"ip", "quic", "udp"} and self.host in {"0.0.0.0", "::", "*"}  # noqa: S104 - comparing


@dataclass(frozen=True, slots=True)
class Bind:
    """One `bind` line: its addresses and its options (keyword to its arguments, in order of appearance)."""

    addresses: tuple[Address, ...]
    options: Mapping[str, tuple[str, ...]]
    """E.g. {"ssl": (), "crt": ("/etc/x.pem",), "alpn": ("h2,http/1.1",), "accept-proxy": ()}. A keyword that stands
    several times (`crt a crt b`) has the arguments of all."""
    where: str

    def has(self, keyword: str) -> bool:
        """Return whether the bind line has this keyword."""
        return keyword in self.options


@dataclass(frozen=True, slots=True)
class Server:
    """One `server` line, or one server of a `server-template`; options include those of `default-server`."""

    name: str
    address: Address
    options: Mapping[str, tuple[str, ...]]
    where: str

    def has(self, keyword: str) -> bool:
        """Return whether the server has this keyword (and no later `no-KEYWORD`)."""
        return keyword in self.options


@dataclass(frozen=True, slots=True)
class Timeout:
    """A timeout in force for a proxy, and the line that set it (possibly in a defaults section)."""

    seconds: float
    """NaN where the value is not known here: from a variable that is not set, or from a template."""
    where: str


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A `log` line: `address` kinds as in `Address`, plus "stdout", "stderr", "ring", "global" as kind "other"."""

    address: Address
    facility: str
    where: str


@dataclass(frozen=True, slots=True)
class NameServer:
    """One `nameserver` of a `resolvers` section, or ("resolv.conf") one taken by `parse-resolv-conf`."""

    section: str
    address: Address
    where: str


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file, directory, user or group that the configuration names and HAProxy needs.

    `kind`: "certificate", "certificate-directory", "ca", "crl", "crt-list", "dh", "error-file", "error-directory",
    "map", "acl", "lua", "spoe", "server-state", "state-directory", "chroot", "socket" (the path of a unix socket that
    HAProxy binds: its directory must exist), "pidfile", "user", "group", "other".
    `path` is absolute where the configuration's own bases (`crt-base`, `ca-base`, `default-path`) make it so.
    """

    kind: str
    path: str
    where: str
    detail: str = ""
    """For a map or ACL: how it is matched ("str", "reg", "ip", …); for a certificate: "bind" or "server"."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A `frontend`, `backend` or `listen` section with everything it inherits from its defaults resolved."""

    kind: str
    name: str
    where: str
    mode: str
    """"http", "tcp" or another mode of HAProxy ("log", "cli", "health", "peers")."""
    binds: tuple[Bind, ...] = ()
    servers: tuple[Server, ...] = ()
    timeouts: Mapping[str, Timeout] = field(default_factory=dict)
    """By the name after `timeout`: "client", "server", "connect", "http-keep-alive", "http-request", "tunnel", …"""
    options: Mapping[str, Directive] = field(default_factory=dict)
    """`option` lines in force by their name ("httplog", "idle-close-on-response", "httpchk", …)."""
    directives: tuple[Directive, ...] = ()
    """All other lines in force: inherited ones first, then the section's own, in order."""
    log_targets: tuple[LogTarget, ...] = ()
    defaults_where: str = ""
    """The defaults section it inherits from; "" without one."""
    disabled: bool = False

    def all(self, *keyword: str) -> tuple[Directive, ...]:
        """Return the directives whose first words are these, e.g. `all("http-check", "expect")`."""
        return tuple(d for d in self.directives if d.words[: len(keyword)] == keyword)


@dataclass(frozen=True)
class Model:
    """A whole configuration as HAProxy would load it: all files in order, conditionals decided."""

    files: tuple[str, ...]
    global_: tuple[Directive, ...]
    proxies: tuple[Proxy, ...]
    name_servers: tuple[NameServer, ...] = ()
    peers: tuple[Bind, ...] = ()
    """What `peers` sections bind locally (their `bind` lines, or the local peer's address)."""
    log_targets: tuple[LogTarget, ...] = ()
    """Of `global`, `ring` and `log-forward` sections."""
    file_references: tuple[FileReference, ...] = ()
    stats_sockets: tuple[Bind, ...] = ()
    """`stats socket` lines of `global`, options included ("level", "expose-fd", "mode", …)."""
    log_forwards: tuple[Bind, ...] = ()
    """What `log-forward` sections receive on: `bind` and `dgram-bind`."""
    diagnostics: tuple[str, ...] = ()
    """Lines this view could not understand, as "FILE:LINE: why"; never an exception."""

    def global_value(self, *keyword: str) -> Directive | None:
        """Return the last `global` directive with these first words, e.g. `global_value("hard-stop-after")`."""
        found = [d for d in self.global_ if d.words[: len(keyword)] == keyword]
        return found[-1] if found else None

    @cached_property
    def frontends(self) -> tuple[Proxy, ...]:
        """Proxies that bind something: `frontend` and `listen`, not disabled."""
        return tuple(
            p for p in self.proxies if p.kind in {"frontend", "listen"} and p.binds and not p.disabled
        )

    def proxy(self, name: str) -> Proxy | None:
        """Return the backend or listen section of this name (what `use_backend` refers to)."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Proxy]:
        """The first of each name: thousands of frontends ask for thousands of backends."""
        return {p.name: p for p in reversed(self.proxies) if p.kind != "frontend"}
