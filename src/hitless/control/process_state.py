"""Sessions, servers and peers of a running process, from what its runtime API prints.

Source: HAProxy src/proxy.c dump_servers_state(), src/peers.c
peers_dump_head(); outputs of 2.2, 2.6 and 3.2.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence

from hitless.control.sessions import SessionRow
from hitless.facts import ServerState
from hitless.units import format_age

__all__ = ["ConfiguredServers", "oldest_sessions", "peers_in_sync", "server_differences"]

ConfiguredServers = Mapping[tuple[str, str], str]
"""The address that the configuration gives each (backend, server): "192.0.2.1", a name, or ""."""

_SESSIONS = 20
_PEERS = re.compile(
    r"^0x[0-9a-f]+: \[[^\]]*\] id=\S+ (?:disabled=(\d+)|state=\d+) flags=0x([0-9a-f]+)", re.MULTILINE
)
_RESYNC_FINISHED = 0x3
"""PEERS_F_RESYNC_LOCAL and _REMOTE: nothing to learn any more (2.2: src/peers.c; 3.0: include/haproxy/peers-t.h)."""

# Source: include/haproxy/server-t.h enum srv_admin, include/haproxy/check-t.h CHK_ST_*, 2.2 to 3.2 alike.
_FORCED_MAINTENANCE = 0x01
_CONFIGURED_MAINTENANCE = 0x04
_FORCED_DRAIN = 0x08
_AGENT_CONFIGURED = 0x02
_ADMINISTRATIVE = 0x7F
_INTERNAL = "MASTER"
"""The proxy through which a master reaches its workers; up to 2.2 it is listed."""
_DIFFERENCES = 1000


def oldest_sessions(rows: Sequence[SessionRow]) -> tuple[str, ...]:
    """Return the oldest sessions of clients as "FRONTEND/BACKEND, age 3h2m"."""
    of_clients = [(row.age_s, row) for row in rows if row.frontend and row.age_s is not None]
    of_clients.sort(key=lambda pair: -pair[0])
    return tuple(
        f"{row.frontend}{f'/{row.backend}' if row.backend not in {'', row.frontend} else ''}, age {format_age(age_s)}"
        for age_s, row in of_clients[:_SESSIONS]
    )


def peers_in_sync(reply: str) -> bool | None:
    """Return whether every section of `show peers` has learnt all it had to; None without any."""
    flags = [int(flag, 16) for disabled, flag in _PEERS.findall(reply) if disabled in {"", "0"}]
    return all(flag & _RESYNC_FINISHED == _RESYNC_FINISHED for flag in flags) if flags else None


def server_differences(
    rows: Sequence[Mapping[str, str]], configured: ConfiguredServers | None = None
) -> tuple[ServerState, ...]:
    """Return the servers in `show servers state` that are not as the configuration made them, or not up.

    Weights are compared with the process's own initial weight, not with the file, which may have been edited since;
    the weight of a server with an agent check is the agent's. With `configured`, servers and addresses that the
    configuration does not have are found as well.
    """
    found = []
    for row in rows:
        backend, server = row["be_name"], row["srv_name"]
        if backend != _INTERNAL:
            found += [
                ServerState(backend=backend, server=server, difference=text)
                for text in _differences(row, configured)
            ]
    return tuple(found[:_DIFFERENCES])


def _differences(row: Mapping[str, str], configured: ConfiguredServers | None) -> Iterator[str]:
    admin = _number(row, "srv_admin_state")
    if admin & _FORCED_MAINTENANCE and not admin & _CONFIGURED_MAINTENANCE:
        yield "in maintenance by the CLI"
    elif admin & _CONFIGURED_MAINTENANCE and not admin & _FORCED_MAINTENANCE:
        yield "enabled by the CLI, disabled in the configuration"
    if admin & _FORCED_DRAIN:
        yield "drained by the CLI"
    weight, initial = row.get("srv_uweight", ""), row.get("srv_iweight", "")
    if weight != initial and not _number(row, "srv_agent_state") & _AGENT_CONFIGURED:
        yield f"weight {weight}, configured {initial}"
    if row.get("srv_op_state") == "0" and not admin & _ADMINISTRATIVE:
        yield "down by its check"
    if configured is not None:
        yield from _against_file(row, configured)


def _against_file(row: Mapping[str, str], configured: ConfiguredServers) -> Iterator[str]:
    backend, server = row["be_name"], row["srv_name"]
    if (backend, server) not in configured:
        if any(name == backend for name, _ in configured):
            yield "not in the configuration on disk (added by the CLI, or removed from the file since)"
        return
    ours, theirs = _ip(configured[backend, server]), _ip(row.get("srv_addr", ""))
    if ours is not None and theirs is not None and ours != theirs:
        yield f"address {theirs}, configured {ours}"


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _number(row: Mapping[str, str], name: str) -> int:
    text = row.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else 0
