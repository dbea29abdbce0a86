"""Whether a frontend keeps client connections open, and which protocols it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.subject.lifetimes import idle_between_requests

if TYPE_CHECKING:
    from hitless.config.model import Bind, Directive, Proxy
    from hitless.subject import Subject

__all__ = ["keeps_http1_alive", "only_statistics", "speaks_http2", "speaks_quic"]

_MOMENT_S = 0.1
_STATISTICS = frozenset({"stats", "monitor-uri"})
_SERVES = frozenset({"default_backend", "use_backend", "dispatch"})


def keeps_http1_alive(subject: Subject, proxy: Proxy) -> bool:
    """Return whether clients of a frontend hold idle HTTP/1 connections.

    Tried on 2.6.12, 2.8.25, 3.0.11 and 3.2.26: `option httpclose` on the frontend ends a connection after each
    response, in the backend alone it does not; `option http-server-close` never does; `Connection: close` set on
    responses does wherever it stands; a keep-alive timeout of 0 is none.
    """
    if proxy.mode != "http" or "httpclose" in proxy.options or "forceclose" in proxy.options:
        return False
    if only_statistics(proxy) or _closes_by_header(subject, proxy):
        return False
    idle = idle_between_requests(proxy)
    if idle is not None and idle.seconds <= _MOMENT_S:
        return False
    return not all(_without_http1(bind) for bind in proxy.binds)


def only_statistics(proxy: Proxy) -> bool:
    """Return whether a proxy serves HAProxy's own pages and metrics, and no server."""
    if proxy.servers or any(d.keyword in _SERVES for d in proxy.directives):
        return False
    own = any(d.keyword in _STATISTICS for d in proxy.directives)
    return own or any("prometheus-exporter" in d.words for d in proxy.all("http-request", "use-service"))


def speaks_http2(subject: Subject, bind: Bind) -> bool:
    """Return whether HTTP/2 is negotiated on a bind of an HTTP frontend.

    By `alpn`, by `proto h2`, or by TLS without either from 2.8 on, where it is the default (tried: 2.6.12 negotiates
    nothing, 2.8.25, 3.0.11 and 3.2.26 negotiate h2).
    """
    if "h2" in bind.options.get("proto", ()):
        return True
    named = bind.options.get("alpn")
    if named is not None:
        return any("h2" in value.split(",") for value in named)
    plain = bind.has("no-alpn") or bind.has("npn") or bind.has("proto")
    return bind.has("ssl") and not plain and subject.version_in((2, 8)) and not speaks_quic(bind)


def speaks_quic(bind: Bind) -> bool:
    """Return whether a bind has QUIC addresses."""
    return any(address.kind == "quic" for address in bind.addresses)


def _without_http1(bind: Bind) -> bool:
    if bind.addresses and all(address.kind in {"quic", "rhttp"} for address in bind.addresses):
        return True
    if bind.options.get("proto") == ("h2",):
        return True
    alpn = bind.options.get("alpn")
    return alpn is not None and all("http/1" not in value for value in alpn) and any("h2" in v for v in alpn)


def _closes_by_header(subject: Subject, proxy: Proxy) -> bool:
    names = [d.words[1] for d in proxy.all("default_backend") if len(d.words) > 1]
    targets = [proxy, *(p for p in (subject.model.proxy(name) for name in names) if p is not None)]
    if any(_sets_close(d) for d in proxy.directives):
        return True
    # A backend closes for all only if the frontend can choose no other.
    return not proxy.all("use_backend") and any(_sets_close(d) for p in targets[1:] for d in p.directives)


def _sets_close(line: Directive) -> bool:
    words = tuple(word.lower() for word in line.words)
    return words in {
        ("http-response", "set-header", "connection", "close"),
        ("http-after-response", "set-header", "connection", "close"),
    }
