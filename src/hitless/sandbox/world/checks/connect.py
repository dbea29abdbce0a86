"""`http-check connect` and `tcp-check connect`: where the next steps of a check go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hitless.sandbox.world.checks.expectation import CannotSatisfy

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Connect", "parse_connect"]

_WITH_VALUE = {"sni", "alpn", "proto", "comment"}


class Connect(NamedTuple):
    """Empty and 0: where the server line's own check goes."""

    address: str = ""
    port: int = 0


def parse_connect(words: Sequence[str]) -> Connect:
    """Return where the words after `connect` lead; how (TLS, PROXY header) is recognised by the servers.

    Raises: CannotSatisfy if the port is an expression.
    """
    found = Connect()
    position = 0
    while position < len(words):
        keyword = words[position]
        value = words[position + 1] if position + 1 < len(words) else ""
        if keyword == "port":
            if not value.isdigit():
                raise CannotSatisfy(f"the check's port is an expression (“{value}”)")
            found = found._replace(port=int(value))
        elif keyword == "addr":
            found = found._replace(address=value)
        position += 2 if keyword in _WITH_VALUE | {"port", "addr"} else 1
    return found
