"""What HAProxy binds for a configuration: one receiver for each address, named as the kernel will show it. Pure.

Source: HAProxy 2.8 src/tools.c str2sa_range(), src/sock_inet.c, src/sock_unix.c, src/listener.c
bind_complete_thread_setup(); 2.2 src/proto_tcp.c.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from hitless.config.addresses import AddressError, parse_addresses
from hitless.config.model import Bind
from hitless.config.options import bind_options
from hitless.host.root import printable
from hitless.subject.binds import OwnedBind, every_bind
from hitless.subject.endpoints import Endpoint, ip_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitless.config.model import Address
    from hitless.subject import Subject

__all__ = [
    "Kind",
    "NameQuery",
    "Receiver",
    "Surroundings",
    "names_of",
    "namespaces_of",
    "receivers",
    "uses_reuse_port",
]

_PREFIX = re.compile(r"(?:[a-z]+\+)?([a-z]+)([46]?)@")
_DATAGRAM = frozenset({"udp", "quic"})
_NAMESPACED_UNIX = (3, 0)
"""From here on a unix socket is made in the `namespace` of its bind too. Source: src/sock_unix.c my_socketat()."""
_SHARDS_BY_GROUP = (2, 8)
"""From here on a bind without `shards` has one for each thread group; and shards need SO_REUSEPORT."""
_GROUPS_BY_THEMSELVES = (3, 3)
"""From here on the machine decides how many thread groups there are."""
_MASTER = "master CLI (-S)"


class Kind(StrEnum):
    """What is bound. NAME is an address whose host name could not be resolved."""

    TCP = "tcp"
    UDP = "udp"
    UNIX = "unix"
    ABSTRACT = "abstract"
    DESCRIPTOR = "descriptor"
    NAME = "name"


class NameQuery(NamedTuple):
    """A host name to resolve, and the family that its prefix asks for (4, 6; 0 for either)."""

    host: str
    family: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else decides what is bound: resolved names, the kernel's default, where relative paths begin."""

    names: Mapping[NameQuery, str]
    """IP addresses; a name that is not among them could not be resolved."""
    v6_only_default: bool = False
    """net.ipv6.bindv6only."""
    directory: str = "/"


@dataclass(frozen=True, slots=True)
class Receiver:
    """One address of one bind line."""

    kind: Kind
    endpoint: str
    """As the kernel writes it: "0.0.0.0:80", "[::]:80", "/run/x.sock", "@name"; "fd@3" before it is known."""
    owner: str
    bind: Bind
    host: str
    """What is bound: an IP address, an absolute path, an abstract name; or the number of a descriptor, a host name."""
    inet: Endpoint | None = None
    family: int = 0
    """4 or 6; an IPv4 address in IPv6 form (::ffff:192.0.2.1) is of family 6. Of a name: what its prefix asks for."""
    v6_only: bool = False
    interface: str = ""
    namespace: str = ""
    sockets: int | None = 1
    """How many (`shards`); None where that is not known: as many as before."""
    padded: bool = True
    """An abstract name that is filled up with NUL bytes (abns@, not abnsz@)."""
    multipath: bool = False
    """mptcp@."""
    of_master: bool = False
    """The master's own CLI, which it opens anew at each reload."""

    @property
    def transparent(self) -> bool:
        """It may be bound although the host does not have the address."""
        return self.bind.has("transparent")

    @property
    def title(self) -> str:
        """The address, whose it is, and the line: "192.0.2.9:8443 (frontend api, haproxy.cfg:31)"."""
        place = f"{self.owner}, {printable(self.bind.where)}" if self.bind.where else self.owner
        inside = f" in network namespace {printable(self.namespace)}" if self.namespace else ""
        return f"{self.endpoint}{inside} ({place})"


def uses_reuse_port(subject: Subject) -> bool:
    """Return whether HAProxy shares ports (SO_REUSEPORT): without `noreuseport` and -dR."""
    return not subject.arguments.no_reuseport and not subject.in_global("noreuseport")


def names_of(subject: Subject) -> frozenset[NameQuery]:
    """Return the host names that binds have in place of an address."""
    return frozenset(
        NameQuery(address.host, _prefix(address)[1])
        for owned in _all_binds(subject)
        for address in owned.bind.addresses
        if address.kind == "name"
    )


def namespaces_of(subject: Subject) -> frozenset[str]:
    """Return the network namespaces that binds name."""
    return frozenset(_last(owned.bind, "namespace") for owned in _all_binds(subject)) - {""}


def receivers(subject: Subject, around: Surroundings) -> Iterator[Receiver]:
    """Yield all that HAProxy binds, in the configuration's order; the master's CLI (-S) is last."""
    for owned in _all_binds(subject):
        sockets = _sockets(subject, owned.bind)
        for address in owned.bind.addresses:
            receiver = _receiver(owned, address, around)
            if receiver is None:
                continue
            if receiver.kind is Kind.TCP:
                receiver = replace(receiver, sockets=sockets)
            if receiver.kind in {Kind.UNIX, Kind.ABSTRACT} and not subject.version_in(_NAMESPACED_UNIX):
                receiver = replace(receiver, namespace="")
            yield receiver


def _all_binds(subject: Subject) -> Iterator[OwnedBind]:
    yield from every_bind(subject)
    for text in subject.arguments.master_sockets if subject.master_worker else ():
        address, *words = text.split(",")
        try:
            addresses = parse_addresses(address, {})
        except AddressError:  # HAProxy would not have started with it
            continue
        yield OwnedBind(Bind(addresses, bind_options(words)[0], ""), _MASTER)


def _receiver(owned: OwnedBind, address: Address, around: Surroundings) -> Receiver | None:
    """Return what is bound for an address; None for what needs no socket (rhttp@)."""
    bind = owned.bind
    draft = Receiver(
        Kind.NAME,
        f"{printable(address.host)}:{address.port}",
        owned.owner,
        bind,
        address.host,
        interface=_last(bind, "interface"),
        namespace=_last(bind, "namespace"),
        sockets=None,
        of_master=owned.owner == _MASTER,
    )
    if address.kind == "unix":
        path = posixpath.normpath(posixpath.join(around.directory, address.host))
        return replace(draft, kind=Kind.UNIX, endpoint=printable(address.host), host=path)
    if address.kind == "abns":
        name = f"@{printable(address.host)}"
        return replace(draft, kind=Kind.ABSTRACT, endpoint=name, padded="abnsz@" not in address.text)
    if address.kind in {"fd", "sockpair"}:
        return replace(draft, kind=Kind.DESCRIPTOR, endpoint=f"{address.kind}@{printable(address.host)}")
    if address.kind == "name":
        protocol, family = _prefix(address)
        ip = around.names.get(NameQuery(address.host, family))
        if ip is None:
            return replace(draft, family=family)
        kind = protocol if protocol in _DATAGRAM else "ip"
        return _of_ip(draft, replace(address, kind=kind, host=ip), around)
    return _of_ip(draft, address, around)


def _of_ip(draft: Receiver, address: Address, around: Surroundings) -> Receiver | None:
    ip = ip_of(address)
    if ip is None:
        return None
    bind = draft.bind
    family = 6 if ":" in address.host else 4
    v6_only = family == 6 and (bind.has("v6only") or (around.v6_only_default and not bind.has("v4v6")))
    dual_stack = ip.version == 6 and ip.is_unspecified and not v6_only
    inet = Endpoint(ip, address.port, address.kind, bind, draft.owner, dual_stack)
    return replace(
        draft,
        kind=Kind.UDP if address.kind in _DATAGRAM else Kind.TCP,
        endpoint=text_of(inet),
        host=address.host if family == 6 else str(ip),
        inet=inet,
        family=family,
        v6_only=v6_only,
        multipath=_prefix(address)[0] == "mptcp",
    )


def _prefix(address: Address) -> tuple[str, int]:
    """Return protocol and family that the prefix of an address names: "udp6@name:80" is ("udp", 6)."""
    match = _PREFIX.match(address.text)
    if match is None:
        return "", 0
    return match[1].removesuffix("v"), int(match[2] or 0)


def _last(bind: Bind, keyword: str) -> str:
    return next(iter(bind.options.get(keyword, ())[-1:]), "")


def _sockets(subject: Subject, bind: Bind) -> int | None:
    """Return how many TCP sockets a bind has for each address, None where that cannot be known.

    Source: HAProxy 2.8 src/listener.c bind_complete_thread_setup(), src/cfgparse.c up to 2.7: `shards`.
    """
    grouped = subject.version_in(_SHARDS_BY_GROUP)
    if grouped and not uses_reuse_port(subject):
        return 1
    said = _last(bind, "shards") or _setting(subject, "tune.listener.default-shards")
    if said == "by-group" or (not said and grouped):
        groups = _setting(subject, "thread-groups")
        if groups.isdigit():
            return max(int(groups), 1)
        return None if subject.version_in(_GROUPS_BY_THEMSELVES) else 1
    threads = None if bind.has("thread") or bind.has("process") else _threads(subject)
    if said == "by-thread":
        return threads
    if said.isdigit() and said != "1":
        return min(int(said), threads) if threads else None
    return 1


def _threads(subject: Subject) -> int | None:
    """Return `nbthread`; without it the number of the process that serves now, which the machine decides again."""
    said = _setting(subject, "nbthread")
    if said.isdigit():
        return int(said) or None
    return next((p.threads for p in subject.processes if p.generation == 0 and p.threads), None)


def _setting(subject: Subject, keyword: str) -> str:
    lines = subject.in_global(keyword)
    return lines[-1].words[1] if lines and len(lines[-1].words) > 1 else ""
