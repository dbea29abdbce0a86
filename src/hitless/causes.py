"""The causes of dropped connections that a proof can name, each with its code, its reason and its fix.

The families are those of docs/causes.md: HL1xx the reload is not graceful, HL2xx the old process does not die in peace,
HL3xx the socket file, HL4xx the new process cannot bind, HL5xx clients are reset although all was done right,
HL6xx automation races the reload, HL7xx nobody can tell, HL8xx state that does not survive.
"""

from dataclasses import dataclass

__all__ = ["CAUSES", "UNEXPLAINED", "Cause"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. `keyword` is the configuration keyword that the fix adds or changes, for the place to show."""

    code: str
    name: str
    summary: str
    why: str
    fix: str
    keyword: str = ""
    section: str = ""
    """Where the keyword belongs: "defaults", "global", "" when the fix is not in the configuration."""


UNEXPLAINED = "unexplained"

_ALL = (
    Cause(
        "HL101",
        "restart-instead-of-reload",
        "the service was restarted: nobody listened, open connections were cut",
        "a restart stops the old process before the new one listens; clients are refused in between, and every open "
        "connection dies with the old process",
        "reload instead of restart (ExecReload= with USR2 or the master CLI)",
    ),
    Cause(
        "HL102",
        "reload-never-took-over",
        "the reload failed: the old process still serves, or nobody does",
        "HAProxy refused the new configuration or its start failed; what clients got came from what was left",
        "read HAProxy's message below; check with the same flags as the service before reloading",
    ),
    Cause(
        "HL104",
        "reload-without-socket-transfer",
        "connections waiting in the old process's accept queue were reset",
        "the new process opened its own listening sockets (SO_REUSEPORT); when the old ones were closed, the kernel "
        "reset every connection that waited in their accept queues",
        "start the new process with -x STATS-SOCKET (expose-fd listeners), or use master-worker, "
        "or sysctl net.ipv4.tcp_migrate_req=1",
    ),
    Cause(
        "HL105",
        "hard-reload",
        "the old process was told to stop at once",
        "-st, SIGTERM or hard-reload end the old process with every connection it carries",
        "use -sf, USR2 or `reload`",
    ),
    Cause(
        "HL201",
        "cut-at-hard-stop",
        "the hard stop of the old process cut connections that were still in use",
        "hard-stop-after ran out while the old process still carried these connections",
        "a longer hard-stop-after, or shorter sessions (timeout tunnel)",
        "hard-stop-after",
        "global",
    ),
    Cause(
        "HL202",
        "killed-by-max-reloads",
        "an old worker was ended because it had survived too many reloads",
        "mworker-max-reloads sends SIGTERM to a worker that outlived so many reloads (50 by default since 3.3)",
        "raise mworker-max-reloads, or reload less often",
        "mworker-max-reloads",
        "global",
    ),
    Cause(
        "HL205",
        "frozen-server-list",
        "the old process sent requests to servers it no longer checks",
        "an old worker stops its health checks and keeps routing on the state of that moment",
        "hard-stop-after, so that old workers do not route on old state for long",
        "hard-stop-after",
        "global",
    ),
    Cause(
        "HL210",
        "source-ports-for-two-generations",
        "HAProxy had no source port, socket or memory left to connect to a server with",
        "after a reload the old and the new process connect to the same servers at once, and share source ports",
        "more source addresses (`source` with a range), a wider net.ipv4.ip_local_port_range, http-reuse, or shorter "
        "sessions, so that the old process is gone sooner",
    ),
    Cause(
        "HL218",
        "descriptors-exhausted",
        "a process had used up its descriptors: it took no connection and opened none",
        "without a free descriptor clients wait in the accept queue or get 503; each generation that is still alive "
        "holds its own descriptors and connections",
        "LimitNOFILE= in the unit above what maxconn of all living generations needs, and hard-stop-after, so that "
        "they end",
    ),
    Cause(
        "HL309",
        "abstract-socket-contested",
        "a frontend on an abstract socket could not be reached while the new process took it over",
        "an abstract name has one owner: without socket transfer the new process has the old one unbind first, and who "
        "connects in between is refused",
        "hand the sockets over (expose-fd listeners and -x), or let the inner frontend listen on a loopback address",
    ),
    Cause(
        "HL401",
        "unbindable-address",
        "the new process could not bind, and the live one was paused meanwhile",
        "before it gives up, the new process asks the old one to pause all its listeners and retries for about two "
        "seconds; every new client is refused in that time",
        "free the address (HAProxy's message names it), or `transparent` on a bind whose address may be absent",
    ),
    Cause(
        "HL501",
        "idle-close-under-clients",
        "idle keep-alive connections closed under clients",
        "the old worker closes idle connections within 80 ms of a reload; a client that reuses one loses its request",
        "option idle-close-on-response",
        "option idle-close-on-response",
        "defaults",
    ),
    Cause(
        "HL502",
        "accept-queue-reset",
        "connections waiting to be accepted were reset although sockets were to be handed over",
        "a listening socket was closed with connections in its accept queue: this bind was not handed over (changed "
        "attributes, fewer shards, or a hand-over that failed and went on without)",
        "keep the bind's attributes and shards; look for “Failed to get the sockets” in HAProxy's messages; "
        "sysctl net.ipv4.tcp_migrate_req=1",
    ),
    Cause(
        "HL503",
        "spurious-408-while-spreading",
        "clients that had connected but not yet asked were answered 408",
        "inside the close-spread-time window the old worker answers 408 to a connection without a request",
        "option idle-close-on-response instead of close-spread-time",
        "option idle-close-on-response",
        "defaults",
    ),
    Cause(
        "HL504",
        "h2-goaway-under-clients",
        "HTTP/2 connections were closed under requests on their way",
        "with close-spread-time the old worker says GOAWAY with the last stream it knows, and closes: a stream that "
        "was on its way is not processed and must be sent again; without it, GOAWAY leaves the door open and late "
        "streams are answered (measured on 2.6.12 and 2.8.25)",
        "no close-spread-time where HTTP/2 is spoken (for HTTP/1: option idle-close-on-response), or clients that send "
        "streams above GOAWAY's last stream id again",
        "close-spread-time",
        "global",
    ),
    Cause(
        "HL505",
        "accept-queue-overflow",
        "the accept queue overflowed while nobody accepted",
        "new connections were dropped by the kernel because the listen backlog was full during the hand-over",
        "raise `backlog`/`maxconn` and net.core.somaxconn",
        "backlog",
        "defaults",
    ),
    Cause(
        "HL506",
        "idle-close-against-tls-or-tcp",
        "connections that had not spoken yet were closed",
        "the old worker closed connections on which it had accepted but not yet read a request",
        "option idle-close-on-response; retry on a fresh connection",
        "option idle-close-on-response",
        "defaults",
    ),
    Cause(
        "HL507",
        "ipv6-bind-not-handed-over",
        "connections waiting on an IPv6 address were reset: its listening socket is never handed over",
        "the kernel marks a socket that is bound to one IPv6 address as IPv6-only; HAProxy (2.3 and later) takes the "
        "mark for another setting than the bind line's, leaves the socket it was given and opens a new one, and what "
        "waited in the old one's accept queue is reset",
        "v6only on every bind of a specific IPv6 address",
    ),
    Cause(
        "HL601",
        "reloads-too-close",
        "a reload was triggered before the one before had finished",
        "the hand-over of sockets fails silently when the process that is asked has only just started",
        "one reload at a time, two seconds apart",
    ),
    Cause(
        "HL801",
        "cold-servers-after-reload",
        "the new process had no usable server for a while",
        "server state, name resolution and health checks start anew with each process",
        "server-state-file with load-server-state-from-file, init-addr last, init-state",
        "load-server-state-from-file",
        "defaults",
    ),
)

CAUSES: dict[str, Cause] = {cause.code: cause for cause in _ALL}
assert len(CAUSES) == len(_ALL), "a cause's code stands twice"
