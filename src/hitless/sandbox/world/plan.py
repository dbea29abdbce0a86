"""Plan the world that a configuration expects around HAProxy; pure."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from hitless.sandbox.world.addresses import OwnBinds, Spot, normal_ip, ports_of
from hitless.sandbox.world.checks.expectation import CannotSatisfy
from hitless.sandbox.world.health import Check, check_connect, plan_agent_check, plan_checks
from hitless.sandbox.world.listeners import Listeners
from hitless.sandbox.world.name_book import NameBook
from hitless.sandbox.world.names import DNS_ADDRESS
from hitless.sandbox.world.receivers import add_receivers
from hitless.sandbox.world.records import CannotImitate, WorldPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitless.config.model import Model, Proxy, Server

__all__ = ["plan_world"]

_PROTOCOLS_NOT_SPOKEN = {"fcgi": "FastCGI", "spop": "SPOP"}
_ANY_ADDRESSES = {"0.0.0.0", "::", "*"}  # noqa: S104 - comparing


def plan_world(
    model: Model,
    *,
    local_names: Mapping[str, Sequence[str]] | None = None,
    certificate: str = "",
    ipv6: bool = True,
    private: bool = True,
) -> WorldPlan:
    """Return the endpoints and names that the configuration expects, and what cannot be imitated.

    `local_names`: what this machine knows without DNS, with its addresses (see `parse_hosts`; localhost is known).
    The other arguments are those of `WorldPlan`.
    """
    planner = _Planner(model, NameBook(model, local_names or {}, ipv6=ipv6))
    for proxy in model.proxies:
        if not proxy.disabled:
            planner.add_proxy(proxy)
    add_receivers(model, planner.names, planner.listeners, private=private)
    return WorldPlan(
        endpoints=planner.listeners.endpoints(),
        names=planner.names.records(),
        cannot_imitate=tuple(planner.cannot),
        resolv_conf=f"nameserver {DNS_ADDRESS}\noptions timeout:1 attempts:3\n",
        certificate=certificate,
        ipv6=ipv6,
        private=private,
    )


class _Planner:
    """Goes through the servers; collects endpoints and what cannot be imitated."""

    def __init__(self, model: Model, names: NameBook) -> None:
        self._model = model
        self._own = OwnBinds(model)
        chroot = model.global_value("chroot")
        self._chroot = chroot.words[1] if chroot and len(chroot.words) > 1 else ""
        self.names = names
        self.listeners = Listeners()
        self.cannot: list[CannotImitate] = []

    def add_proxy(self, proxy: Proxy) -> None:
        """Add what the servers of one proxy need."""
        if proxy.mode == "log" or not proxy.servers:
            return
        why = ""
        try:
            checks = plan_checks(proxy)
        except CannotSatisfy as error:
            checks, why = (), str(error)
        for server in proxy.servers:
            self._add_server(proxy, server)
            if server.has("check") and why:
                self._cannot(proxy, server, why)
            try:
                if server.has("check"):
                    for check in checks:
                        self._add_check(proxy, server, check)
                agent = plan_agent_check(server)
                if agent is not None:
                    self._add_check(proxy, server, agent)
            except CannotSatisfy as error:
                self._cannot(proxy, server, str(error))

    def _cannot(self, proxy: Proxy, server: Server, why: str) -> None:
        self.cannot.append(CannotImitate(backend=proxy.name, server=server.name, where=server.where, why=why))

    def _add_server(self, proxy: Proxy, server: Server) -> None:
        protocol = (server.options.get("proto") or ("",))[0]
        why = _PROTOCOLS_NOT_SPOKEN.get("spop" if proxy.mode == "spop" else protocol, "")
        if why:
            self._cannot(proxy, server, f"its protocol, {why}, is not spoken by the simulated world")
        spots = self._spots(proxy, server)
        if not spots:
            self._cannot(proxy, server, _why_nowhere(server))
        for spot in spots:
            self._open(spot, proxy, server)

    def _add_check(self, proxy: Proxy, server: Server, check: Check) -> None:
        connect = check_connect(server, check.connect)
        for spot in self._spots(proxy, server, address=connect.address, port=connect.port):
            if self._open(spot, proxy, server):
                self.listeners.expect(spot, check)

    def _spots(self, proxy: Proxy, server: Server, *, address: str = "", port: int = 0) -> list[Spot]:
        """Return where connections to a server go; `address` and `port` where a check says otherwise."""
        kind, host = server.address.kind, server.address.host
        if address:
            kind, host = ("ip" if _is_ip(address) else "name"), address
        if kind == "unix":
            return [Spot("unix", path) for path in dict.fromkeys((host, self._inside_chroot(host)))]
        if kind == "abns":
            return [Spot("abstract", host)]
        ports = (port,) if port else ports_of(self._model, proxy, server)
        if kind == "name":
            return self.names.spots(server, host, ports)
        if kind != "ip" or (host in _ANY_ADDRESSES and not server.address.port):
            return []
        return [Spot("tcp", normal_ip(host.replace("*", "0.0.0.0")), p) for p in ports]  # noqa: S104 - not bound here

    def _inside_chroot(self, path: str) -> str:
        # HAProxy connects after it has changed its root (src/haproxy.c main(): before the first check).
        return f"{self._chroot.rstrip('/')}{path}" if self._chroot else path

    def _open(self, spot: Spot, proxy: Proxy, server: Server) -> bool:
        """Return whether the world serves this spot; the configuration's own binds serve themselves."""
        if spot.transport == "tcp":
            own = self._own.covers_ip(spot.address, spot.port)
        else:
            own = self._own.covers("unix" if spot.transport == "unix" else "abns", spot.address)
        if not own:
            padded = not server.address.text.startswith("abnsz@")
            self.listeners.open(spot, label=f"{proxy.name}/{server.name}", padded=padded)
        return not own


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _why_nowhere(server: Server) -> str:
    if server.address.kind in {"ip", "name"}:
        return "the address or port it is reached at is decided at run time"
    return f"an address of kind {server.address.kind} is not played by the simulated world"
