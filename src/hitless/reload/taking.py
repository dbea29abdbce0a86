"""Take the listening sockets of the processes that serve: one, or several that share the work (`nbproc`, up to 2.4)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hitless.errors import ReloadError
from hitless.host.descriptors import HeldListeners, duplicate_listeners

if TYPE_CHECKING:
    from hitless.host.held_listener import HeldListener
    from hitless.reload.target import Target

__all__ = ["take_listeners"]


def take_listeners(target: Target) -> HeldListeners:
    """Return duplicates of the listening sockets of the present generation, each socket once.

    Raises: ReloadError if nobody serves; Gone, Denied, Unsupported, HostError. Nothing is left open then.
    """
    serving = [process for process in target.carriers if process.generation == 0]
    if not serving:
        raise ReloadError("No process of it serves.")
    taken: dict[int, HeldListener] = {}
    left_out: list[str] = []
    try:
        for process in serving:
            held = duplicate_listeners(process.pid, root=target.place.root)
            left_out += held.left_out
            for listener in held:
                if taken.setdefault(listener.inode, listener) is not listener:
                    os.close(listener.descriptor)
    except BaseException:
        HeldListeners(tuple(taken.values())).close()
        raise
    return HeldListeners(tuple(taken.values()), tuple(dict.fromkeys(left_out)))
