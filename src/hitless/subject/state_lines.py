"""What a configuration keeps over a reload: server states, and the names that peers know themselves by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Directive, Proxy, Server
    from hitless.subject import Subject

__all__ = ["LOAD_STATE", "checked_servers", "loads_state", "local_peer", "serving_proxies", "state_file"]

LOAD_STATE = "load-server-state-from-file"


def serving_proxies(subject: Subject) -> Iterator[Proxy]:
    """Yield the backends and listen sections that have servers and are not disabled."""
    for proxy in subject.model.proxies:
        if proxy.servers and not proxy.disabled and proxy.mode in {"http", "tcp"}:
            yield proxy


def loads_state(proxy: Proxy) -> str:
    """Return where a proxy takes its servers' states from: "global", "local", or "" for nowhere."""
    lines = proxy.all(LOAD_STATE)
    word = lines[-1].words[1] if lines and len(lines[-1].words) > 1 else ""
    return word if word in {"global", "local"} else ""


def checked_servers(proxy: Proxy) -> tuple[Server, ...]:
    """Return the servers with health checks of their own."""
    return tuple(s for s in proxy.servers if s.has("check") and not s.has("disabled"))


def state_file(subject: Subject) -> Directive | None:
    """Return the `server-state-file` line of `global`."""
    line = subject.model.global_value("server-state-file")
    return line if line is not None and len(line.words) > 1 else None


def local_peer(subject: Subject) -> str:
    """Return the name by which this process looks for itself among peers, "" where it is not known.

    Source: HAProxy 2.8 configuration.txt section 3.1 `localpeer` (ignored where `-L` is given); by default the host
    name, src/haproxy.c init_early().
    """
    if subject.arguments.local_peer:
        return subject.arguments.local_peer
    line = subject.model.global_value("localpeer")
    if line is not None and len(line.words) > 1:
        return "" if "$" in line.words[1] else line.words[1]
    return subject.host.host_name if subject.host else ""
