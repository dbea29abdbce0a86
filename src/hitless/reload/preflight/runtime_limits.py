"""Limits and states of frontends and servers that were changed over the runtime API: `show stat` and `show info`.

Seen on 2.2.9 to 3.2.26: a frontend after `disable frontend` is "STOP" (2.2) or "PAUSED", and `slim` follows
`set maxconn`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hitless.config.model import Model, Proxy
    from hitless.control.replies import ProcessInfo

__all__ = ["STATISTICS", "limit_differences", "parse_statistics"]

STATISTICS = "show stat -1 5 -1"
"""All proxies; types 1 (frontends) and 4 (servers); all servers. Source: HAProxy 2.8 management.txt section 9.3."""
_IN_SERVICE = frozenset({"OPEN", ""})


def parse_statistics(reply: str) -> tuple[Mapping[str, str], ...]:
    """Return `show stat` as rows by column names ("pxname", "svname", "status", "slim", …); () if it is none."""
    lines = [line for line in reply.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("# pxname,svname,"):
        return ()
    return tuple(csv.DictReader([lines[0].removeprefix("# "), *lines[1:]]))


def limit_differences(rows: Sequence[Mapping[str, str]], info: ProcessInfo, model: Model) -> Iterator[str]:
    """Yield what differs from the configuration, as a sentence without its end."""
    maxconn, hard = info.number("Maxconn"), info.number("Hard_maxconn")
    if maxconn is not None and hard is not None and maxconn != hard:
        yield f"maxconn of the process is {maxconn}, it was started with {hard}"
    frontends = {proxy.name: proxy for proxy in model.proxies if proxy.kind in {"frontend", "listen"}}
    servers = {
        (proxy.name, server.name): (*server.options.get("maxconn", ()), "")[0]
        for proxy in model.proxies
        for server in proxy.servers
    }
    for row in rows:
        name, member, limit = row.get("pxname", ""), row.get("svname", ""), row.get("slim") or ""
        if member == "FRONTEND" and name in frontends:
            yield from _frontend(frontends[name], row.get("status") or "", limit, hard)
        elif (name, member) in servers:
            configured = servers[name, member]
            if limit != configured and (configured or "0").isdigit():
                yield f"maxconn of {name}/{member} is {limit or 'unlimited'}, configured {configured or 'none'}"


def _frontend(proxy: Proxy, status: str, limit: str, hard: int | None) -> Iterator[str]:
    if status not in _IN_SERVICE and not proxy.disabled:
        yield f"frontend {proxy.name} is out of service ({status}) by the CLI"
    lines = proxy.all("maxconn")
    configured = lines[-1].words[1] if lines and len(lines[-1].words) > 1 else str(hard or "")
    if configured.isdigit() and limit != configured:
        yield f"maxconn of frontend {proxy.name} is {limit}, configured {configured}"
