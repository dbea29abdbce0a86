"""Where HAProxy asks for names and sends its log: the DNS and syslog endpoints of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.sandbox.world.addresses import Spot, normal_ip
from hitless.sandbox.world.names import DNS_ADDRESS

if TYPE_CHECKING:
    from hitless.config.model import Address, Model
    from hitless.sandbox.world.listeners import Listeners
    from hitless.sandbox.world.name_book import NameBook

__all__ = ["add_receivers"]

_DNS_PORT = 53
_SYSLOG_PORT = 514


def add_receivers(model: Model, names: NameBook, listeners: Listeners, *, private: bool = True) -> None:
    """Open the DNS of libc and of `resolvers` sections, and every log target.

    On a host's own loopback (not `private`), libc's DNS and /dev/log are the host's: nothing is opened for them.
    """
    if private:
        listeners.open(Spot("udp", DNS_ADDRESS, _DNS_PORT), label="libc", role="dns")
        listeners.open(Spot("tcp", DNS_ADDRESS, _DNS_PORT), label="libc", role="dns")
    for server in model.name_servers:
        if server.address.kind in {"ip", "udp"}:
            for transport in ("udp", "tcp"):
                spot = Spot(transport, normal_ip(server.address.host), server.address.port or _DNS_PORT)
                listeners.open(spot, label=server.section, role="dns")
    chroot = model.global_value("chroot")
    root = chroot.words[1].rstrip("/") if chroot and len(chroot.words) > 1 else ""
    for target in (*model.log_targets, *(t for p in model.proxies if not p.disabled for t in p.log_targets)):
        for spot in (
            _log_spots(target.address, root, names) if private or target.address.kind != "unix" else ()
        ):
            listeners.open(spot, label=target.where, role="syslog")
    for proxy in model.proxies:
        for syslog_server in proxy.servers if proxy.mode == "log" and not proxy.disabled else ():
            for spot in _log_spots(syslog_server.address, root, names):
                listeners.open(spot, label=f"{proxy.name}/{syslog_server.name}", role="syslog")


def _log_spots(address: Address, root: str, names: NameBook) -> list[Spot]:
    """Return where lines to a log target arrive.

    A path is used from outside the chroot until HAProxy has entered it, then from inside: both are opened.
    """
    if address.kind == "unix":
        return [
            Spot("unix-datagram", path) for path in dict.fromkeys((address.host, f"{root}{address.host}"))
        ]
    transport = "tcp" if address.text.startswith("tcp") else "udp"
    port = address.port or _SYSLOG_PORT
    if address.kind == "name":
        return [Spot(transport, found, port) for found in names.addresses(address.host)]
    if address.kind in {"ip", "udp"}:
        return [Spot(transport, normal_ip(address.host), port)]
    return []
