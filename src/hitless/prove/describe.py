"""What of a configuration the verdict has to know: frontends, options that decide causes, places for fixes. Pure."""

from hitless.config.model import Model, Proxy
from hitless.prove.facts import FixPlace, FrontendFacts
from hitless.prove.inner import abstract_sockets, inner_bind
from hitless.units import parse_duration_s

__all__ = [
    "close_spread_time",
    "fix_places",
    "frontend_facts",
    "hard_stop_after_s",
    "mworker_max_reloads",
    "transfer_socket",
    "watched",
]


CLOSES_IDLE_SINCE = (2, 4)
"""From here on a soft stop closes idle HTTP connections at once. Source: HAProxy 2.4 src/mux_h1.c; tried: 2.2, 2.6."""

MAX_RELOADS_SINCE, MAX_RELOADS = (3, 3), 50
"""The default of mworker-max-reloads. Source: HAProxy 3.3-dev14 doc/configuration.txt."""


def frontend_facts(model: Model, version: tuple[int, ...]) -> tuple[FrontendFacts, ...]:
    """Return the facts of every frontend that binds something.

    Of one that passes connections on to an HTTP frontend, what decides is there.
    """
    return tuple(_frontend_facts(proxy, model, version) for proxy in model.frontends)


def _frontend_facts(proxy: Proxy, model: Model, version: tuple[int, ...]) -> FrontendFacts:
    inner = inner_bind(proxy, model) if proxy.mode == "tcp" else None
    speaking = inner.frontend if inner is not None else proxy
    return FrontendFacts(
        name=proxy.name,
        where=proxy.where,
        mode=speaking.mode,
        idle_close_on_response="idle-close-on-response" in speaking.options or version < CLOSES_IDLE_SINCE,
        abstract_sockets=abstract_sockets(proxy, model),
        fix_where=_fix_where(speaking),
    )


def _fix_where(proxy: Proxy) -> str:
    if proxy.defaults_where:
        return f"{proxy.defaults_where} (defaults)"
    return f"{proxy.where} ({proxy.kind} {proxy.name})"


def fix_places(model: Model) -> tuple[FixPlace, ...]:
    """Return where the `global` keywords of fixes stand now, or the section they would go into."""
    section = model.global_[0].where.rpartition(":")[0] if model.global_ else ""
    places = []
    for keyword in ("hard-stop-after", "mworker-max-reloads", "close-spread-time"):
        directive = model.global_value(keyword)
        where = f"{directive.where} (global)" if directive else f"{section} (global)" if section else ""
        places.append(FixPlace(keyword=keyword, where=where))
    return tuple(places)


def hard_stop_after_s(model: Model) -> float | None:
    """Return `hard-stop-after` in seconds; None without one."""
    directive = model.global_value("hard-stop-after")
    if directive is None or len(directive.words) < 2:
        return None
    try:
        return parse_duration_s(directive.words[1])
    except ValueError:
        return None


def mworker_max_reloads(model: Model, version: tuple[int, ...]) -> int | None:
    """Return how many reloads a worker may outlive; None without a limit."""
    directive = model.global_value("mworker-max-reloads")
    if directive is not None and len(directive.words) > 1 and directive.words[1].isdecimal():
        return int(directive.words[1])
    return MAX_RELOADS if version >= MAX_RELOADS_SINCE else None


def close_spread_time(model: Model) -> bool:
    """Return whether closes are spread over time."""
    directive = model.global_value("close-spread-time")
    if directive is None or len(directive.words) < 2:
        return False
    try:
        return parse_duration_s(directive.words[1]) > 0
    except ValueError:
        return directive.words[1] == "infinite"


def transfer_socket(model: Model) -> str | None:
    """Return the path of a stats socket that hands over its listeners; None without one."""
    for socket in model.stats_sockets:
        if "listeners" in socket.options.get("expose-fd", ()):
            for address in socket.addresses:
                if address.kind == "unix":
                    return address.host
                if address.kind == "abns":
                    return f"abns@{address.host}"
    return None


def watched(model: Model) -> frozenset[str]:
    """Return the endpoints that frontends listen on, as the kernel writes a bound address."""
    endpoints = set()
    for proxy in model.frontends:
        for bind in proxy.binds:
            for address in bind.addresses:
                if address.kind == "ip" and address.port:
                    host = "0.0.0.0" if address.host == "*" else address.host  # noqa: S104 - as the kernel writes it
                    endpoints.add(f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}")
    return frozenset(endpoints)
