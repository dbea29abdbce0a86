"""The HTTP frontend of the same configuration behind a TCP frontend, where there is one. Pure.

A usual construction: a frontend in TCP mode looks at the server name in the TLS hello and passes the connection on,
through a local socket, to a frontend that ends TLS and speaks HTTP. Who plays a client of the first must speak to the
second.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hitless.config.model import Address, Bind, Model, Proxy, Server

__all__ = ["InnerBind", "abstract_sockets", "inner_bind"]

MAX_DEPTH = 4
"""A configuration that passes connections on more often than this, or in a circle, is not followed."""

_LOOPBACK = {"127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class InnerBind:
    """Where connections through a TCP frontend end: an HTTP frontend's bind. `tls`: the client must speak TLS to it."""

    frontend: Proxy
    bind: Bind
    tls: bool


def inner_bind(frontend: Proxy, model: Model, depth: int = MAX_DEPTH) -> InnerBind | None:
    """Return the bind that a TCP frontend passes connections on to, its default backend's before others'.

    None where they leave HAProxy.
    """
    for server in _servers(frontend, model):
        for inner in model.frontends:
            bind = next((bind for bind in inner.binds if _leads_to(server, bind)), None)
            if bind is None:
                continue
            if inner.mode == "http":
                return InnerBind(inner, bind, tls=bind.has("ssl") and not server.has("ssl"))
            if inner.mode == "tcp" and depth and not bind.has("ssl") and not server.has("ssl"):
                return inner_bind(inner, model, depth - 1)
    return None


def abstract_sockets(frontend: Proxy, model: Model) -> tuple[str, ...]:
    """Return the abstract sockets of other frontends that a frontend's servers are, as `abns@name`, each once."""
    binds = (bind for inner in model.frontends for bind in inner.binds)
    bound = {address.host for bind in binds for address in bind.addresses if address.kind == "abns"}
    addresses = (server.address for server in _servers(frontend, model))
    names = (address.host for address in addresses if address.kind == "abns")
    return tuple(dict.fromkeys(f"abns@{name}" for name in names if name in bound))


def _servers(frontend: Proxy, model: Model) -> Iterator[Server]:
    yield from frontend.servers
    for directive in (*frontend.all("default_backend"), *frontend.all("use_backend")):
        backend = model.proxy(directive.words[1]) if len(directive.words) > 1 else None
        if backend is not None:
            yield from backend.servers


def _leads_to(server: Server, bind: Bind) -> bool:
    """Return whether a server is a bind, and is spoken to as it wants (with the PROXY header, or without)."""
    sends_header = server.has("send-proxy") or any(
        word.startswith("send-proxy-v2") for word in server.options
    )
    if sends_header != bind.has("accept-proxy"):
        return False
    return any(_is_same(server.address, address) for address in bind.addresses)


def _is_same(server: Address, bind: Address) -> bool:
    if server.kind == "ip" and bind.kind == "ip":
        reaches = server.host == bind.host or (bind.is_any and server.host in _LOOPBACK)
        return reaches and server.port == bind.port
    return server.kind == bind.kind and server.kind in {"unix", "abns"} and server.host == bind.host
