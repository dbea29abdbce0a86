"""HAProxy's address syntax: prefixes, brackets, ports, ranges, lists.

Source: HAProxy 2.8 src/tools.c str2sa_range(), str2ip2(), env_expand(); src/cfgparse.c str2listener(). The
prefixes rhttp@ (2.9 as rev@, renamed in 3.0), abnsz@ and mptcp@ (3.2) are those of 3.4.
"""

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import replace

from hitless.config.model import Address

__all__ = ["AddressError", "expand_variables", "parse_address", "parse_addresses"]

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z0-9_]*)\}?|([A-Za-z0-9_]*))")
_PREFIX = re.compile(r"(?:stream\+|dgram\+|quic\+)?([a-z0-9]+)@")
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)
_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]+")

_ADDRESS_LIMIT = 4 * 65_536  # of one bind line

_PATH_KINDS = {"unix": "unix", "uxst": "unix", "uxdg": "unix", "abns": "abns", "abnsz": "abns"}
_WORD_KINDS = {"fd": "fd", "sockpair": "sockpair", "rhttp": "rhttp", "rev": "rhttp", "ring": "other"}
_IP_KINDS = {
    **dict.fromkeys(("ip", "ipv4", "ipv6", "tcp", "tcp4", "tcp6", "mptcp", "mptcp4", "mptcp6"), "ip"),
    **dict.fromkeys(("udp", "udp4", "udp6"), "udp"),
    **dict.fromkeys(("quic4", "quic6"), "quic"),
}


class AddressError(ValueError):
    """A text that is no address of HAProxy's."""


def expand_variables(text: str, variables: Mapping[bytes, bytes]) -> str:
    """Return an address with $NAME and ${NAME} replaced, as HAProxy does here even outside of quotes."""
    if "$" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        name = (match[1] or match[2] or "").encode()
        return variables.get(name, b"").decode("utf-8", "surrogateescape")

    return _VARIABLE.sub(value, text)


def parse_addresses(
    text: str, variables: Mapping[bytes, bytes], *, unix_prefix: str = "", default_port: int | None = None
) -> tuple[Address, ...]:
    """Return the addresses of a `bind`: a list by commas, each with its range of ports.

    Without `default_port` every IP address must name a port.

    Raises: AddressError
    """
    addresses: list[Address] = []
    for part in text.split(","):
        if not part:
            continue
        first, last_port = _parse_one(part, variables, default_port)
        if first.kind == "unix" and unix_prefix:
            first = replace(first, host=unix_prefix + first.host)
        if len(addresses) + last_port - first.port > _ADDRESS_LIMIT:
            raise AddressError(f"more than {_ADDRESS_LIMIT} addresses on one line")
        addresses += (replace(first, port=port) for port in range(first.port, last_port + 1))
    if not addresses:
        raise AddressError(f"'{text}' is an empty address")
    return tuple(addresses)


def parse_address(
    text: str, variables: Mapping[bytes, bytes], *, default_port: int = 0, datagram: bool = False
) -> Address:
    """Return the single address of a server, a log target or a name server.

    A port that is absent or relative to the bind's ("+1000", "-1000") becomes `default_port`. `datagram`: a
    bare IP address stands for UDP.

    Raises: AddressError
    """
    address, _ = _parse_one(text, variables, default_port, offsets=True)
    bare = _PREFIX.match(address.text) is None
    return replace(address, kind="udp") if datagram and bare and address.kind == "ip" else address


def _parse_one(
    text: str, variables: Mapping[bytes, bytes], default_port: int | None, *, offsets: bool = False
) -> tuple[Address, int]:
    """Return an address with the first port of its range, and the last port."""
    expanded = expand_variables(text, variables)
    if not expanded:
        raise AddressError(f"'{text}' resolves to an empty address")
    prefix = _PREFIX.match(expanded)
    family = prefix[1] if prefix else ""
    rest = expanded[prefix.end() :] if prefix else re.sub(r"^(stream|dgram|quic)\+", "", expanded)
    if family in _PATH_KINDS or (not family and rest.startswith("/")):
        return Address(_PATH_KINDS.get(family, "unix"), rest, 0, text), 0
    if family in _WORD_KINDS:
        return Address(_WORD_KINDS[family], rest, 0, text), 0
    if family and family not in _IP_KINDS:
        raise AddressError(f"unknown address family in '{text}'")
    host, low, high = _split_port(rest, text, default_port, offsets=offsets)
    kind, host = _classify(host, family, text)
    if kind == "ip" and expanded.startswith("quic+"):
        kind = "quic"
    return Address(kind, host, low, text), high


def _split_port(rest: str, text: str, default_port: int | None, *, offsets: bool) -> tuple[str, int, int]:
    colon = rest.rfind(":")
    host, port = (rest[:colon], rest[colon + 1 :]) if colon > rest.rfind("]") else (rest, "")
    if not port or (offsets and port[0] in "+-"):
        if default_port is None:
            raise AddressError(f"missing port specification in '{text}'")
        return host, default_port, default_port
    match = _PORT.fullmatch(port)
    if match is None:
        raise AddressError(f"invalid port '{port}' in '{text}'")
    low = int(match[1])
    high = int(match[2] or match[1])
    if low > high or high > 65535 or (low == 0 and default_port is None):
        raise AddressError(f"invalid port range '{port}' in '{text}'")
    return host, low or default_port or 0, high or default_port or 0


def _classify(host: str, family: str, text: str) -> tuple[str, str]:
    """Return kind and host of what stands before the port; `family` decides which "any" is meant."""
    kind = _IP_KINDS.get(family, "ip")
    wants_v6 = family.endswith("6")
    if host in {"", "*"}:
        return kind, "::" if wants_v6 else "0.0.0.0"  # noqa: S104 - what the configuration says
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    ip_version = 0
    try:
        ip_version = ipaddress.ip_address(bare).version
    except ValueError:
        if _HOST_NAME.fullmatch(host):
            return "name", host
    if (
        not ip_version
        or "%" in bare
        or (family.endswith("4") and ip_version == 6)
        or (wants_v6 and ip_version == 4)
    ):
        raise AddressError(f"invalid address: '{host}' in '{text}'")
    if ip_version == 6:  # as the kernel writes it
        return kind, socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, bare))
    return kind, bare
