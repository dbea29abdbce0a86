"""Where clients come from: one address, or a small network of them, each connection from the next.

Real clients have many addresses. From a single one they would look like an attack to the limits by address that
configurations have (stick tables that count connections and requests of a `src`). Who evaluates a run must know which
connection came from where, so the rule is here: connection number n comes from address n modulo the network's size.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    _Number = TypeVar("_Number", int, npt.NDArray[np.int64])

__all__ = ["CLIENTS", "Source", "client_addresses", "client_host", "source_of"]

CLIENTS = 250
"""How many addresses of a network are used."""

Source = tuple[bytes, int]
"""The packed address without its last byte, and this byte."""


def client_addresses(source: str) -> tuple[str, ...]:
    """Return the addresses that clients use in turn: those of a network, the one address, none for ""."""
    if not source:
        return ()
    if "/" not in source:
        return (source,)
    first = ipaddress.ip_network(source).network_address
    return tuple(str(first + 1 + index) for index in range(CLIENTS))


def client_host(connection: _Number) -> _Number:
    """Return the last byte of the address that a connection with this number (or each of many) has."""
    return connection % CLIENTS + 1


@lru_cache(maxsize=8192)
def source_of(address: str) -> Source:
    """Return where an address (or a network) stands. Raises: ValueError if it is neither."""
    packed = ipaddress.ip_address(address.partition("/")[0]).packed
    return packed[:-1], packed[-1]
