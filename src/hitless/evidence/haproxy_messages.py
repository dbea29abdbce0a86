"""What a HAProxy process says about itself, on stderr and to its log, in the words of versions 2.2 to 3.4.

Source: HAProxy 2.2 to 3.4 src/{haproxy,mworker,proxy,protocol,sock,server}.c; tried: 2.2, 2.6, 2.8, 3.0, 3.2.
"""

import re
from enum import StrEnum

__all__ = ["MessageKind", "classify_message"]


class MessageKind(StrEnum):
    """What a message means. A text that is none of these is OTHER."""

    VERSION = "version"
    RELOADING = "reloading"
    NEW_WORKER = "new_worker"
    LOADED = "loaded"
    LOAD_FAILED = "load_failed"
    FORMER_WORKER_EXITED = "former_worker_exited"
    CURRENT_WORKER_EXITED = "current_worker_exited"
    MASTER_EXITING = "master_exiting"
    PROXY_STARTED = "proxy_started"
    """Up to 2.3, by the process that reads the configuration: the master, at each start and reload."""
    STOP_SCHEDULED = "stop_scheduled"
    """The soft stop comes after the time of `grace`."""
    PROXY_STOPPING = "proxy_stopping"
    PROXY_STOPPED = "proxy_stopped"
    PROXY_PAUSED = "proxy_paused"
    PROXY_RESUMED = "proxy_resumed"
    PAUSE_REFUSED = "pause_refused"
    """The old process stopped for good instead of pausing: an outage."""
    HARD_STOP = "hard_stop"
    PROXY_HARD_STOPPED = "proxy_hard_stopped"
    CANNOT_BIND = "cannot_bind"
    START_FAILED = "start_failed"
    SOCKETS_NOT_TRANSFERRED = "sockets_not_transferred"
    CONFIG_ERROR = "config_error"
    SERVER_STATE = "server_state"
    NO_SERVER = "no_server"
    LIMIT = "limit"
    EXHAUSTED = "exhausted"
    """No descriptor, socket or memory was left to accept or to connect with."""
    OTHER = "other"


_WORKER = r"(?: #\d+)?(?: \((?P<pid>\d+)\)| (?P<bare>\d+))"
_RULES: tuple[tuple[MessageKind, str], ...] = (
    (MessageKind.VERSION, r"haproxy version is (?P<subject>\S+)"),
    (MessageKind.RELOADING, r"Reloading HAProxy|Reexecuting Master process$"),
    (MessageKind.NEW_WORKER, r"(?:New|Initializing new) worker(?: #\d+)? \((?P<pid>\d+)\)"),
    (MessageKind.LOADED, r"Loading success\."),
    (
        MessageKind.LOAD_FAILED,
        r"Loading failure!|Failed to load worker|Reexecuting Master process in|Master failed to (?:load|parse)",
    ),
    (
        MessageKind.FORMER_WORKER_EXITED,
        rf"Former worker{_WORKER} (?:exited|left) with (?:exit )?code (?P<number>\d+)",
    ),
    (MessageKind.CURRENT_WORKER_EXITED, rf"Current worker{_WORKER} exited with code (?P<number>\d+)"),
    (
        MessageKind.MASTER_EXITING,
        r"Exiting Master process\.\.\.|All workers (?:exited|are left)\.|exit-on-failure: killing every",
    ),
    (MessageKind.PROXY_STARTED, r"Proxy (?P<subject>\S+) started\."),
    (MessageKind.STOP_SCHEDULED, r"Scheduling a soft-stop in (?P<number>\d+) ms\."),
    (
        MessageKind.PROXY_STOPPING,
        r"Stopping (?:frontend|backend|proxy) (?P<subject>\S+) in (?P<number>\d+) ms\.",
    ),
    (
        MessageKind.PROXY_STOPPED,
        r"Proxy (?P<subject>\S+) stopped \((?:cumulated conns: )?FE: (?P<number>\d+)",
    ),
    (MessageKind.PROXY_PAUSED, r"(?:Paused|Pausing) (?:frontend|proxy) (?P<subject>\S+)\."),
    (MessageKind.PROXY_RESUMED, r"(?:Resumed|Enabling) (?:frontend|proxy) (?P<subject>\S+)\."),
    (MessageKind.PAUSE_REFUSED, r"Some proxies refused to (?:pause|resume),"),
    (MessageKind.HARD_STOP, r"soft-stop running for too long, performing a hard-stop"),
    (
        MessageKind.PROXY_HARD_STOPPED,
        r"Proxy (?P<subject>\S+) hard-stopped \((?P<number>\d+) remaining conns",
    ),
    (MessageKind.HARD_STOP, r"Some tasks resisted to hard-stop"),
    (
        MessageKind.CANNOT_BIND,
        (
            r"(?:Binding|Starting) (?:.{0,4096} for )?\S+ (?P<subject>\S+): "
            r"(?:protocol \S+ )?cannot (?:bind|listen)"
        ),
    ),
    (MessageKind.START_FAILED, r"(?:\[\S+\.main\(\)\] )?Some protocols failed to start their listeners"),
    (
        MessageKind.SOCKETS_NOT_TRANSFERRED,
        (
            r"Failed to get the (?:sockets|number of sockets)|Failed to connect to the old process socket"
            r"|We didn't get the expected number of sockets|Got to many sockets"
            r"|Inconsistency while transferring sockets|_getsocks: attempt to get sockets"
        ),
    ),
    (
        MessageKind.CONFIG_ERROR,
        r"(?:config : )?(?:[Pp]arsing \[|Error\(s\) found|Fatal errors found|Proxy '[^']*': )",
    ),
    (MessageKind.SERVER_STATE, r"(?:Backup )?Server (?P<subject>\S+/\S+) is (?:UP|DOWN|stopping|going DOWN)"),
    (MessageKind.NO_SERVER, r"(?:backend|proxy) '?(?P<subject>[^\s']+)'? has no server available"),
    (MessageKind.LIMIT, r"(?:\[\S+\.main\(\)\] )?(?:Cannot raise FD limit|FD limit \(\d+\) too low)"),
    (
        MessageKind.EXHAUSTED,
        (
            r"Proxy (?P<subject>\S+) reached (?:process FD|system FD|system memory|the configured maximum connection)"
            r" limit|socket\(\) failed in logger #\d+: Too many open files"
        ),
    ),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES)


def classify_message(text: str) -> tuple[MessageKind, str, int]:
    """Return what a message means, whom it names, and its number.

    The name is that of a proxy or server, or the pid of a worker; the number a count of connections, an exit
    code, or a delay in ms: whatever the message has; "" and 0 where it has none.
    """
    for kind, pattern in _PATTERNS:
        match = pattern.match(text)
        if match is not None:
            groups = match.groupdict()
            subject = groups.get("subject") or groups.get("pid") or groups.get("bare") or ""
            number = groups.get("number") or "0"
            return kind, subject, int(number[:18])
    return MessageKind.OTHER, "", 0
