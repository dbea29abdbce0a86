"""Read what there is to reload with: which ways lead to this HAProxy, and what they would hand over."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from hitless.control.socket_transfer import close_listeners, fetch_listeners
from hitless.errors import ControlError
from hitless.facts import RunMode
from hitless.host.descriptors import duplicate_listeners
from hitless.host.errors import HostError
from hitless.reload.choice import AUTOMATIC_TRANSFER, Means
from hitless.reload.preflight.last_reload import transfer_is_lost
from hitless.reload.safety_net import read_migrate_req

if TYPE_CHECKING:
    from hitless.reload.target import Target

__all__ = ["namespace_pid", "read_means"]

_FETCH_TIMEOUT_S = 2.0


def read_means(target: Target) -> Means:
    """Return what there is. Asking for sockets duplicates them for a moment, and changes nothing.

    Raises: HostError if its network namespace cannot be entered.
    """
    version = target.version[:2]
    master = target.master
    stuck = {signal.SIGUSR2} & set(master.blocked_signals if master else ())
    migrate_req = read_migrate_req(namespace_pid(target))
    by_stats_socket = target.mode is RunMode.CLASSIC or version < AUTOMATIC_TRANSFER
    exposing = _exposing(target) if by_stats_socket else ""
    return Means(
        mode=target.mode,
        version=version,
        master_cli=target.master_view is not None,
        signal_blocked=bool(stuck and set(master.pending_signals if master else ()) & stuck),
        unit=target.instance.unit.name if target.instance.unit else "",
        exposing=exposing,
        can_take=target.mode is RunMode.CLASSIC and not exposing and _can_take(target),
        lost=transfer_is_lost(target),
        no_reuseport=target.subject.arguments.no_reuseport or bool(target.subject.in_global("noreuseport")),
        migrate_req=migrate_req,
        can_set=bool(migrate_req) and os.geteuid() == 0,
    )


def namespace_pid(target: Target) -> int | None:
    """Return a process in whose network namespace the service lives; None: ours."""
    main = target.master or target.current
    return None if target.place.same_network or main is None else main.pid


def _exposing(target: Target) -> str:
    """Return the first stats socket through which the current process hands over what it listens on."""
    current = target.current
    wanted = set(current.listening_inodes or ()) if current else set()
    for address in target.stats_addresses:
        try:
            passed = fetch_listeners(address, timeout_s=_FETCH_TIMEOUT_S)
        except ControlError:  # no `expose-fd listeners`, or nobody there: not a way
            continue
        try:
            inodes = {listener.inode for listener in passed}
        finally:
            close_listeners(passed)
        if inodes & wanted:
            return address
    return ""


def _can_take(target: Target) -> bool:
    current = target.current
    if current is None:
        return False
    try:
        with duplicate_listeners(current.pid) as taken:
            return any(True for _ in taken)
    except HostError:
        return False
