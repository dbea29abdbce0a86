"""Which addresses clients go to: every bind of every frontend, or the reason why not. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from hitless.config.model import Address, Bind, Model, Proxy
from hitless.prove.inner import inner_bind
from hitless.records import Target
from hitless.verdict import NotCovered

__all__ = ["Reachability", "Targets", "find_targets", "without_removed"]

MAX_TARGETS = 256
"""More addresses than this are not all driven: two cores could not keep them busy."""

ALPN_BY_DEFAULT = (2, 8)
"""From here on an HTTP bind with `ssl` offers h2 without `alpn`. Source: HAProxy 2.8 doc/configuration.txt 5.1 alpn."""

_UNDRIVEN = {
    "quic": "HTTP/3 over QUIC is not driven by this version",
    "udp": "UDP is not driven",
    "abnsz": "abstract names that end at a NUL (abnsz@) are not driven",
    "fd": "the socket would be inherited from a service manager (fd@)",
    "sockpair": "an internal socket pair",
    "rhttp": "reverse HTTP: connections come from a server",
    "name": "the bind's host name is not an address",
    "other": "this kind of address is not driven",
}


@dataclass(frozen=True, slots=True)
class Reachability:
    """How clients reach addresses here: what stands for "any address", where clients come from, with what."""

    any_ipv4: str
    any_ipv6: str
    source_ipv4: str = ""
    """First two octets, e.g. "10.7": the clients of each target get a network of it; "": the kernel's choice."""
    source_ipv6: str = ""
    """First four groups, e.g. "2001:db8:18:7", likewise."""
    client_certificate: str = ""
    """A client certificate that binds with `verify required` will accept; "" if none can be had."""
    ipv6: bool = True


@dataclass(frozen=True, slots=True)
class Targets:
    """The addresses to drive, and what is left out.

    `main` has the first address of each frontend for each way to speak there (plain, TLS, HTTP/2, PROXY protocol).
    """

    main: tuple[Target, ...]
    further: tuple[Target, ...]
    not_covered: tuple[NotCovered, ...]

    @property
    def all(self) -> tuple[Target, ...]:
        """Return every target."""
        return self.main + self.further


def find_targets(model: Model, reach: Reachability, version: tuple[int, int]) -> Targets:
    """Return the targets of a configuration in the order of its frontends."""
    main: list[Target] = []
    further: list[Target] = []
    left_out: list[NotCovered] = []
    for frontend in model.frontends:
        found: list[Target] = []
        for bind, address in _addresses(frontend):
            why = _why_not(frontend, bind, address, reach)
            if why:
                left_out.append(NotCovered(where=bind.where, why=why, frontend=frontend.name))
            elif len(main) + len(further) + len(found) >= MAX_TARGETS:
                why = f"more than {MAX_TARGETS} addresses: {address.text or address.host} is not driven"
                left_out.append(NotCovered(where=bind.where, why=why, frontend=frontend.name))
            else:
                number = len(main) + len(further) + len(found) + 1
                found.append(_target(frontend, bind, address, reach, model, version, number))
        firsts = {_speech(target): target for target in reversed(found)}
        main += [target for target in found if firsts[_speech(target)] is target]
        further += [target for target in found if firsts[_speech(target)] is not target]
    left_out += _disabled(model)
    return Targets(tuple(main), tuple(further), tuple(left_out))


def without_removed(targets: Targets, changed: Targets) -> Targets:
    """Return the targets that the changed configuration serves as well: the others are meant to go."""
    stay = {target.endpoint for target in changed.all}
    removed = tuple(
        NotCovered(where=one.where, why="the changed configuration does not bind it", frontend=one.frontend)
        for one in targets.all
        if one.endpoint not in stay
    )
    return Targets(
        main=tuple(one for one in targets.main if one.endpoint in stay),
        further=tuple(one for one in targets.further if one.endpoint in stay),
        not_covered=targets.not_covered + removed,
    )


def _addresses(frontend: Proxy) -> Iterator[tuple[Bind, Address]]:
    for bind in frontend.binds:
        for address in bind.addresses:
            yield bind, address


def _speech(target: Target) -> tuple[object, ...]:
    return (target.tls, target.alpn, target.h2_prior_knowledge, target.accept_proxy)


def _disabled(model: Model) -> Iterator[NotCovered]:
    for proxy in model.proxies:
        if proxy.disabled and proxy.binds:
            yield NotCovered(where=proxy.where, why="disabled in the configuration", frontend=proxy.name)


def _why_not(frontend: Proxy, bind: Bind, address: Address, reach: Reachability) -> str:
    if frontend.mode not in {"http", "tcp"}:
        return f"mode {frontend.mode} is not driven"
    kind = "abnsz" if address.text.startswith("abnsz@") else address.kind
    if kind in _UNDRIVEN:
        return _UNDRIVEN[kind]
    if ":" in address.host and address.kind == "ip" and not reach.ipv6:
        return "this machine has no IPv6"
    if bind.has("accept-netscaler-cip"):
        return "the NetScaler client IP protocol is not spoken"
    if bind.options.get("verify", ())[-1:] == ("required",) and not reach.client_certificate:
        return "clients need a certificate that this machine cannot issue (verify required)"
    return ""


def _target(
    frontend: Proxy,
    bind: Bind,
    address: Address,
    reach: Reachability,
    model: Model,
    version: tuple[int, int],
    number: int,
) -> Target:
    """Return what a client must speak: to the frontend, or through it to the one that it passes connections on to."""
    inner = inner_bind(frontend, model) if frontend.mode == "tcp" else None
    if inner is not None and bind.has("ssl") and inner.tls:
        inner = None  # clients do not speak TLS within TLS
    tls = bind.has("ssl") or (inner is not None and inner.tls)
    is_ip = address.kind == "ip"
    host = _connectable(address, reach)
    return Target(
        frontend=frontend.name,
        where=bind.where,
        address=host,
        port=address.port if is_ip else 0,
        mode="http" if inner is not None else frontend.mode,
        tls=tls,
        alpn=_alpn(*((inner.frontend, inner.bind) if inner and inner.tls else (frontend, bind)), version)
        if tls
        else (),
        accept_proxy=bind.has("accept-proxy"),
        source_address=_clients(reach, host, number) if is_ip else "",
        client_certificate=reach.client_certificate
        if bind.has("verify") or (inner is not None and inner.bind.has("verify"))
        else "",
        h2_prior_knowledge=not tls and bind.options.get("proto", ())[-1:] == ("h2",),
    )


def _clients(reach: Reachability, host: str, number: int) -> str:
    """Return the network that the clients of one target come from."""
    if ":" in host:
        return f"{reach.source_ipv6}:{number:x}::/120" if reach.source_ipv6 else ""
    return f"{reach.source_ipv4}.{number % 256}.0/24" if reach.source_ipv4 else ""


def _connectable(address: Address, reach: Reachability) -> str:
    if address.kind == "abns":
        return f"@{address.host}"
    if address.is_any:
        return reach.any_ipv6 if address.host == "::" else reach.any_ipv4
    return address.host


def _alpn(frontend: Proxy, bind: Bind, version: tuple[int, int]) -> tuple[str, ...]:
    if bind.has("no-alpn"):
        return ()
    if bind.has("alpn"):
        return tuple(
            part.strip() for word in bind.options["alpn"] for part in word.split(",") if part.strip()
        )
    if frontend.mode == "http" and version >= ALPN_BY_DEFAULT:
        return ("h2", "http/1.1")
    return ()
