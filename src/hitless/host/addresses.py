"""The interfaces and IP addresses of a network namespace, as rtnetlink lists them (what `ip address` asks).

struct ifinfomsg { __u8 family, pad; __u16 type; __s32 index; __u32 flags, change; };
struct ifaddrmsg { __u8 family, prefixlen, flags, scope; __u32 index; };
struct rtmsg     { __u8 family, dst_len, src_len, tos, table, protocol, scope, type; __u32 flags; };

Source: Linux v6.18 include/uapi/linux/{if_link,if_addr,rtnetlink}.h.
"""

import contextlib
import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hitless.errors import EvidenceError
from hitless.facts import HostAddress
from hitless.host import netlink

__all__ = ["Addresses", "read_addresses"]

_RTM_GETLINK, _RTM_GETADDR, _RTM_GETROUTE = 18, 22, 26
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")
_IFLA_IFNAME = 3
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_RTA_DST = 1
_RTN_LOCAL = 2
_SOL_NETLINK, _NETLINK_GET_STRICT_CHK = 270, 12
_OPTIMISTIC, _DAD_FAILED, _TENTATIVE = 0x04, 0x08, 0x40
_SIZES: dict[int, int] = {socket.AF_INET: 4, socket.AF_INET6: 16}


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a network namespace has."""

    addresses: tuple[HostAddress, ...]
    interfaces: tuple[str, ...]
    local_networks: tuple[str, ...]
    """Networks all of whose addresses are this host's by a local route (127.0.0.0/8, AnyIP)."""


def read_addresses(*, timeout_s: float = 5.0) -> Addresses:
    """Return the interfaces in the kernel's order and the addresses, of the calling thread's network namespace.

    An IPv6 address is `tentative` while (or because) duplicate detection has not let it be used: bind() fails.
    Source: Linux v6.18 net/ipv6/af_inet6.c __inet6_bind(), ipv6_chk_addr_and_flags() with IFA_F_TENTATIVE.

    Raises: EvidenceError if the kernel cannot be asked or its answer cannot be read.
    """
    try:
        route = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    except OSError as error:
        raise EvidenceError(f"the kernel does not list addresses: {error.strerror}") from error
    with route:
        names = dict(
            _links(netlink.dump(route, _RTM_GETLINK, _LINK.pack(0, 0, 0, 0, 0), timeout_s=timeout_s))
        )
        answer = netlink.dump(route, _RTM_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0), timeout_s=timeout_s)
        addresses = tuple(_addresses(answer, names))
        # A router has a million routes: where the kernel filters (Linux 4.20), only those of type local come back.
        with contextlib.suppress(OSError):
            route.setsockopt(_SOL_NETLINK, _NETLINK_GET_STRICT_CHK, 1)
        networks = {
            network
            for family in _SIZES
            for network in _local_networks(
                netlink.dump(
                    route,
                    _RTM_GETROUTE,
                    _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, _RTN_LOCAL, 0),
                    timeout_s=timeout_s,
                )
            )
        }
    return Addresses(addresses, tuple(names[index] for index in sorted(names)), tuple(sorted(networks)))


def _links(payloads: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    for payload in payloads:
        _, _, index, _, _ = _unpack(_LINK, payload)
        name = netlink.parse_attributes(payload[_LINK.size :]).get(_IFLA_IFNAME, b"").rstrip(b"\0")
        yield index, name.decode(errors="backslashreplace") or f"#{index}"


def _addresses(payloads: Iterator[bytes], names: dict[int, str]) -> Iterator[HostAddress]:
    for payload in payloads:
        family, prefix, flags, _, index = _unpack(_ADDRESS, payload)
        attributes = netlink.parse_attributes(payload[_ADDRESS.size :])
        # On a point-to-point link IFA_ADDRESS is the other end's.
        raw = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS, b"")
        if len(raw) != _SIZES.get(family):
            continue  # another family, or no address at all
        wide = attributes.get(_IFA_FLAGS, b"")
        flags = _U32.unpack(wide)[0] if len(wide) == _U32.size else flags
        yield HostAddress(
            address=socket.inet_ntop(family, raw),
            prefix_length=prefix,
            interface=names.get(index, f"#{index}"),
            tentative=bool(flags & _DAD_FAILED) or flags & (_TENTATIVE | _OPTIMISTIC) == _TENTATIVE,
        )


def _local_networks(payloads: Iterator[bytes]) -> Iterator[str]:
    for payload in payloads:
        family, length, _, _, _, _, _, kind, _ = _unpack(_ROUTE, payload)
        if kind != _RTN_LOCAL or family not in _SIZES or length >= 8 * _SIZES[family]:
            continue
        raw = netlink.parse_attributes(payload[_ROUTE.size :]).get(_RTA_DST, b"") or bytes(_SIZES[family])
        if len(raw) == _SIZES[family]:
            yield str(ipaddress.ip_network((raw, length), strict=False))


def _unpack(fields: struct.Struct, payload: bytes) -> tuple[int, ...]:
    if len(payload) < fields.size:
        raise EvidenceError(f"netlink: a message of {len(payload)} bytes, {fields.size} expected")
    return fields.unpack_from(payload)
