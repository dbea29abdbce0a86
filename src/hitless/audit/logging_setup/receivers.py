"""What receives HAProxy's lines: files for rsyslog and logrotate, or settings of the unit for journald.

Source: rsyslog 8.2302 (rsyslogd -N1), rsyslog.com/doc imuxsock, omfile; logrotate(8); systemd.exec(5).
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "DEFAULT_CHROOT",
    "LOGROTATE_PATH",
    "LOG_FILE",
    "REOPEN_COMMAND",
    "RSYSLOG_PATH",
    "SYSTEM_SOCKET",
    "Receiver",
    "journald_lines",
    "logrotate_text",
    "rsyslog_text",
    "socket_inside",
]

SYSTEM_SOCKET = "/dev/log"
DEFAULT_CHROOT = "/var/lib/haproxy"
RSYSLOG_PATH = "/etc/rsyslog.d/49-haproxy.conf"
"""Also the file of Debian's package, which it takes the place of: two would open the same socket."""
LOGROTATE_PATH = "/etc/logrotate.d/haproxy"
LOG_FILE = "/var/log/haproxy.log"
REOPEN_COMMAND = (
    "if [ -x /usr/lib/rsyslog/rsyslog-rotate ]; then /usr/lib/rsyslog/rsyslog-rotate; "
    "else systemctl kill --signal=HUP --kill-who=main rsyslog.service; fi"
)
"""Makes rsyslog open its files anew: Debian's own way, else systemd's."""


class Receiver(StrEnum):
    """Who takes the lines."""

    RSYSLOG = "rsyslog"
    JOURNALD = "journald"


def socket_inside(chroot: str, target: str) -> str:
    """Return where a receiver must listen that HAProxy, in its chroot, reaches as `target`; "" for the system's own."""
    root = chroot.rstrip("/")
    return f"{root}{target}" if root or target != SYSTEM_SOCKET else ""


def rsyslog_text(socket: str, *, log_file: str = LOG_FILE) -> str:
    """Return rsyslog's part: lines from a socket of HAProxy's own ("": none), and those that come another way."""
    return _RSYSLOG_SOCKET.format(socket=socket) * bool(socket) + _RSYSLOG_FILE.format(log_file=log_file)


_RSYSLOG_SOCKET = """\
# Written by `hitless logs init`: HAProxy's lines in a file of their own.

# The socket that HAProxy finds as /dev/log inside its chroot. Whatever limits the rate elsewhere (journald, imjournal)
# does not see these lines, and here nothing is limited: most are written when something goes wrong.
input(type="imuxsock" Socket="{socket}" CreatePath="on" RateLimit.Interval="0"
      ruleset="haproxy")

"""
_RSYSLOG_FILE = """\
# Times with microseconds and zone. No queue of its own: at a restart of rsyslog that loses what is in it.
ruleset(name="haproxy") {{
    action(type="omfile" file="{log_file}" template="RSYSLOG_FileFormat" fileCreateMode="0640")
}}

# What comes through the system's own socket, or from journald: a HAProxy without a chroot, or whose unit binds
# journald's socket into it.
if $programname startswith "haproxy" then {{
    call haproxy
    stop
}}
"""


def logrotate_text(*, log_file: str = LOG_FILE, reopen: str = REOPEN_COMMAND) -> str:
    """Return logrotate's part. Nothing in it touches HAProxy, which does not have the file open."""
    return f"""\
# Written by `hitless logs init`. HAProxy does not write this file: it needs neither a restart nor a reload here.
# Between the renaming and the signal rsyslog goes on writing into the renamed file, which delaycompress leaves alone.
{log_file} {{
    daily
    rotate 14
    maxsize 1G
    missingok
    notifempty
    compress
    delaycompress
    postrotate
        {reopen}
    endscript
}}
"""


def journald_lines(chroot: str) -> tuple[str, ...]:
    """Return the settings of the unit's [Service] with which journald takes every line, also from inside a chroot."""
    inside = socket_inside(chroot, SYSTEM_SOCKET)
    bind = (f"BindReadOnlyPaths={SYSTEM_SOCKET}:{inside}",) if inside else ()
    return (*bind, "LogRateLimitIntervalSec=0")
