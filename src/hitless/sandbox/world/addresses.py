"""Where the servers of a configuration are, and what the configuration listens on itself."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.config.model import Address, Model, Proxy, Server

__all__ = ["OwnBinds", "Spot", "normal_ip", "port_offset", "ports_of"]

_OFFSET = re.compile(r":([+-]\d{1,5})$")
_LISTENING_KINDS = {"ip", "quic", "udp"}


class Spot(NamedTuple):
    """Where one endpoint listens."""

    transport: str
    address: str
    port: int = 0


def normal_ip(text: str) -> str:
    """Return an IP address in its one canonical form, or the text as it is."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return text


class OwnBinds:
    """What the configuration itself listens on, so that no server is put in front of a chained proxy."""

    def __init__(self, model: Model) -> None:
        self._exact: set[tuple[str, str, int]] = set()
        self._wildcard: set[tuple[int, int]] = set()
        binds = [bind for proxy in model.proxies if not proxy.disabled for bind in proxy.binds]
        for bind in (*binds, *model.peers, *model.stats_sockets):
            for address in bind.addresses:
                self._add(address, bind.has("v4v6"))

    def _add(self, address: Address, both_families: bool) -> None:  # noqa: FBT001 - a property of the address
        if address.kind not in _LISTENING_KINDS:
            self._exact.add((address.kind, address.host, 0))
            return
        family = "udp" if address.kind in {"quic", "udp"} else "ip"
        self._exact.add((family, normal_ip(address.host), address.port))
        if address.is_any and family == "ip":
            versions = {6} | ({4} if both_families else set()) if ":" in address.host else {4}
            self._wildcard |= {(version, address.port) for version in versions}

    def covers_ip(self, address: str, port: int) -> bool:
        """Return whether a TCP connection to this address ends at one of the binds."""
        if ("ip", normal_ip(address), port) in self._exact:
            return True
        parsed = ipaddress.ip_address(address)
        return parsed.is_loopback and (parsed.version, port) in self._wildcard

    def covers(self, kind: str, name: str) -> bool:
        """Return whether a unix or abstract socket is one of the binds."""
        return (kind, name, 0) in self._exact


def port_offset(address: Address) -> int:
    """Return what a server line adds to the port the client came to ("10.0.0.1:+8000")."""
    match = _OFFSET.search(address.text)
    return int(match[1]) if match else 0


def ports_of(model: Model, proxy: Proxy, server: Server) -> tuple[int, ...]:
    """Return the ports that connections to a server go to: its own, or those that clients come to."""
    if server.address.port:
        return (server.address.port,)
    offset = port_offset(server.address)
    binds = proxy.binds or tuple(bind for front in _frontends_of(model, proxy.name) for bind in front.binds)
    ports = {a.port + offset for bind in binds for a in bind.addresses if a.kind == "ip" and a.port}
    return tuple(sorted(port for port in ports if 0 < port < 65536))


def _frontends_of(model: Model, backend: str) -> Iterable[Proxy]:
    for proxy in model.frontends:
        for directive in proxy.directives:
            if directive.keyword in {"default_backend", "use_backend"} and len(directive.words) > 1:
                name = directive.words[1]
                if name == backend or "%[" in name:
                    yield proxy
                    break
