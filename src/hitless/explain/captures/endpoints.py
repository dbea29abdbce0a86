"""Endpoints of TCP as numbers, which are quick to compare and to keep, and which of them are the proxy's.

An endpoint is `address << 16 | port`; for IPv6 bit 144 is set as well, so that no two endpoints share a number.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop
from typing import TYPE_CHECKING

from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Listeners", "endpoint_number", "endpoint_text", "parse_listeners"]

_V6 = 1 << 144
_MOST_LEARNED = 65_536


def endpoint_number(address: str, port: int) -> int:
    """Return the number of an endpoint. Raises: ValueError if the address is none."""
    ip = ipaddress.ip_address(address)
    return int(ip) << 16 | port | (_V6 if ip.version == 6 else 0)


def endpoint_text(number: int) -> str:
    """Return "192.0.2.1:80" or "[2001:db8::1]:80"."""
    return f"{_address_text(number >> 16)}:{number & 0xFFFF}"


@lru_cache(maxsize=4096)
def _address_text(address: int) -> str:
    if address & _V6 >> 16:
        return f"[{inet_ntop(AF_INET6, (address & (1 << 128) - 1).to_bytes(16, 'big'))}]"
    return inet_ntop(AF_INET, address.to_bytes(4, "big"))


@dataclass(slots=True)
class Listeners:
    """Where the proxy listens: as said, or learned from who accepts connections."""

    exact: set[int] = field(default_factory=set)
    ports: frozenset[int] = frozenset()
    """Ports of every address."""
    learns: bool = True
    """Nothing was said: the target of a SYN listens, whoever it is (a server behind the proxy, too)."""

    def __contains__(self, endpoint: int) -> bool:
        """Return whether an endpoint is the proxy's, as far as that is known by now."""
        return endpoint in self.exact or (endpoint & 0xFFFF) in self.ports

    @property
    def only_ports(self) -> frozenset[int] | None:
        """The ports of all segments that matter, None where any can."""
        return None if self.learns else self.ports | {endpoint & 0xFFFF for endpoint in self.exact}

    def learn(self, endpoint: int) -> None:
        """Take note that connections are made to this endpoint."""
        if self.learns and len(self.exact) < _MOST_LEARNED:
            self.exact.add(endpoint)


def parse_listeners(endpoints: Iterable[str]) -> Listeners:
    """Return the listeners that these words mean: "192.0.2.1:80", "[2001:db8::1]:443", "*:80", ":80", "0.0.0.0:80".

    A wildcard, also one of IPv6, means every address; without words they are learned from the capture.

    Raises: UsageError for a word that is no endpoint.
    """
    exact: set[int] = set()
    ports: set[int] = set()
    for word in endpoints:
        host, colon, port_text = word.rpartition(":")
        address = host.removeprefix("[").removesuffix("]")
        if not (colon and port_text.isascii() and port_text.isdigit() and 0 < int(port_text[:6]) < 65_536):
            raise _no_endpoint(word)
        try:
            if address in {"", "*"} or ipaddress.ip_address(address).is_unspecified:
                ports.add(int(port_text))
            else:
                exact.add(endpoint_number(address, int(port_text)))
        except ValueError as error:
            raise _no_endpoint(word) from error
    return Listeners(exact, frozenset(ports), learns=not (exact or ports))


def _no_endpoint(word: str) -> UsageError:
    return UsageError(
        f"{word!r} is no endpoint of TCP.", hint="For example: 192.0.2.1:443, [2001:db8::1]:443, *:80"
    )
