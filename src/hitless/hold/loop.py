"""The daemon's loop: what is ready is called, and what is late is dropped. One thread, no framework."""

import selectors
from collections.abc import Callable
from typing import Protocol

__all__ = ["HasFileno", "Loop"]


class HasFileno(Protocol):
    """A socket, or something like one."""

    def fileno(self) -> int:
        """Return its descriptor."""


class Loop:
    """Calls whoever watches a descriptor when it can be read (or written)."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, what: HasFileno, call: Callable[[], None], *, writing: bool = False) -> None:
        """Call when `what` is ready, until it is forgotten; watching it again replaces what is called."""
        events = selectors.EVENT_WRITE if writing else selectors.EVENT_READ
        if what.fileno() in self._selector.get_map():
            self._selector.modify(what.fileno(), events, call)
        else:
            self._selector.register(what.fileno(), events, call)

    def forget(self, what: HasFileno) -> None:
        """Watch it no more."""
        if what.fileno() in self._selector.get_map():
            self._selector.unregister(what.fileno())

    def run_once(self, timeout_s: float) -> None:
        """Wait for what is ready, at most so long, and call."""
        for key, _ in self._selector.select(max(0.0, timeout_s)):
            if self._selector.get_map().get(key.fd) is key:  # nobody before it in this round has forgotten it
                key.data()

    def close(self) -> None:
        """End."""
        self._selector.close()
