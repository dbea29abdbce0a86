"""Take what a process listens on: from its own hands where it was prepared for that, else by its descriptors."""

import socket

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.control.socket_transfer import PassedListener, close_listeners, fetch_listeners
from hitless.host.descriptors import HeldListeners, duplicate_listeners
from hitless.host.held_listener import HeldListener, NamedAlready, read_listener, takes_what_comes
from hitless.host.processes import read_socket_inodes

__all__ = ["fetch_held", "take_process_listeners"]

_ASK_TIMEOUT_S = 0.3
"""Nobody else is served meanwhile, and HAProxy waits a second for us."""


def take_process_listeners(pid: int, stats_socket: str) -> HeldListeners:
    """Return duplicates of what a process listens on.

    A HAProxy that hands them over itself knows from then on that somebody else has them (561319bd1), and no
    pidfd_getfd(2) is needed, which a sandbox may forbid; who answers at the path may be another process, which is not
    believed then.

    Raises: Gone, Denied, Unsupported, HostError.
    """
    if stats_socket:
        try:
            held = fetch_held(stats_socket, _ASK_TIMEOUT_S)
        except (
            CouldNotAsk,
            NotUnderstood,
            WasRefused,
            ValueError,
        ):  # it was not prepared, or does not answer now
            return duplicate_listeners(pid)
        if {listener.inode for listener in held} <= read_socket_inodes(pid):
            return held
        held.close()
    return duplicate_listeners(pid)


def fetch_held(address: str, timeout_s: float) -> HeldListeners:
    """Return what somebody offers at an address as HAProxy does.

    Raises: CouldNotAsk, NotUnderstood, WasRefused; ValueError for an address that is none of a unix socket.
    """
    passed = fetch_listeners(address, timeout_s=timeout_s)
    kept: dict[int, HeldListener] = {}
    try:
        for one in passed:  # up to 2.2 the same socket can be offered under several options
            listener = _read(one)
            if listener is not None:
                kept.setdefault(listener.inode, listener)
    except BaseException:
        close_listeners(passed)
        raise
    descriptors = {listener.descriptor for listener in kept.values()}
    close_listeners(one for one in passed if one.descriptor not in descriptors)
    return HeldListeners(tuple(kept.values()))


def _read(passed: PassedListener) -> HeldListener | None:
    # Family and kind are asked for by the readers; as given here they only keep Python from asking first.
    raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=passed.descriptor)
    try:
        return read_listener(raw, 0, NamedAlready(passed.record.namespace)) if takes_what_comes(raw) else None
    finally:
        raw.detach()
