"""The names that servers are reached by, and the addresses each of them gets."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from hitless.sandbox.world.addresses import Spot, normal_ip
from hitless.sandbox.world.names import address6_for_name, address_for_name, srv_target
from hitless.sandbox.world.records import DnsName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hitless.config.model import Model, Server

__all__ = ["NameBook"]

_EVERYWHERE = {"localhost": ("127.0.0.1", "::1")}
"""What every machine knows without asking (RFC 6761 section 6.3)."""
SRV_PORT = 8080
"""The port of SRV targets where the server line names none."""


class NameBook:
    """Names in lower case, without a dot at the end."""

    def __init__(self, model: Model, local_names: Mapping[str, Sequence[str]], *, ipv6: bool) -> None:
        self._ipv6 = ipv6
        known = {**_EVERYWHERE, **local_names}
        self._local = {name.rstrip(".").lower(): tuple(map(normal_ip, known[name])) for name in known}
        self._names: dict[str, DnsName] = {
            name: DnsName(name=name, addresses=addresses) for name, addresses in self._local.items()
        }
        self._counts = _template_sizes(model)

    def records(self) -> tuple[DnsName, ...]:
        """Return what the DNS has to know beyond the rule for every name."""
        return tuple(n for n in self._names.values() if n.count > 1 or n.srv_port or n.addresses)

    def addresses(self, name: str, count: int = 1) -> list[str]:
        """Return every address that a name may resolve to."""
        key = name.rstrip(".").lower()
        if key in self._local:
            return [a for a in self._local[key] if self._ipv6 or ":" not in a]
        found = [address_for_name(key, number=n) for n in range(count)]
        return found + [address6_for_name(key, number=n) for n in range(count)] if self._ipv6 else found

    def spots(self, server: Server, name: str, ports: Sequence[int]) -> list[Spot]:
        """Return where a server with this host name is reached; note what the DNS has to answer for it."""
        key = name.rstrip(".").lower()
        count = self._counts.get(key, 1)
        if key.startswith("_"):
            port = server.address.port or SRV_PORT
            self._names[key] = DnsName(name=key, count=count, srv_port=port)
            targets = [a for n in range(count) for a in self.addresses(srv_target(key, n))]
            return [Spot("tcp", address, port) for address in targets]
        if key not in self._local:
            self._names[key] = DnsName(name=key, count=count)
        addresses = [*self.addresses(key, count), *_initial_addresses(server)]
        return [Spot("tcp", address, port) for address in addresses for port in ports]


def _template_sizes(model: Model) -> dict[str, int]:
    """Return how many servers of one line share a name: a server-template wants an address for each."""
    lines: dict[tuple[str, str], int] = {}
    for server in (s for proxy in model.proxies for s in proxy.servers if s.address.kind == "name"):
        key = (server.address.host.rstrip(".").lower(), server.where)
        lines[key] = lines.get(key, 0) + 1
    sizes: dict[str, int] = {}
    for (name, _), count in lines.items():
        sizes[name] = max(sizes.get(name, 0), count)
    return sizes


def _initial_addresses(server: Server) -> Iterable[str]:
    """Yield the addresses that `init-addr` gives a server before its name is resolved."""
    for argument in server.options.get("init-addr", ()):
        for word in argument.split(","):
            try:
                yield str(ipaddress.ip_address(word.strip()))
            except ValueError:  # "last", "libc", "none"
                continue
