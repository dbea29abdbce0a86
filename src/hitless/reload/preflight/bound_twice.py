"""Two binds of one configuration that cannot both succeed. Pure.

Source: Linux v6.18 net/ipv4/inet_connection_sock.c inet_csk_get_port(): one of them listens before the other is bound.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hitless.reload.preflight.bind_facts import CHECK, consequence
from hitless.reload.preflight.receivers import Kind
from hitless.reloads import CheckState, PreflightCheck

if TYPE_CHECKING:
    from hitless.reload.preflight.bind_facts import BindFacts
    from hitless.reload.preflight.receivers import Receiver
    from hitless.subject.endpoints import IpAddress

__all__ = ["Earlier", "bound_twice"]


class Earlier:
    """What the configuration has bound before, where two of its own binds cannot both succeed."""

    def __init__(self, facts: BindFacts) -> None:
        self._reuse_port = facts.reuse_port
        self._of_port: defaultdict[tuple[str, int], list[Receiver]] = defaultdict(list)
        self._of_address: defaultdict[tuple[str, int, IpAddress], list[Receiver]] = defaultdict(list)
        self._wide: defaultdict[tuple[str, int], list[Receiver]] = defaultdict(list)
        self._by_name: dict[tuple[str, str, bool], Receiver] = {}

    def add(self, receiver: Receiver) -> None:
        """Remember what is bound, in the configuration's order."""
        inet = receiver.inet
        if receiver.kind is Kind.ABSTRACT:
            self._by_name.setdefault((receiver.namespace, receiver.endpoint, receiver.padded), receiver)
        elif receiver.kind is Kind.TCP and inet is not None and not self._reuse_port:
            self._of_port[receiver.namespace, inet.port].append(receiver)
            self._of_address[receiver.namespace, inet.port, inet.ip].append(receiver)
            if inet.is_any:
                self._wide[receiver.namespace, inet.port].append(receiver)

    def in_the_way_of(self, receiver: Receiver) -> Receiver | None:
        """Return what was bound before and refuses this."""
        inet = receiver.inet
        if receiver.kind is Kind.ABSTRACT:
            return self._by_name.get((receiver.namespace, receiver.endpoint, receiver.padded))
        if inet is None or receiver.kind is not Kind.TCP:
            return None
        place = (receiver.namespace, inet.port)
        same = self._of_address.get((*place, inet.ip), [])
        near = self._of_port.get(place, []) if inet.is_any else [*same, *self._wide.get(place, [])]
        return next((other for other in near if _exclude_each_other(receiver, other)), None)


def _exclude_each_other(one: Receiver, other: Receiver) -> bool:
    if one.inet is None or other.inet is None:
        return False
    if one.interface and other.interface and one.interface != other.interface:
        return False
    ip, with_ip = one.inet.ip, other.inet.ip
    if ip.version == with_ip.version:
        return ip == with_ip or one.inet.is_any or other.inet.is_any
    return one.inet.dual_stack or other.inet.dual_stack


def bound_twice(facts: BindFacts, receiver: Receiver, other: Receiver) -> PreflightCheck:
    """Return what to say of it."""
    because = "" if receiver.kind is Kind.ABSTRACT else " and `noreuseport` lets only one of them"
    return PreflightCheck(
        name=CHECK,
        state=CheckState.FAILED,
        message=f"{receiver.title} is bound by {other.title} as well{because}: {consequence(facts, receiver)}",
        hint="Give one of the two another address.",
    )
