"""Uploads that take long: a request whose body arrives over `duration_s`, in even pieces."""

import msgspec

from hitless.load.classify import FIN, Phase
from hitless.load.client import Client
from hitless.load.connection import Connection
from hitless.load.http_client import HttpClient, HttpSetup
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup
from hitless.units import NANOSECONDS_PER_MILLISECOND

__all__ = ["make_clients"]

PIECE = b"hitless upload\r\n" * 64
PIECE_INTERVAL_NS = 100 * NANOSECONDS_PER_MILLISECOND
METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client for each pace."""
    stream = setup.stream
    pieces = max(1, round(stream.duration_s * 1e9 / PIECE_INTERVAL_NS))
    if stream.request.method not in METHODS_WITH_BODY:
        request = msgspec.structs.replace(stream.request, method="POST")
        setup.stream = msgspec.structs.replace(stream, request=request)
    extra = (("Content-Length", str(pieces * len(PIECE))), ("Connection", "close"))
    http = HttpSetup(setup, keep_connections=False, extra=extra)
    return [UploadClient(http, pace, pieces) for pace in paces]


class UploadClient(HttpClient):
    """Sends the head at once and the body piece by piece; reads all the while, since an answer may come early."""

    __slots__ = ("pieces", "pieces_left")

    def __init__(self, http: HttpSetup, pace: Pace, pieces: int) -> None:
        super().__init__(http, pace)
        self.pieces = pieces
        self.pieces_left = 0

    def phase(self, connection: Connection) -> Phase:
        """As long as pieces are to come the request is on its way."""
        phase = super().phase(connection)
        return Phase.SENDING if phase is Phase.WAITING and self.pieces_left else phase

    def transmit(self, connection: Connection) -> None:
        """Send the head, and ask for the time of the first piece."""
        connection.send(self.request)
        self.pieces_left = self.pieces
        self.engine.call_at(self.start_ns + PIECE_INTERVAL_NS, lambda now: self._send_piece(connection, now))

    def _send_piece(self, connection: Connection, now: int) -> None:
        if self.connection is not connection or not self.is_active:
            return  # answered or lost meanwhile
        try:
            connection.send(PIECE)
        except OSError as error:
            self.lose_while_sending(connection, error.errno or FIN)
            return
        self.watch_for_room(connection)
        self.pieces_left -= 1
        if self.pieces_left:
            self.engine.call_at(now + PIECE_INTERVAL_NS, lambda then: self._send_piece(connection, then))
