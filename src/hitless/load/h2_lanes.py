"""What an HTTP/2 client is made of: lanes that ask, links that carry. Values without behaviour."""

from collections import deque
from typing import TYPE_CHECKING

from hitless.load.attempt import Attempt
from hitless.load.http2 import Http2Client
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["H2Setup", "Lane", "Link"]


class H2Setup:
    """What the clients of one stream share: the common part and the encoded request."""

    __slots__ = ("block", "common")

    def __init__(self, common: StreamSetup, block: bytes) -> None:
        self.common = common
        self.block = block


class Lane(Attempt):
    """One request at a time, at its own pace."""

    __slots__ = ("attempts", "begin", "link", "next_ns", "pace", "request_number", "stream_id")

    def __init__(self, setup: StreamSetup, pace: Pace, begin: "Callable[[Lane, int], None]") -> None:
        super().__init__(setup.engine.table, setup.number)
        self.pace = pace
        self.attempts = 0
        self.next_ns = pace.intended_ns(0, 0)
        self.link: Link | None = None
        self.stream_id = 0
        self.request_number = 0
        self.begin = lambda now: begin(self, now)


class Link:
    """One connection, its streams, and the lanes that wait for room on it."""

    __slots__ = ("connection", "protocol", "streams", "waiting")

    def __init__(self, setup: StreamSetup) -> None:
        self.connection = setup.make_connection()
        self.protocol = Http2Client()
        self.streams: dict[int, Lane] = {}
        self.waiting: deque[Lane] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether no lane has anything on it."""
        return not (self.streams or self.waiting)
