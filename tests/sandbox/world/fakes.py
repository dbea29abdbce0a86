"""A sink that keeps what it is given, on an event loop whose clock the test moves."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import TYPE_CHECKING, Any, cast

from hitless.config import build_model, parse
from hitless.sandbox.world.records import Endpoint
from hitless.sandbox.world.servers.echo import Discard

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.config.model import Model
    from hitless.sandbox.world.servers.layer import Layer

ENDPOINT = Endpoint(role="server", transport="tcp", address="10.0.0.1", port=80, label="api/s1")
GREETING = b"api/s1 answers from the simulated world\n"


class FakeLoop:
    """What the layers use of an event loop."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []

    def time(self) -> float:
        return self._now_s

    def call_later(
        self, delay_s: float, callback: Callable[..., Any], *arguments: Any
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self._now_s + delay_s, callback, arguments, cast("Any", self))
        heapq.heappush(self._timers, (handle.when(), next(self._order), handle))
        return handle

    def call_soon(self, callback: Callable[..., Any], *arguments: Any) -> asyncio.TimerHandle:
        return self.call_later(0, callback, *arguments)

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def advance(self, seconds: float) -> None:
        """Let so much time pass, and run what is due in it, in order."""
        end_s = self._now_s + seconds
        while self._timers and self._timers[0][0] <= end_s:
            self._now_s, _, handle = heapq.heappop(self._timers)
            if not handle.cancelled():
                handle._run()
        self._now_s = end_s


class FakeSink:
    """The peer's side of a connection, without a socket."""

    layer: Layer

    def __init__(self, *, room_bytes: int | None = None) -> None:
        self.fake_loop = FakeLoop()
        self.loop = cast("asyncio.AbstractEventLoop", self.fake_loop)
        self.layer = Discard()
        self.sent = b""
        self.closed = False
        self.paused = False
        self._room_bytes = room_bytes

    @property
    def full(self) -> bool:
        return self._room_bytes is not None and len(self.sent) > self._room_bytes

    def write(self, data: bytes) -> None:
        assert not self.closed, data
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def take(self) -> bytes:
        """Return what was sent since the last time."""
        sent, self.sent = self.sent, b""
        return sent


def model_of(text: str) -> Model:
    return build_model([parse(text.encode(), filename="h.cfg")], environment={"HAPROXY_LOCALPEER": "local"})
