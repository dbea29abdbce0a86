"""What the preflight has found out about the binds of a reload, and what would follow if one of them failed. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.facts import VirtualAddress
    from hitless.host.rights import Rights
    from hitless.reload.preflight.bind_plan import BindPlan, PlannedBind
    from hitless.reload.preflight.receivers import Kind, NameQuery, Receiver
    from hitless.reload.preflight.socket_view import NamespaceView, SeenSocket
    from hitless.reload.preflight.trial_task import AddressResult, NameResult, PathResult

__all__ = ["CHECK", "BindFacts", "Binder", "consequence", "error_text"]

CHECK = "binds"
"""What `--force` calls all of this."""
_GIVES_UP_ABSTRACT = ((2, 4), (2, 6, 12))
"""These end when they have to pause with an abstract socket. Measured on 2.4.0 and 2.6.12; later ones pause."""


@dataclass(frozen=True, slots=True)
class Binder:
    """Who calls bind(): the master, or in classic mode whoever starts the new process."""

    title: str
    """"the master (pid 700, uid 998)"."""
    rights: Rights
    label: str = ""
    """What a security module calls it, where it calls us something else: its policy was not tried."""


@dataclass(frozen=True, slots=True)
class BindFacts:
    """Everything that the judgement goes by."""

    plan: BindPlan
    transfer: bool
    version: tuple[int, ...]
    master_worker: bool
    reuse_port: bool
    """False with `noreuseport` or -dR."""
    binder: Binder
    own: frozenset[int]
    """The processes of this instance, all generations."""
    views: Mapping[str, NamespaceView]
    """By network namespace, "" for the service's own. One that is missing could not be looked into."""
    tried: Mapping[int, AddressResult] = field(default_factory=dict)
    """By position in `plan.binds`."""
    paths: Mapping[int, PathResult] = field(default_factory=dict)
    owners: Mapping[int, tuple[int | None, int | None]] = field(default_factory=dict)
    """Of unix sockets: uid and gid that the bind asks for, None for either."""
    names: Mapping[NameQuery, NameResult] = field(default_factory=dict)
    problem: str = ""
    """Why nothing could be tried."""
    virtual: tuple[VirtualAddress, ...] = ()
    tentative: frozenset[str] = frozenset()
    """IPv6 addresses that are there and may not be used yet."""
    port_users: Mapping[int, str] = field(default_factory=dict)
    """By port: an outgoing connection that uses it."""

    def is_own(self, socket: SeenSocket) -> bool:
        """Return whether a process of this instance holds a socket."""
        return bool(self.own & set(socket.pids))

    def planned(self, kind: Kind) -> list[tuple[int, PlannedBind]]:
        """Return the binds of a kind that HAProxy will have to bind, each with its position."""
        return [
            (position, bind)
            for position, bind in enumerate(self.plan.binds)
            if bind.is_bound and bind.receiver.kind is kind
        ]


def consequence(facts: BindFacts, receiver: Receiver, *, retried: bool = True) -> str:
    """Return what HAProxy does when it cannot bind this.

    `retried`: it asks the old process to pause and tries 200 times, 10 ms apart; other errors it takes as final.
    Source: HAProxy 2.8 src/haproxy.c MAX_START_RETRIES, src/sock_unix.c (ERR_FATAL); measured on 2.2.9, 2.6.12, 2.8.25,
    3.0.11, 3.2.26: with transfer 194 to 204 probes refused in 2 s, without it one hangs for 2 s; a socket of the master
    that cannot be bound ended the service on all five.
    """
    if receiver.of_master:
        return "the master would end, and the whole service with it"
    old = "worker" if facts.master_worker else "process"
    if not retried:
        return f"HAProxy would refuse the new configuration and keep the old {old}"
    if _ends_service(facts):
        return "HAProxy would refuse every client, and in this version end with the whole service"
    if facts.transfer:
        return f"HAProxy would refuse every client of every frontend for about 2 s and keep the old {old}"
    return (
        f"HAProxy would leave every client of every frontend unanswered for about 2 s and keep the old {old}"
    )


def _ends_service(facts: BindFacts) -> bool:
    """Source: commit 117b03ff4 (2.9-dev1, backported to 2.8); measured on 2.0.0, 2.4.0, 2.6.12, 2.8.0."""
    first, last = _GIVES_UP_ABSTRACT
    holds_abstract = any(c.inodes_before and c.endpoint.startswith("@") for c in facts.plan.changes)
    if first <= facts.version <= last and holds_abstract:
        return True
    return facts.master_worker and (facts.version[:2] == (2, 0) or facts.version == (2, 8, 0))


def error_text(number: int) -> str:
    """Return the kernel's words for an error."""
    return os.strerror(number)
