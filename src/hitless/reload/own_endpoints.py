"""Whose a reset is: its local address, as the kernel's trace has it, against the endpoints of a service. Pure."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["OwnEndpoints"]


class OwnEndpoints:
    """Which of the service's listening endpoints a local address of a reset belongs to.

    `endpoints` are as the kernel writes them. A wildcard takes the `addresses` and `networks` of the service's network
    namespace alone (the trace sees those of others as well), and not the endpoints of `others` in it, which listen on
    one address of the same port. `v6_only` are the IPv6 wildcards that take no IPv4.
    """

    def __init__(
        self,
        endpoints: Collection[str],
        addresses: Iterable[str],
        networks: Iterable[str],
        *,
        others: Collection[str] = (),
        v6_only: Collection[str] = (),
    ) -> None:
        self._endpoints = frozenset(endpoints)
        self._addresses = frozenset(addresses)
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._others = frozenset(others)
        self._v6_only = frozenset(v6_only)

    def endpoint(self, local: str) -> str:
        """Return the endpoint, "" if `local` is none of this service's."""
        if local in self._endpoints:
            return local
        if local in self._others:
            return ""
        address, _, port = local.rpartition(":")
        wildcards = [f"[::]:{port}"]
        if not address.startswith("["):
            wildcards = [f"0.0.0.0:{port}", *(name for name in wildcards if name not in self._v6_only)]
        found = next((name for name in wildcards if name in self._endpoints), "")
        return found if found and self._is_local(address.strip("[]")) else ""

    def _is_local(self, address: str) -> bool:
        if address in self._addresses:
            return True
        ip = ipaddress.ip_address(address)
        return any(ip in network for network in self._networks if network.version == ip.version)
