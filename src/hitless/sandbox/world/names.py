"""Addresses for names: the same name has the same address in every process and every run.

IPv4 from 198.19.0.0/16 (half of the benchmarking network, RFC 2544), IPv6 from 2001:db8:5151::/48
(documentation, RFC 3849): neither occurs in a network that a configuration was written for.
"""

import hashlib
import ipaddress

__all__ = ["DNS_ADDRESS", "address6_for_name", "address_for_name", "srv_target"]

DNS_ADDRESS = "198.19.0.53"
"""Where the world's own DNS listens; names live in 198.19.1.0 and above."""

_NETWORK4 = int(ipaddress.IPv4Address("198.19.0.0"))
_NETWORK6 = int(ipaddress.IPv6Address("2001:db8:5151::"))


def address_for_name(name: str, *, number: int = 0) -> str:
    """Return the IPv4 address of a name; `number` counts further addresses of the same name from 1."""
    high, low = divmod(_digest(name, number) % (254 * 254), 254)
    return str(ipaddress.IPv4Address(_NETWORK4 + (high + 1) * 256 + low + 1))


def address6_for_name(name: str, *, number: int = 0) -> str:
    """Return the IPv6 address of a name; `number` counts further addresses of the same name from 1."""
    return str(ipaddress.IPv6Address(_NETWORK6 + (_digest(name, number) or 1)))


def srv_target(name: str, number: int) -> str:
    """Return the host name that the SRV record `number` (from 0) of a service name points to."""
    labels = [label for label in name.rstrip(".").split(".") if not label.startswith("_")]
    return ".".join([f"target-{number + 1}", *labels])


def _digest(name: str, number: int) -> int:
    text = f"{name.rstrip('.').lower()}#{number}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
