"""Addresses of binds against addresses of the host: who is there, who holds the port, may it be absent.

Source: Linux 6.1 net/ipv4/inet_connection_sock.c inet_csk_get_port(), net/ipv6/addrconf.c, ip(7), ipv6(7); tried with
HAProxy 2.6.12 and 3.2 against listeners on every pair of wildcard and specific addresses.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.subject.binds import every_bind, own_pids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Address, Bind
    from hitless.facts import HostAddress, ListeningSocket
    from hitless.subject import Subject

__all__ = [
    "Endpoint",
    "can_be_absent",
    "endpoints",
    "host_address",
    "ip_of",
    "overlaps",
    "own_listeners",
    "text_of",
]

_IP_KINDS = frozenset({"ip", "quic", "udp"})
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and port that HAProxy binds in its own network namespace. `kind`: "ip" is TCP, as in `Address`."""

    ip: IpAddress
    port: int
    kind: str
    bind: Bind
    owner: str
    dual_stack: bool
    """An IPv6 wildcard that takes IPv4 too."""

    @property
    def key(self) -> tuple[IpAddress, int]:
        """Address and port, as in `own_listeners`."""
        return self.ip, self.port

    @property
    def is_any(self) -> bool:
        """It stands for every address of its family."""
        return self.ip.is_unspecified


def endpoints(subject: Subject) -> Iterator[Endpoint]:
    """Yield what is bound to IP addresses, ports expanded; binds in another namespace are left out."""
    host = subject.host
    v6_only = host is not None and host.sysctl("net.ipv6.bindv6only") == "1"
    for owned in every_bind(subject):
        bind = owned.bind
        if bind.has("namespace"):
            continue
        for address in bind.addresses:
            ip = ip_of(address)
            if ip is None:
                continue
            dual = (
                ip.version == 6
                and ip.is_unspecified
                and not bind.has("v6only")
                and (bind.has("v4v6") or not v6_only)
            )
            yield Endpoint(ip, address.port, address.kind, bind, owned.owner, dual)


def ip_of(address: Address) -> IpAddress | None:
    """Return the IP address of an address of the configuration, None for other kinds."""
    return _parse("0.0.0.0" if address.host == "*" else address.host) if address.kind in _IP_KINDS else None  # noqa: S104


def text_of(endpoint: Endpoint) -> str:
    """Return "ADDRESS:PORT" as people write it."""
    host = f"[{endpoint.ip}]" if endpoint.ip.version == 6 else str(endpoint.ip)
    return f"{host}:{endpoint.port}"


def host_address(subject: Subject, ip: IpAddress) -> HostAddress | None:
    """Return the address of the host that makes `ip` bindable: itself, or one of `lo` whose network it is in."""
    for have in (subject.host.addresses if subject.host else None) or ():
        own = _parse(have.address)
        if own == ip:
            return have
        if have.interface == "lo" and own is not None and own.version == 4 == ip.version:
            # The kernel's local table holds the whole prefix of an IPv4 address of the loopback interface.
            network = ipaddress.ip_network(f"{own}/{min(max(have.prefix_length, 0), 32)}", strict=False)
            if ip in network:
                return have
    return None


def can_be_absent(subject: Subject, endpoint: Endpoint) -> bool:
    """Return whether the bind succeeds without the address: `transparent`, or the kernel's ip_nonlocal_bind."""
    name = "net.ipv4.ip_nonlocal_bind" if endpoint.ip.version == 4 else "net.ipv6.ip_nonlocal_bind"
    host = subject.host
    return endpoint.bind.has("transparent") or (host is not None and host.sysctl(name) == "1")


def overlaps(endpoint: Endpoint, socket: ListeningSocket) -> bool:
    """Return whether a TCP bind and a listening socket want the same packets, so that the kernel refuses the second."""
    other = _parse(socket.address)
    if other is None or endpoint.kind != "ip" or endpoint.port != socket.port:
        return False
    if other.version == endpoint.ip.version:
        return other == endpoint.ip or other.is_unspecified or endpoint.is_any
    if other.version == 6:
        return other.is_unspecified and not socket.v6_only
    return endpoint.dual_stack


def own_listeners(subject: Subject) -> dict[tuple[IpAddress, int], ListeningSocket]:
    """Return by address and port the sockets that this instance already holds, and so hands over."""
    own = own_pids(subject)
    found: dict[tuple[IpAddress, int], ListeningSocket] = {}
    for socket in (subject.host.listening if subject.host else None) or ():
        ip = _parse(socket.address)
        if ip is not None and own & set(socket.pids):
            found.setdefault((ip, socket.port), socket)
    return found


def _parse(text: str) -> IpAddress | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address
