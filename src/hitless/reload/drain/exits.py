"""Notice when processes end, without asking again and again."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Self

from hitless.host.errors import Gone
from hitless.host.process_handle import ProcessHandle

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

__all__ = ["Exits"]


class Exits:
    """Watches these very processes, also where their numbers are given to others; a context manager.

    Raises: Denied where one may not be watched.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._handles: dict[int, ProcessHandle] = {}
        self._poller = select.poll()
        self._ended: set[int] = set()
        for pid in pids:
            try:
                handle = ProcessHandle(pid)
            except Gone:
                self._ended.add(pid)
                continue
            self._handles[handle.fileno()] = handle
            self._poller.register(handle, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles.values():
            handle.close()
        self._handles.clear()

    @property
    def alive(self) -> frozenset[int]:
        """Those that have not ended, as far as has been noticed."""
        return frozenset(handle.pid for handle in self._handles.values())

    def wait(self, timeout_s: float) -> frozenset[int]:
        """Return those that have ended since the last call, as soon as there is one; none after `timeout_s`."""
        ended, self._ended = self._ended, set()
        for descriptor, _ in self._poller.poll(0 if ended else max(0.0, timeout_s) * 1000):
            self._poller.unregister(descriptor)
            handle = self._handles.pop(descriptor)
            ended.add(handle.pid)
            handle.close()
        return frozenset(ended)
