"""The private network: one loopback interface on which every address answers."""

import errno
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from hitless.sandbox.rtnetlink import add_local_route, set_link_up

__all__ = [
    "COPIED_SYSCTLS",
    "SANDBOX_SYSCTLS",
    "format_port_list",
    "read_sysctls",
    "set_up_network",
    "write_sysctls",
]

COPIED_SYSCTLS = (
    "net.core.somaxconn",
    "net.ipv4.tcp_abort_on_overflow",
    "net.ipv4.tcp_ecn",
    "net.ipv4.tcp_fastopen",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_migrate_req",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_orphan_retries",
    "net.ipv4.tcp_retries1",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syn_retries",
    "net.ipv4.tcp_synack_retries",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_window_scaling",
    "net.ipv4.tcp_wmem",
    "net.ipv6.bindv6only",
)
"""Settings that a new network namespace resets and that decide what a reload does on this host."""

SANDBOX_SYSCTLS = {
    "net.ipv4.ip_local_port_range": "1024 65535",
    "net.ipv4.ip_nonlocal_bind": "1",
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv6.ip_nonlocal_bind": "1",
    "net.unix.max_dgram_qlen": "4096",
}
"""Settings of the private namespace alone: any address can be bound, and clients do not run out of ports."""

REPORTED_SYSCTLS = ("net.ipv4.ip_nonlocal_bind", "net.ipv6.ip_nonlocal_bind", "net.ipv4.ip_local_port_range")
"""Settings of the host that the sandbox hides: read for the record, never copied."""

_SYSCTL_ROOT = Path("/proc/sys")
_FAMILY_IS_OFF = frozenset({errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.ENODEV, errno.EACCES, errno.EINVAL})


def read_sysctls(names: Iterable[str], *, root: Path = _SYSCTL_ROOT) -> dict[str, str]:
    """Return the values of the sysctls that exist here and may be read, with single blanks between fields."""
    values = {}
    for name in names:
        try:
            text = (root / name.replace(".", "/")).read_text(encoding="ascii")
        except OSError:  # an older kernel, or IPv6 is off: what does not exist has no value
            continue
        values[name] = " ".join(text.split())
    return values


def write_sysctls(values: Mapping[str, str], *, root: Path = _SYSCTL_ROOT) -> dict[str, str]:
    """Write sysctls; return those that the kernel refused, each with its reason."""
    refused = {}
    for name, value in values.items():
        try:
            (root / name.replace(".", "/")).write_text(value, encoding="ascii")
        except OSError as error:
            refused[name] = error.strerror or str(error)
    return refused


def set_up_network(sysctls: Mapping[str, str]) -> tuple[str, ...]:
    """Bring `lo` up, make every address local, write the sysctls. For a new network namespace only.

    Returns what could not be had, as sentences for the report (IPv6 is off on this host, a sysctl refused).
    Raises: OSError if there is no IPv4.
    """
    set_link_up("lo")
    add_local_route(socket.AF_INET, "lo")
    limitations = []
    has_ipv6 = True
    try:
        add_local_route(socket.AF_INET6, "lo")
    except OSError as error:
        if error.errno not in _FAMILY_IS_OFF:
            raise
        has_ipv6 = False
        limitations.append(
            f"IPv6 is off on this host ({error.strerror}): IPv6 binds and servers cannot be covered"
        )
    wanted = {name: value for name, value in sysctls.items() if has_ipv6 or not name.startswith("net.ipv6.")}
    limitations += [
        f"sysctl {name} could not be set here: {why}" for name, why in write_sysctls(wanted).items()
    ]
    return tuple(limitations)


def format_port_list(ports: Iterable[int]) -> str:
    """Return ports in the form of net.ipv4.ip_local_reserved_ports, e.g. "80,8000-8002".

    Reserved ports are never given to an outgoing connection, so that none can be in the way of a bind.
    """
    ranges: list[list[int]] = []
    for port in sorted(set(ports)):
        if ranges and ranges[-1][1] == port - 1:
            ranges[-1][1] = port
        else:
            ranges.append([port, port])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)
