"""A client that speaks HTTP/2: lanes, each with one request at a time, over one connection at a time.

A lane starts its attempts at its own pace and opens a stream for each. A connection that the server is leaving keeps
the streams it has and gets no new ones.
"""

import select
from contextlib import suppress
from errno import EADDRNOTAVAIL, EPROTO, ETIMEDOUT

from hitless.attempts import (
    FLAG_FIN_SEEN,
    FLAG_IN_PROGRESS,
    FLAG_NOT_PROCESSED,
    FLAG_RESPONSE_BEGUN,
    FLAG_REUSED,
    NO_ATTEMPT,
)
from hitless.clock import now_ns
from hitless.errors import LoadError
from hitless.load.classify import FIN, Phase, classify_answer, classify_loss, is_cut_off, is_repeatable
from hitless.load.engine import READ_INTEREST
from hitless.load.h2_lanes import H2Setup, Lane, Link
from hitless.load.http1 import Violation
from hitless.load.http2 import REFUSED_STREAM, StreamEvent, What
from hitless.load.schedule import Pace, next_start_ns
from hitless.load.tls import TlsConnection
from hitless.records import Outcome

__all__ = ["H2Client"]


class H2Client:
    """The lanes of one connection, and the connections that still carry some of their streams."""

    def __init__(self, setup: H2Setup, paces: list[Pace]) -> None:
        self.setup = setup.common
        self.engine = setup.common.engine
        self.has_begun = False
        self._block = setup.block
        self._lanes = [Lane(self.setup, pace, self._begin) for pace in paces]
        self._link: Link | None = None

    # The engine's side.

    @property
    def is_busy(self) -> bool:
        """Whether any lane waits for an answer."""
        return any(lane.is_active for lane in self._lanes)

    def begin_at_pace(self) -> None:
        """Ask for each lane's first attempt."""
        for lane in self._lanes:
            self.engine.call_at(lane.next_ns, lane.begin)

    def check_deadline(self, now: int) -> None:
        """End the attempts that have had no answer for too long, and leave the connection that kept them waiting."""
        for lane in self._lanes:
            link = lane.link
            if lane.is_active and link is not None and now - lane.start_ns > self.setup.timeout_ns:
                if self._link is link:
                    self._link = None
                if lane.stream_id:
                    link.protocol.to_send += link.protocol.cancel(lane.stream_id)
                self._lose(lane, link, ETIMEDOUT, now)
                self._leave_if_idle(link)

    def stop(self, now: int) -> None:
        """Start nothing more; a resting connection is closed."""
        del now
        if self._link is not None and self._link.is_idle:
            self._close(self._link)

    def abandon(self, now: int) -> None:
        """End what is in flight; ok if it went as it should so far."""
        for lane in self._lanes:
            if lane.is_active and lane.link is not None:
                late = now - lane.start_ns > self.setup.slow_ns
                lane.flags |= FLAG_IN_PROGRESS
                outcome = Outcome.SLOW if late else Outcome.OK
                lane.record(outcome, 0, now, lane.link.connection, lane.request_number)
                self._close(lane.link)

    def drop(self) -> None:
        """Let go of the connections."""
        for link in {self._link, *(lane.link for lane in self._lanes)} - {None}:
            assert link is not None
            self._close(link)

    # The life of an attempt.

    def _begin(self, lane: Lane, now: int) -> None:
        if not self.engine.stopping:
            self._start(lane, lane.next_ns, now)

    def _start(self, lane: Lane, intended_ns: int, now: int, retry_of: int = NO_ATTEMPT) -> None:
        lane.begin_row(intended_ns, now, self.setup.flags, retry_of)
        lane.stream_id = 0
        link = self._link
        if link is not None and link.is_idle and (lane.pace.interval_ns or lane.pace.rest_ns):
            self._on_readable(link)  # the look before the send; a GOAWAY in it is obeyed
            link = self._link
        is_new = link is None
        if link is None:
            link = self._link = Link(self.setup)
        elif link.connection.phase is Phase.WAITING:
            lane.flags |= FLAG_REUSED | (FLAG_FIN_SEEN if link.connection.fin_seen else 0)
        lane.link = link
        link.waiting.append(lane)
        if is_new:
            self._connect(link)
        else:
            self._speak(link)
        if link.connection.fin_seen and lane.is_active and lane.link is link:
            self._on_readable(link)  # sent although the server had closed: see what becomes of it

    def _connect(self, link: Link) -> None:
        try:
            error = link.connection.open(self.setup.endpoint, now_ns())
        except OSError as failure:
            raise LoadError(f"cannot make a connection: {failure.strerror}") from failure
        if error == EADDRNOTAVAIL:
            raise LoadError(f"no local port left for connections to {self.setup.stream.target.endpoint}")
        if error:
            self._end_link(link, error)
        else:
            self._speak(link)

    def _speak(self, link: Link) -> None:
        """Send what waits: our own frames, then a request for each lane that has room."""
        connection, protocol = link.connection, link.protocol
        try:
            if protocol.to_send or connection.phase is not Phase.WAITING:
                connection.send(protocol.to_send)
                protocol.to_send = b""
                if isinstance(connection, TlsConnection) and connection.alpn != "h2":
                    self._end_link(link, EPROTO)
                    return
            while link.waiting and len(link.streams) < protocol.max_streams:
                self._open_stream(link, link.waiting.popleft())
        except BlockingIOError:
            handshake = connection.phase is Phase.HANDSHAKE and not connection.unsent
            interest = READ_INTEREST if handshake else select.EPOLLOUT
            self.engine.watch(connection, interest, lambda _mask: self._speak(link))
            return
        except OSError as error:
            self._end_while_sending(link, connection.errno or error.errno or FIN)
            return
        self.has_begun = True
        self._watch(link)

    def _open_stream(self, link: Link, lane: Lane) -> None:
        lane.stream_id, frame = link.protocol.request(self._block)
        link.streams[lane.stream_id] = lane
        link.connection.requests += 1
        lane.request_number = link.connection.requests
        link.connection.send(frame)

    def _watch(self, link: Link) -> None:
        interest = READ_INTEREST | (select.EPOLLOUT if link.connection.unsent else 0)
        self.engine.watch(link.connection, interest, lambda mask: self._on_event(link, mask))

    def _on_event(self, link: Link, mask: int) -> None:
        if mask & select.EPOLLOUT:
            self._speak(link)
        if mask & ~select.EPOLLOUT and link.connection.fd >= 0:
            self._on_readable(link)

    def _on_readable(self, link: Link) -> None:
        connection = link.connection
        try:
            data = connection.recv()
            if data:
                now = now_ns()
                for event in link.protocol.receive(data):
                    self._on_stream_event(link, event, now)
            else:
                self._on_end(link, FIN)
        except BlockingIOError:
            return
        except Violation:
            self._end_link(link, EPROTO)
        except OSError as error:
            self._on_end(link, error.errno or FIN)
        if link.protocol.to_send and connection.fd >= 0 and not connection.fin_seen:
            self._speak(link)

    def _on_stream_event(self, link: Link, event: StreamEvent, now: int) -> None:
        if event.what is What.GOAWAY:
            self._on_goaway(link, now)
            return
        lane = link.streams.get(event.stream_id)
        if lane is None:
            return  # cancelled, or answered before
        if event.what is What.HEADERS:
            lane.note_bytes(0, now)
            lane.status = event.number
        elif event.what is What.DATA:
            lane.note_bytes(event.number, now)
        elif event.what is What.END:
            outcome = classify_answer(lane.status, now - lane.start_ns, self.setup.slow_ns)
            self._finish(lane, link, outcome if lane.status else Outcome.PROTOCOL_ERROR, now)
            self._leave_if_idle(link)
        else:
            begun = lane.flags & FLAG_RESPONSE_BEGUN
            lane.flags |= FLAG_NOT_PROCESSED if event.number == REFUSED_STREAM else 0
            self._finish(lane, link, Outcome.TRUNCATED if begun else Outcome.RESET_BEFORE_RESPONSE, now)
            self._leave_if_idle(link)

    def _on_goaway(self, link: Link, now: int) -> None:
        if self._link is link:
            self._link = None
        for stream_id, lane in list(link.streams.items()):
            if stream_id > link.protocol.goaway_last:
                lane.flags |= FLAG_NOT_PROCESSED
                self._finish(lane, link, Outcome.GOAWAY_LOST, now)
        for lane in list(
            link.waiting
        ):  # nothing of theirs was sent: they go elsewhere, as if they had never come here
            link.waiting.remove(lane)
            self._start(lane, lane.intended_ns, now, retry_of=lane.retry_of)
        self._leave_if_idle(link)

    def _on_end(self, link: Link, errno: int) -> None:
        """The server has closed: the end of all that is open; for a resting connection something to note."""
        if link.is_idle and self._link is link:
            link.connection.fin_seen = True
            link.connection.errno = link.connection.errno or errno
            self.engine.watch(link.connection, 0, lambda _mask: None)
        else:
            self._end_link(link, errno)

    # The end of attempts and connections.

    def _end_while_sending(self, link: Link, errno: int) -> None:
        """Take what the server said before it closed (answers, a GOAWAY), then end what is left."""
        connection = link.connection
        if self._link is link:
            self._link = None
        try:
            with suppress(OSError):  # nothing more came: why the connection is lost, the sending has said
                while (
                    connection.phase is Phase.WAITING and connection.fd >= 0 and (data := connection.recv())
                ):
                    now = now_ns()
                    for event in link.protocol.receive(data):
                        self._on_stream_event(link, event, now)
        except Violation:
            errno = EPROTO
        if connection.fd >= 0:
            self._end_link(link, errno)

    def _end_link(self, link: Link, errno: int) -> None:
        now = now_ns()
        if self._link is link:
            self._link = None
        for lane in [*link.streams.values(), *link.waiting]:
            if lane.stream_id > link.protocol.goaway_last:
                lane.flags |= FLAG_NOT_PROCESSED
            self._lose(lane, link, errno, now)
        self._close(link)

    def _lose(self, lane: Lane, link: Link, errno: int, now: int) -> None:
        phase = link.connection.phase
        if phase is Phase.WAITING and lane.flags & FLAG_RESPONSE_BEGUN:
            phase = Phase.READING
        outcome = classify_loss(phase, errno, reused=bool(lane.flags & FLAG_REUSED), long_lived=False)
        self._finish(lane, link, outcome, now, errno=errno)

    def _finish(self, lane: Lane, link: Link, outcome: Outcome, now: int, *, errno: int = 0) -> None:
        row = lane.record(outcome, errno, now, link.connection, lane.request_number)
        self.has_begun = True
        lane.attempts += lane.retry_of == NO_ATTEMPT
        link.streams.pop(lane.stream_id, None)
        if lane in link.waiting:
            link.waiting.remove(lane)
        if self.engine.stopping:
            return
        if outcome is not Outcome.OK and is_repeatable(outcome, lane.flags):
            if self._link is link:
                self._link = None
            self._start(lane, now, now, retry_of=row)
            return
        cut_off = is_cut_off(outcome, lane.flags, long_lived=False)
        lane.next_ns, start_ns = next_start_ns(lane.pace, lane.attempts, now, cut_off=cut_off)
        if start_ns <= now and not lane.pace.interval_ns:
            self._start(lane, now, now)
        else:
            self.engine.call_at(start_ns, lane.begin)

    def _leave_if_idle(self, link: Link) -> None:
        if link.is_idle and (self._link is not link or self.engine.stopping):
            self._close(link)

    def _close(self, link: Link) -> None:
        if self._link is link:
            self._link = None
        if link.connection.fd >= 0:
            self.engine.close(link.connection)
