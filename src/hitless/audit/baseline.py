"""The safe baseline that `hitless init` writes: configuration skeleton, unit drop-in, kernel settings, logging.

Every line is there for a reload; the comments say why. It is what docs/causes.md advises, for the installed version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.fix.drop_ins import drop_in_path, sysctl_path
from hitless.audit.logging_setup.formats import Form
from hitless.audit.logging_setup.fresh import lines_of_defaults, lines_of_global
from hitless.audit.logging_setup.plan import LoggingChoice, receiver_files
from hitless.audit.logging_setup.receivers import DEFAULT_CHROOT, SYSTEM_SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["IDLE_CLOSE_CHOICES", "baseline_files"]

IDLE_CLOSE_CHOICES = ("response", "spread")
"""`option idle-close-on-response`, or `close-spread-time`: what idle clients meet at a reload."""

_CONNECTIONS = 20_000
_DESCRIPTORS_PER_CONNECTION = 2
_SPARE_DESCRIPTORS = 10_000
_SOCKET = "/run/haproxy/admin.sock"


def baseline_files(
    version: tuple[int, int, int],
    *,
    idle_close: str = "response",
    program: str = "/usr/sbin/haproxy",
    systemd: bool = True,
) -> dict[str, str]:
    """Return the files of the baseline by path, for a HAProxy of this version."""
    files = {
        "/etc/haproxy/haproxy.cfg": "\n".join(_configuration(version, idle_close)) + "\n",
        sysctl_path(): _SYSCTL,
        **receiver_files(LoggingChoice(), DEFAULT_CHROOT, SYSTEM_SOCKET, {}),
    }
    if systemd:
        files[drop_in_path("haproxy.service")] = _drop_in(program)
    return files


def _configuration(version: tuple[int, int, int], idle_close: str) -> Iterator[str]:
    yield from _global(version, idle_close)
    yield from _defaults(version, idle_close)
    yield from _EXAMPLE


def _global(version: tuple[int, int, int], idle_close: str) -> Iterator[str]:
    yield "global"
    yield from (f"    {line}" for line in lines_of_global(DEFAULT_CHROOT))
    yield "    user haproxy"
    yield "    group haproxy"
    yield ""
    yield "    # Asked by tools, and how a process without a master hands over its listening sockets."
    yield f"    stats socket {_SOCKET} mode 660 level admin user haproxy group haproxy expose-fd listeners"
    yield "    stats timeout 30s"
    yield ""
    yield "    # Two processes live side by side after a reload; LimitNOFILE= of the unit has room for each."
    yield f"    maxconn {_CONNECTIONS}"
    yield ""
    yield "    # An old process lives no longer than this, and cuts what is open then: raise it for longer sessions."
    yield "    hard-stop-after 30m"
    if idle_close == "spread" and version >= (2, 6):
        yield ""
        yield "    # Idle keep-alive connections are closed over this time. Clients that reuse one without looking lose"
        yield "    # a request; `option idle-close-on-response` loses none and lets old processes live longer."
        yield "    close-spread-time 20s"
    yield ""


def _defaults(version: tuple[int, int, int], idle_close: str) -> Iterator[str]:
    yield "defaults"
    yield "    mode http"
    yield from (f"    {line}" for line in lines_of_defaults(Form.JSON))
    if idle_close == "response" and version >= (2, 6):
        yield ""
        yield "    # Without it a reload closes idle keep-alive connections under clients that are about to use them."
        yield "    option idle-close-on-response"
    yield ""
    yield "    # A name that does not resolve must not refuse the reload."
    yield "    default-server init-addr last,libc,none"
    yield ""
    yield "    # Each bounds how long a connection can hold an old process."
    yield "    timeout connect 5s"
    yield "    timeout client 30s"
    yield "    timeout server 30s"
    yield "    timeout http-request 10s"
    yield "    timeout http-keep-alive 30s"
    yield "    timeout tunnel 20m"
    yield ""


_EXAMPLE = (
    "frontend www",
    "    bind :80",
    "    default_backend app",
    "",
    "backend app",
    "    option httpchk GET /",
    "    server app1 127.0.0.1:8080 check",
)

_SYSCTL = """\
# Written by `hitless init`.
# Connections that wait in the accept queue of a listening socket that closes move to the new process's socket instead
# of being reset (Linux 5.14 and later). Sockets that are handed over do not need it; a reload that could not does.
net.ipv4.tcp_migrate_req = 1
# The kernel cuts every accept queue to this.
net.core.somaxconn = 4096
"""


def _drop_in(program: str) -> str:
    limit = _DESCRIPTORS_PER_CONNECTION * _CONNECTIONS + _SPARE_DESCRIPTORS
    return f"""\
# Written by `hitless init`: for the haproxy.service of the package, which sets $CONFIG and $EXTRAOPTS.
[Service]
# The configuration is checked as the service would load it, and says why when it is refused.
ExecReload=
ExecReload={program} -Ws -f $CONFIG -c $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
LimitNOFILE={limit}
# The directory of the sockets is there before HAProxy is, also after a boot.
RuntimeDirectory=haproxy
RuntimeDirectoryPreserve=yes
"""
