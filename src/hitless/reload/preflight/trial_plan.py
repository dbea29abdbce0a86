"""What is tried of a reload's addresses, and how: one bind() for each that HAProxy will have to bind. Pure."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from hitless.reload.preflight.receivers import Kind
from hitless.reload.preflight.trial_task import AddressTrial

if TYPE_CHECKING:
    from hitless.reload.preflight.bind_plan import BindPlan
    from hitless.reload.preflight.neighbours import Neighbours
    from hitless.reload.preflight.receivers import Receiver

__all__ = ["address_trial", "plan_trial"]

_PROTOCOL_MPTCP = 262
"""Source: Linux v6.18 include/uapi/linux/in.h; the socket module of 3.11 lacks it."""
_ABSTRACT_SIZE_BYTES = 108
"""Of sun_path: HAProxy fills an abns@ name up with NUL bytes."""


def plan_trial(plan: BindPlan, neighbours: Neighbours) -> tuple[list[int], list[int]]:
    """Return the positions in the plan of the addresses to bind, and of the paths to look at.

    A UDP port that somebody has is left alone.
    """
    addresses, paths = [], []
    for position, planned in enumerate(plan.binds):
        if not planned.is_bound:
            continue
        if planned.receiver.kind is Kind.UNIX:
            paths.append(position)
        elif planned.receiver.kind is not Kind.UDP or not neighbours.of(planned.receiver):
            addresses.append(position)
    return addresses, paths


def address_trial(receiver: Receiver, *, reuse_port: bool) -> AddressTrial:
    """Return the bind() that HAProxy would call, with its options; for UDP without those that share a port.

    Source: HAProxy 2.8 src/sock_inet.c sock_inet_bind_receiver(), src/sock_unix.c; 3.2 get_addr_len() for abnsz@.
    """
    namespace = os.fsencode(receiver.namespace)
    if receiver.kind is Kind.ABSTRACT:
        name = b"\0" + os.fsencode(receiver.host)
        return AddressTrial(
            family=socket.AF_UNIX,
            kind=socket.SOCK_STREAM,
            name=name.ljust(_ABSTRACT_SIZE_BYTES, b"\0") if receiver.padded else name,
            namespace=namespace,
        )
    udp = receiver.kind is Kind.UDP
    return AddressTrial(
        family=socket.AF_INET6 if receiver.family == 6 else socket.AF_INET,
        kind=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM,
        protocol=_PROTOCOL_MPTCP if receiver.multipath else 0,
        host=receiver.host,
        port=receiver.inet.port if receiver.inet else 0,
        namespace=namespace,
        reuse=not udp,
        reuse_port=reuse_port and not udp,
        transparent=receiver.transparent,
        interface=os.fsencode(receiver.interface),
        v6_only=receiver.v6_only,
    )
