"""Whose listening sockets came and went: the trace has those of every network namespace, and does not say which.

A change waits until all that happened before it has been read from every processor, so that each socket's changes come
in order, and the forks of a process that is gone are known.
"""

from dataclasses import dataclass

import msgspec

from hitless.evidence.kin import Kin
from hitless.evidence.listeners import UNKNOWN_NAMESPACE
from hitless.records import Event, EventKind

__all__ = ["ListenerChanges"]


@dataclass(slots=True)
class _Change:
    event: Event
    address: int
    """The socket's, in the kernel."""
    here: bool | None = None
    asked: bool = False
    """Whether its process was looked for in an earlier turn: the forks that happened before are known by now."""

    @property
    def opened(self) -> bool:
        return self.event.kind is EventKind.KERNEL_LISTEN


class ListenerChanges:
    """Keeps the watched namespace's changes and leaves out others'; one of which it cannot be known is marked.

    `from_the_start`: the trace began before any watched socket was opened, so that one which was not seen opening is
    another's.
    """

    def __init__(self, kin: Kin, *, from_the_start: bool) -> None:
        self._kin = kin
        self._from_the_start = from_the_start
        self._held: list[_Change] = []
        self._sockets: dict[int, bool | None] = {}
        """Those that were seen opening: whether they are ours."""

    def add(self, event: Event, address: int) -> None:
        """Take a change of the socket at this address of the kernel."""
        self._held.append(_Change(event, address))

    def settle(self, read_until_ns: int | None) -> list[Event]:
        """Return the changes that are ours or may be. To be called at the end of each turn of reading.

        Everything that happened before `read_until_ns` has been read; None: simply everything.
        """
        self._kin.look()
        self._held.sort(key=lambda change: change.event.t_ns)
        for change in self._held:
            if change.here is None:
                change.here = self._ask(change)
        ready = len(self._held) if read_until_ns is None else self._count_ready(read_until_ns)
        settled, self._held = self._held[:ready], self._held[ready:]
        for change in self._held:
            change.asked = True
        return [event for change in settled if (event := self._judge(change)) is not None]

    def _ask(self, change: _Change) -> bool | None:
        ask = self._kin.opens_here if change.opened else self._kin.closes_here
        return ask(change.event.pid, change.event.t_ns)

    def _count_ready(self, read_until_ns: int) -> int:
        for number, change in enumerate(self._held):
            known = change.here is not None or change.asked
            if change.event.t_ns >= read_until_ns or not known:
                return number
        return len(self._held)

    def _judge(self, change: _Change) -> Event | None:
        if change.opened:
            here = self._sockets[change.address] = change.here
        elif change.address in self._sockets:
            here = self._sockets.pop(change.address)
        else:
            here = False if self._from_the_start else change.here
        if here is None:
            return msgspec.structs.replace(change.event, reason=UNKNOWN_NAMESPACE)
        return change.event if here else None
