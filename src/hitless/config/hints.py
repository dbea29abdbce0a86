"""Which requests a frontend is made for: host names, paths, methods that its rules speak of, best first.

They are guesses for a prover that looks for a request which the frontend routes to a server.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hitless.config.criteria import Criterion, Use, named_criteria, uses
from hitless.config.model import Model, Proxy

__all__ = ["RequestHints", "request_hints"]

_LIMIT = 32
_LONGEST = 200
_HOST_FETCHES = frozenset({"hdr", "req.hdr", "req.fhdr", "hdr_dom", "http_host"})
_SNI_FETCHES = frozenset({"ssl_fc_sni", "req.ssl_sni", "req_ssl_sni"})
_HELLO_FETCHES = ("req.ssl_", "req_ssl_")
"""Fetches that read the TLS hello of a connection that HAProxy does not decrypt: its server name, version, type, …"""
_PATH_FETCHES = frozenset({"path", "pathq", "url", "capture.req.uri"})
_BASE_FETCHES = frozenset({"base"})
_METHOD_FETCHES = frozenset({"method", "http_method"})
_REFUSALS = frozenset({"deny", "reject", "tarpit", "silent-drop", "redirect", "return", "auth"})
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_PATH = re.compile(r"/[!-~]*")
_REGEX_ESCAPE = re.compile(r"\\([./_-])")
_REGEX_SYNTAX = frozenset("\\[](){}*+?|^$")


@dataclass(frozen=True, slots=True)
class RequestHints:
    """Parts of requests worth a try, best first, each at most 32."""

    hosts: tuple[str, ...] = ()
    """Host names, of HTTP and of TLS."""
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """What every request needs: the credentials of a statistics page."""
    speaks_tls: bool = False
    """The frontend looks in TCP mode into the TLS hello inside the connection, e.g. to route by its server name."""


def request_hints(proxy: Proxy, model: Model) -> RequestHints:
    """Return what the rules of a frontend (and its backends) say about requests that it serves."""
    ranked = sorted(uses(proxy.directives), key=_rank)  # stable: within a rank in the order of the file
    criteria = [use.criterion for use in ranked]
    criteria += (c for alternatives in named_criteria(proxy.directives).values() for c in alternatives)
    methods = (p for c in criteria if c.fetch in _METHOD_FETCHES and c.match == "str" for p in c.patterns)
    return RequestHints(
        hosts=_best(host for c in criteria for host in _hosts(c)),
        paths=_best([*(path for c in criteria for path in _paths(c)), *_other_paths(proxy, model)]),
        methods=_best(m for m in methods if m.isascii() and m.isalpha()),
        headers=_credentials(proxy, model),
        speaks_tls=proxy.mode == "tcp" and _inspects_hello(proxy),
    )


def _rank(use: Use) -> int:
    """Return 0 for a condition that routes, more for one that does less for us, most for one that refuses."""
    words = use.directive.words
    if not _REFUSALS.isdisjoint(words[:4]):
        return 4 if not use.negated else 2
    if use.negated:
        return 3
    return 0 if words[0] in {"use_backend", "use-server"} else 1


def _best(values: Iterable[str]) -> tuple[str, ...]:
    unique = dict.fromkeys(value for value in values if len(value) <= _LONGEST)
    return tuple(unique)[:_LIMIT]


def _hosts(criterion: Criterion) -> Iterator[str]:
    is_host = criterion.fetch in _HOST_FETCHES and criterion.argument.split(",")[0].strip() == "host"
    if is_host or criterion.fetch in _SNI_FETCHES or criterion.fetch == "http_host":
        for pattern in criterion.patterns:
            yield from _host(criterion.match, pattern)
    elif criterion.fetch in _BASE_FETCHES:
        for pattern in criterion.patterns:
            yield from _host("str", pattern.partition("/")[0])


def _host(match: str, pattern: str) -> Iterator[str]:
    """Return a host name that a pattern matches, if one is easy to make."""
    text = _literal(pattern) if match in {"reg", "regm"} else pattern
    name = text.partition(":")[0]
    if match == "beg":
        name = f"{name.rstrip('.')}.example" if name.endswith(".") or "." not in name else name
    elif name.startswith("."):
        name = f"www{name}"
    elif name.endswith("."):
        name = f"{name}example"
    if _HOST.fullmatch(name):
        yield name


def _paths(criterion: Criterion) -> Iterator[str]:
    if criterion.fetch in _PATH_FETCHES:
        for pattern in criterion.patterns:
            yield from _path(criterion.match, pattern)
    elif criterion.fetch in _BASE_FETCHES:
        for pattern in criterion.patterns:
            yield from _path("beg", "/" + pattern.partition("/")[2])


def _path(match: str, pattern: str) -> Iterator[str]:
    """Return a path that a pattern matches, if one is easy to make."""
    text = _literal(pattern) if match in {"reg", "regm"} else pattern
    if match == "dir":
        text = f"/{text.strip('/')}/"
    elif match == "end" and not text.startswith("/"):
        text = f"/{'index' if text.startswith('.') else ''}{text}"
    elif match in {"sub", "reg", "regm"} and text and not text.startswith("/"):
        text = f"/{text}"
    if _PATH.fullmatch(text):
        yield text


def _literal(regex: str) -> str:
    """Return the fixed text that a simple regular expression begins with, "" if it is not that simple."""
    text = regex.removeprefix("^").removesuffix("$").removesuffix(".*").removesuffix("(/|$)")
    text = text.replace("(?i)", "")
    bare = _REGEX_ESCAPE.sub(r"\1", text)
    return "" if _REGEX_SYNTAX & set(bare) else bare


def _credentials(proxy: Proxy, model: Model) -> tuple[tuple[str, str], ...]:
    """Return the Authorization header of the first `stats auth USER:PASSWORD`.

    Without it the page answers 401 and closes the connection without saying so, where 2.6 and 2.8 were tried.
    """
    for where in (proxy, *_backends(proxy, model)):
        for directive in where.all("stats", "auth"):
            encoded = base64.b64encode(" ".join(directive.words[2:3]).encode()).decode("ascii")
            return (("Authorization", f"Basic {encoded}"),)
    return ()


def _other_paths(proxy: Proxy, model: Model) -> Iterator[str]:
    """Return paths that no rule names: health checks of backends, then what HAProxy answers itself."""
    for backend in _backends(proxy, model):
        yield from _check_paths(backend)
    for directive in (*proxy.all("monitor-uri"), *proxy.all("stats", "uri")):
        if _PATH.fullmatch(directive.words[-1]):
            yield directive.words[-1]


def _backends(proxy: Proxy, model: Model) -> Iterator[Proxy]:
    by_name = {p.name: p for p in model.proxies if p.kind != "frontend"}
    if proxy.kind == "listen":
        yield proxy
    for directive in (*proxy.all("use_backend"), *proxy.all("default_backend")):
        backend = by_name.get(directive.words[1]) if len(directive.words) > 1 else None
        if backend is not None:
            yield backend


def _check_paths(backend: Proxy) -> Iterator[str]:
    """Return the paths of `option httpchk [METHOD] URI [VERSION]` and `http-check send … uri URI`."""
    sends = [d.words for d in backend.all("http-check", "send")]
    lines = [*sends, *(d.words for name, d in backend.options.items() if name == "httpchk")]
    for words in lines:
        yield from (word for word in words if _PATH.fullmatch(word))


def _inspects_hello(proxy: Proxy) -> bool:
    """Return whether a rule looks into the TLS hello of a connection that HAProxy does not decrypt."""
    words = (word for directive in proxy.directives for word in directive.words)
    return any(fetch in word for word in words for fetch in _HELLO_FETCHES)
