"""Times in which nobody listened: refused connects in a row at one endpoint, none accepted between. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.captured import ListenerGap
from hitless.explain.captures.endpoints import endpoint_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GapWatch"]

_MOST_ENDPOINTS = 65_536


@dataclass(slots=True)
class _Endpoint:
    accepted_ns: int = 0
    first_ns: int = 0
    last_ns: int = 0
    refused: int = 0


class GapWatch:
    """Follows every endpoint to which connections are made."""

    def __init__(self) -> None:
        self._endpoints: dict[int, _Endpoint] = {}

    def accepted(self, endpoint: int, t_ns: int) -> ListenerGap | None:
        """Take a connection that was accepted; return the gap that it ends."""
        state = self._state(endpoint)
        gap = _gap(endpoint, state, t_ns) if state is not None and state.refused else None
        if state is not None:
            state.accepted_ns, state.refused = t_ns, 0
        return gap

    def refused(self, endpoint: int, t_ns: int) -> None:
        """Take a connect that was refused."""
        state = self._state(endpoint)
        if state is None:
            return
        if not state.refused:
            state.first_ns = t_ns
        state.refused += 1
        state.last_ns = t_ns

    def finish(self) -> Iterator[ListenerGap]:
        """Yield the gaps that have no end within the capture."""
        for endpoint, state in self._endpoints.items():
            if state.refused:
                yield _gap(endpoint, state, 0)
                state.refused = 0

    def _state(self, endpoint: int) -> _Endpoint | None:
        """Return what is known of an endpoint, None for one that finds no room (a port scan)."""
        state = self._endpoints.get(endpoint)
        if state is None and len(self._endpoints) < _MOST_ENDPOINTS:
            state = self._endpoints[endpoint] = _Endpoint()
        return state


def _gap(endpoint: int, state: _Endpoint, accepted_after_ns: int) -> ListenerGap:
    return ListenerGap(
        proxy=endpoint_text(endpoint),
        first_refused_ns=state.first_ns,
        last_refused_ns=state.last_ns,
        refused=state.refused,
        accepted_before_ns=state.accepted_ns,
        accepted_after_ns=accepted_after_ns,
    )
