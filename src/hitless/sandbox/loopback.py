"""Which configurations may run without a namespace, on the host's own loopback (pure).

Nothing is private there: HAProxy's sockets and files would be the host's. So a configuration is permitted
only if it stays on loopback, meets nothing that is in use and names nothing that is missing.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from hitless.config.model import Address, FileReference, Model
from hitless.errors import SandboxError
from hitless.sandbox.standin_plan import PathState

__all__ = ["LoopbackFacts", "loopback_obstacles", "paths_made", "require_loopback"]

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class LoopbackFacts:
    """What the check has to know about the host."""

    exists: Callable[[str], PathState]
    is_free: Callable[[str, int], bool]
    """Whether an address and port can be bound right now."""
    first_port: int
    """The lowest port that this user may bind (net.ipv4.ip_unprivileged_port_start; 0 for root)."""
    is_root: bool


def require_loopback(model: Model, facts: LoopbackFacts, *, why_no_namespace: Iterable[str]) -> None:
    """Return if the configuration may run on the host's loopback.

    Raises: SandboxError that names the lines in the way and what would allow a namespace.
    """
    obstacles = loopback_obstacles(model, facts)
    if not obstacles:
        return
    shown = "; ".join(obstacles[:_SHOWN])
    more = f"; and {len(obstacles) - _SHOWN} more" if len(obstacles) > _SHOWN else ""
    raise SandboxError(
        "this machine grants no private namespace, and the configuration cannot run on its loopback: "
        f"{shown}{more}",
        hint="to get a namespace: " + "; ".join(why_no_namespace),
    )


def paths_made(model: Model) -> tuple[str, ...]:
    """Return the sockets and pid files that HAProxy and its servers would make: none exists yet where it may run."""
    binds = [bind for proxy in model.proxies for bind in proxy.binds]
    addresses = [one for bind in (*binds, *model.stats_sockets, *model.peers) for one in bind.addresses]
    addresses += [server.address for proxy in model.proxies for server in proxy.servers]
    sockets = [address.host for address in addresses if address.kind == "unix"]
    files = [one.path for one in model.file_references if one.kind in {"socket", "pidfile"}]
    return tuple(dict.fromkeys([*sockets, *files]))


def loopback_obstacles(model: Model, facts: LoopbackFacts) -> tuple[str, ...]:
    """Return why the configuration may not run on the host's loopback, a sentence for each such line."""
    return tuple(dict.fromkeys((*_address_obstacles(model, facts), *_file_obstacles(model, facts))))


def _address_obstacles(model: Model, facts: LoopbackFacts) -> Iterator[str]:
    binds = [bind for proxy in model.proxies if not proxy.disabled for bind in proxy.binds]
    for bind in (*binds, *model.stats_sockets, *model.peers):
        for address in bind.addresses:
            yield from _obstacles_of(address, bind.where, facts, "binds")
    for proxy in model.proxies:
        for server in proxy.servers:
            yield from _obstacles_of(server.address, server.where, facts, "sends to")
    for name_server in model.name_servers:
        yield from _obstacles_of(name_server.address, name_server.where, facts, "asks")
    for target in model.log_targets:
        if target.address.kind in {"ip", "udp", "name"} and not _is_loopback(target.address):
            yield f"{target.where}: logs to {target.address.text}, which is not loopback"
        elif target.address.kind == "unix" and facts.exists(target.address.host) is not PathState.ABSENT:
            yield f"{target.where}: logs to {target.address.host}, which is this host's own"


def _obstacles_of(address: Address, where: str, facts: LoopbackFacts, verb: str) -> Iterator[str]:
    if address.kind == "unix":
        if facts.exists(address.host) is not PathState.ABSENT:
            yield f"{where}: {verb} {address.host}, which exists"
        return
    if address.kind not in {"ip", "quic", "udp", "name"}:
        return
    if not _is_loopback(address):
        yield f"{where}: {verb} {address.text or address.host}, which is not loopback"
    elif address.port and address.port < facts.first_port:
        yield f"{where}: {verb} port {address.port}, which this user may not bind"
    elif address.port and not facts.is_free(address.host, address.port):
        yield f"{where}: {verb} {address.text or address.host}, which is in use"


def _is_loopback(address: Address) -> bool:
    try:
        return ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return address.host == "localhost"


def _file_obstacles(model: Model, facts: LoopbackFacts) -> Iterator[str]:
    for reference in model.file_references:
        why = _file_obstacle(reference, facts)
        if why:
            yield f"{reference.where}: {reference.path} {why}"


def _file_obstacle(reference: FileReference, facts: LoopbackFacts) -> str:
    if reference.kind in {"user", "group", "chroot"}:
        return "" if facts.is_root else f"needs root (`{reference.kind}`)"
    state = facts.exists(reference.path)
    if reference.kind in {"socket", "pidfile"}:
        if state is not PathState.ABSENT:
            return "exists"
        directory = str(PurePosixPath(reference.path).parent)
        return "" if facts.exists(directory) is PathState.DIRECTORY else "has no directory"
    if reference.kind == "server-state" or reference.path.startswith("@"):
        return ""
    return {PathState.ABSENT: "is missing", PathState.UNREADABLE: "cannot be read"}.get(state, "")
