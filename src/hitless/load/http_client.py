"""A client that speaks HTTP/1.1: a request, its response, and whether the connection may carry the next one."""

from hitless.attempts import FLAG_IDEMPOTENT, FLAG_REUSED
from hitless.load.classify import FIN, classify_answer
from hitless.load.client import Client
from hitless.load.connection import Connection
from hitless.load.http1 import IDEMPOTENT_METHODS, ResponseReader, Violation, request_bytes
from hitless.load.schedule import Pace
from hitless.load.setup import StreamSetup
from hitless.records import Outcome

__all__ = ["HttpClient", "HttpSetup"]

MAX_KNOWN_ANSWERS = 64
MAX_KNOWN_BYTES = 4096


class HttpSetup:
    """What the HTTP clients of one stream share: the bytes to send and the answers known by heart.

    `known_answers` maps a whole response as it came to its status and whether it leaves the connection open: an answer
    that was framed once need not be framed again.
    """

    __slots__ = ("common", "head_only", "keep_connections", "known_answers", "request")

    def __init__(
        self, common: StreamSetup, *, keep_connections: bool, extra: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """`extra` are headers that the workload adds. Raises: LoadError for a request that cannot be sent."""
        request = common.stream.request
        target = common.stream.target
        self.common = common
        self.keep_connections = keep_connections
        self.request = request_bytes(request, target.endpoint if target.port else "localhost", extra=extra)
        self.head_only = request.method == "HEAD"
        self.known_answers: dict[bytes, tuple[int, bool]] = {}
        if request.method in IDEMPOTENT_METHODS:
            common.flags |= FLAG_IDEMPOTENT


class HttpClient(Client):
    """One connection, one request at a time; a new connection for each where the setup does not keep them."""

    __slots__ = ("http", "is_tight", "known_answers", "reader", "request")

    def __init__(self, http: HttpSetup, pace: Pace) -> None:
        super().__init__(http.common, pace)
        self.http = http
        self.known_answers = http.known_answers
        self.request = http.request
        self.reader = ResponseReader(head_only=http.head_only)
        self.is_tight = not (pace.interval_ns or pace.rest_ns)
        """A closed loop without rest: the next request follows the answer at once."""

    def transmit(self, connection: Connection) -> None:
        """Send the request."""
        connection.send(self.request)

    def receive(self, data: bytes, now: int) -> None:
        """Take a piece of the response, mostly all of it."""
        known = self.known_answers.get(data) if self.received_bytes == len(data) else None
        if known is not None:
            self.status, keep_alive = known
            if self.is_tight and not self.engine.stopping:
                self._ask_again(now, keep=keep_alive and self.http.keep_connections)
            else:
                self.answered(now, keep_alive=keep_alive)
            return
        reader = self.reader
        try:
            rest = reader.feed(data)
        except Violation:
            self.status = reader.status
            reader.reset()
            self.finish(Outcome.PROTOCOL_ERROR, now)
            return
        self.status = reader.status
        if reader.complete:
            if self.received_bytes == len(data) and not rest:
                self._learn(data)
            self._complete(now, rest)

    def end_of_stream(self, now: int) -> None:
        """Take the FIN: the end of a body without a length, or the loss of an answer."""
        if self.reader.end_of_stream():
            self._complete(now, b"")
        else:
            super().end_of_stream(now)

    def lose(self, errno: int, now: int) -> None:
        """End the attempt without a whole answer."""
        self.reader.reset()
        super().lose(errno, now)

    def answered(self, now: int, *, keep_alive: bool) -> None:
        """End the attempt with a whole answer."""
        outcome = classify_answer(self.status, now - self.start_ns, self.setup.slow_ns)
        keep = keep_alive and self.http.keep_connections
        self.finish(outcome, now, keep=keep, linger=not keep)

    def _ask_again(self, now: int, *, keep: bool) -> None:
        """Record the answer and send the next request: finish() and start() of the tight loop, in one step."""
        connection = self.connection
        assert connection is not None
        outcome = classify_answer(self.status, now - self.start_ns, self.setup.slow_ns)
        self.record(outcome, 0, now, connection, connection.requests)
        if not keep:
            self.begin_row(now, now, self.setup.flags)
            self.engine.linger(connection)
            self.connect()
            return
        self.begin_row(now, now, self.setup.flags | FLAG_REUSED)
        connection.requests += 1
        try:
            connection.send(self.request)
        except OSError as error:
            self.lose_while_sending(connection, error.errno or FIN)
            return
        if connection.unsent:
            self.watch_for_room(connection)

    def _complete(self, now: int, rest: bytes) -> None:
        keep_alive = self.reader.keep_alive
        self.reader.reset()
        connection = self.connection
        if rest and connection is not None:
            connection.unread = rest
            connection.fin_seen = True
        self.answered(now, keep_alive=keep_alive)

    def _learn(self, data: bytes) -> None:
        if len(data) <= MAX_KNOWN_BYTES and len(self.known_answers) < MAX_KNOWN_ANSWERS:
            self.known_answers[data] = (self.reader.status, self.reader.keep_alive)
