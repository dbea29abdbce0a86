"""Binds whose address may not be on this host, by address, with the edits that allow it to be absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import with_words
from hitless.findings import Fix, Safety
from hitless.subject.endpoints import can_be_absent, endpoints
from hitless.subject.places import split_where

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hitless.subject import Subject
    from hitless.subject.endpoints import Endpoint, IpAddress

__all__ = ["needed_addresses", "transparent_fix"]


def needed_addresses(subject: Subject) -> Mapping[IpAddress, tuple[Endpoint, ...]]:
    """Return the single addresses that have to be on the host for HAProxy to bind, each with its binds in order."""
    found: dict[IpAddress, list[Endpoint]] = {}
    for endpoint in endpoints(subject):
        if not endpoint.is_any and not endpoint.ip.is_loopback and not can_be_absent(subject, endpoint):
            found.setdefault(endpoint.ip, []).append(endpoint)
    return {ip: tuple(binds) for ip, binds in found.items()}


def transparent_fix(subject: Subject, binds: Iterable[Endpoint]) -> Fix:
    """Return the fix that adds `transparent` to these binds.

    Source: HAProxy 2.8 src/sock_inet.c sock_inet4_make_foreign(): IP_TRANSPARENT, else IP_FREEBIND, which needs no
    privilege; src/sock.c sock_find_compatible_fd(): a socket without it is not taken over.
    """
    lines = sorted({endpoint.bind.where for endpoint in binds}, key=split_where)
    return Fix(
        summary="`transparent` on the bind line (the one reload that brings it opens a new socket instead of taking "
        "over the old one), or sysctl net.ipv4.ip_nonlocal_bind=1 (net.ipv6.ip_nonlocal_bind=1)",
        safety=Safety.SAFE,
        edits=tuple(edit for where in lines for edit in with_words(subject, where, "transparent")),
    )
