"""One client of a stream: its connection, its attempt, its pace, and what it does when the connection is lost.

A naive client: it sends on the connection it has without acting on what it might know. What it would have known is
recorded beside (`FLAG_FIN_SEEN`), and what would have become of a second try is tried (`FLAG_RETRY`), so that the
polite and the retrying client can be told from the same rows (`hitless.load.classes`).
"""

import select
from errno import EADDRNOTAVAIL, ETIMEDOUT

from hitless.attempts import FLAG_FIN_SEEN, FLAG_IN_PROGRESS, FLAG_REUSED, NO_ATTEMPT
from hitless.clock import now_ns
from hitless.errors import LoadError
from hitless.load.attempt import Attempt
from hitless.load.classify import FIN, Phase, classify_loss, is_cut_off, is_repeatable
from hitless.load.connection import Connection, is_waiting_for_room
from hitless.load.engine import READ_INTEREST
from hitless.load.schedule import PROBE_INTERVAL_NS, Pace, next_start_ns
from hitless.load.setup import StreamSetup
from hitless.records import Outcome

__all__ = ["Client"]


class Client(Attempt):
    """The life of a client, common to all protocols. A subclass says what to send and what an answer is.

    Units: times in nanoseconds.
    """

    __slots__ = ("attempts", "connection", "engine", "has_begun", "next_ns", "pace", "setup")

    def __init__(self, setup: StreamSetup, pace: Pace) -> None:
        super().__init__(setup.engine.table, setup.number)
        self.setup = setup
        self.engine = setup.engine
        self.pace = pace
        self.connection: Connection | None = None
        self.attempts = 0
        """Ended so far, retries not counted."""
        self.has_begun = False
        self.next_ns = 0
        """When the next attempt is intended to start."""

    # What a protocol adds.

    def transmit(self, connection: Connection) -> None:
        """Send the request. Raises: BlockingIOError while the connection is not up; OSError when it is lost."""
        raise NotImplementedError

    def receive(self, data: bytes, now: int) -> None:
        """Take bytes of the answer; call `finish` when it is complete."""
        raise NotImplementedError

    def end_of_stream(self, now: int) -> None:
        """Take the server's FIN during an attempt."""
        self.lose(FIN, now)

    def phase(self, connection: Connection) -> Phase:
        """Return how far the attempt has come, for `classify_loss`."""
        if connection.phase is not Phase.WAITING:
            return connection.phase
        return Phase.READING if self.first_byte_ns else Phase.WAITING

    def rest_event(self, connection: Connection, now: int) -> None:
        """Take note of what happens to a resting connection. It is not acted upon: see the module's docstring."""
        del now
        connection.look()
        if connection.fin_seen:
            self.engine.watch(connection, 0, self.on_readable)

    # The engine's side.

    @property
    def is_busy(self) -> bool:
        """Whether an exchange is in flight."""
        return self.is_active

    def begin_at_pace(self) -> None:
        """Ask for the first attempt."""
        self.next_ns = self.pace.intended_ns(0, 0)
        self.engine.call_at(self.next_ns, self._begin)

    def check_deadline(self, now: int) -> None:
        """End an attempt that has had no answer for too long."""
        if not self.is_active or now - self.start_ns <= self.setup.timeout_ns:
            return
        connection = self.connection
        assert connection is not None
        if connection.errno == EADDRNOTAVAIL:
            raise LoadError(
                f"no local port left for connections to {self.setup.stream.target.endpoint}",
                hint="fewer connections per second, or several source addresses",
            )
        self.lose(ETIMEDOUT, now)

    def stop(self, now: int) -> None:
        """Start nothing more; a resting connection is closed."""
        del now
        if not self.is_active:
            self.drop()

    def abandon(self, now: int) -> None:
        """End what is in flight; ok if it went as it should so far."""
        if self.is_active and self.connection is not None:
            late = now - self.start_ns > self.setup.slow_ns
            self.flags |= FLAG_IN_PROGRESS
            outcome = Outcome.SLOW if late else Outcome.OK
            self.record(outcome, 0, now, self.connection, self.connection.requests)
        self.drop()

    # The life of an attempt.

    def start(self, intended_ns: int, now: int, *, retry_of: int = NO_ATTEMPT) -> None:
        """Start an attempt on the connection there is, or on a new one."""
        self.begin_row(intended_ns, now, self.setup.flags, retry_of)
        connection = self.connection
        if connection is None:
            self.connect()
        else:
            self.flags |= FLAG_REUSED
            connection.requests += 1
            self.look(connection)
            self.speak(connection)

    def look(self, connection: Connection) -> None:
        """Note what a polite client would see now. In a closed loop no time has passed in which to see anything."""
        if self.pace.interval_ns or self.pace.rest_ns:
            connection.look()
            if connection.fin_seen:
                self.flags |= FLAG_FIN_SEEN

    def connect(self) -> None:
        """Make a new connection for the attempt under way."""
        setup = self.setup
        try:
            connection = self.connection = setup.make_connection()
            error = connection.open(setup.endpoint, now_ns())
        except OSError as failure:
            raise LoadError(f"cannot make a connection: {failure.strerror}") from failure
        connection.requests = 1
        if not error:
            self.speak(connection)
        elif error == EADDRNOTAVAIL or is_waiting_for_room(error, setup.endpoint):
            # Not the server's doing: the attempt waits for a port, or for room in the backlog, until its deadline.
            connection.errno = error
            self.engine.close(connection)
            self.engine.call_at(now_ns() + PROBE_INTERVAL_NS, self._connect_again)
        else:
            self.lose(error, now_ns())

    def speak(self, connection: Connection) -> None:
        """Send the request, now or as soon as the connection is up."""
        try:
            self.transmit(connection)
        except BlockingIOError:
            handshake = connection.phase is Phase.HANDSHAKE and not connection.unsent
            interest = READ_INTEREST if handshake else select.EPOLLOUT
            self.engine.watch(connection, interest, self._on_progress)
            return
        except OSError as error:
            self.lose_while_sending(connection, error.errno or FIN)
            return
        self.has_begun = True
        self.watch_for_room(connection)
        if connection.fin_seen:
            self._read_what_came(connection)

    def watch_for_room(self, connection: Connection) -> None:
        """Wait for the answer, and for room where part of the request is still unsent."""
        if connection.unsent:
            self.engine.watch(connection, READ_INTEREST | select.EPOLLOUT, self._on_writable)
        else:
            self.engine.watch(connection, READ_INTEREST, self.on_readable)

    def lose_while_sending(self, connection: Connection, errno: int) -> None:
        """End the attempt, unless the server had answered before it closed (an early 408 or 503)."""
        if connection.phase is Phase.WAITING:
            self._read_what_came(connection)
        if self.is_active and self.connection is connection:
            self.lose(connection.errno or errno, now_ns())

    def on_readable(self, mask: int) -> None:
        """Read once; epoll reports what is left."""
        del mask
        connection = self.connection
        assert connection is not None
        if not self.is_active:
            self.rest_event(connection, now_ns())
            return
        try:
            data = connection.recv()
        except BlockingIOError:
            return
        except OSError as error:
            self.lose(error.errno or FIN, now_ns())
            return
        now = now_ns()
        if data:
            self.take(data, now)
        else:
            self.end_of_stream(now)

    def take(self, data: bytes, now: int) -> None:
        """Note that the answer has begun, and hand its bytes to the protocol."""
        self.note_bytes(len(data), now)
        self.receive(data, now)

    def lose(self, errno: int, now: int) -> None:
        """End the attempt: its connection, or its time, has come to an end without an answer."""
        connection = self.connection
        assert connection is not None
        outcome = classify_loss(
            self.phase(connection),
            errno,
            reused=bool(self.flags & FLAG_REUSED),
            long_lived=self.setup.long_lived,
        )
        self.finish(outcome, now, errno=errno)

    def finish(
        self, outcome: Outcome, now: int, *, errno: int = 0, keep: bool = False, linger: bool = False
    ) -> None:
        """Record the attempt's end and go on: a second try, or the next attempt at its time.

        `keep`: the connection carries the next attempt. `linger`: the server is about to close it, after its answer.
        """
        assert self.connection is not None
        row = self.record(outcome, errno, now, self.connection, self.connection.requests)
        self.has_begun = True
        self.attempts += self.retry_of == NO_ATTEMPT
        if not keep or self.engine.stopping:
            self.drop(linger=linger)
        if self.engine.stopping:
            return
        if outcome is not Outcome.OK and is_repeatable(outcome, self.flags):
            self.start(now, now, retry_of=row)
        else:
            self._go_on(now, cut_off=is_cut_off(outcome, self.flags, long_lived=self.setup.long_lived))

    def drop(self, *, linger: bool = False) -> None:
        """Let go of the connection, if there is one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            (self.engine.linger if linger else self.engine.close)(connection)

    # Private.

    def _go_on(self, now: int, *, cut_off: bool) -> None:
        self.next_ns, start_ns = next_start_ns(self.pace, self.attempts, now, cut_off=cut_off)
        if start_ns <= now and not self.pace.interval_ns:
            self.start(now, now)
        else:
            self.engine.call_at(start_ns, self._begin)

    def _begin(self, now: int) -> None:
        # A session that was lost while it rested has asked for another time: the earlier call is void.
        if not (self.engine.stopping or self.is_active or now < self.next_ns):
            self.start(self.next_ns, now)

    def _connect_again(self, now: int) -> None:
        del now
        if self.is_active and self.connection is not None and self.connection.fd < 0:
            self.connect()

    def _on_progress(self, mask: int) -> None:
        del mask
        assert self.connection is not None
        self.speak(self.connection)

    def _on_writable(self, mask: int) -> None:
        connection = self.connection
        assert connection is not None
        try:
            connection.flush()
        except OSError as error:
            self.lose_while_sending(connection, error.errno or FIN)
            return
        self.watch_for_room(connection)
        if mask & READ_INTEREST:
            self.on_readable(mask)

    def _read_what_came(self, connection: Connection) -> None:
        data, connection.unread = connection.unread, b""
        connection.fin_seen = False  # reading will say so again
        if data:
            self.take(data, now_ns())
        if self.is_active and self.connection is connection:
            self.on_readable(0)
