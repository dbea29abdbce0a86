"""A client of a TCP service that echoes: sends a line and expects the same bytes back."""

from hitless.load.classify import classify_answer
from hitless.load.connection import Connection
from hitless.load.schedule import Pace
from hitless.load.session import SessionClient
from hitless.load.setup import StreamSetup
from hitless.records import Outcome

__all__ = ["EchoClient"]


class EchoClient(SessionClient):
    """One line at a time, on a session that is kept or a new connection for each."""

    __slots__ = ("_echo", "_keep_connection", "_line")

    def __init__(self, setup: StreamSetup, pace: Pace, *, keep_connection: bool) -> None:
        super().__init__(setup, pace)
        self._keep_connection = keep_connection
        self._line = f"hitless stream {setup.number}\n".encode()
        self._echo = b""

    def transmit(self, connection: Connection) -> None:
        """Send the line."""
        self._echo = b""
        connection.send(self._line)

    def receive(self, data: bytes, now: int) -> None:
        """Compare what comes with what was sent."""
        self._echo += data
        if not self._line.startswith(self._echo):
            self.finish(Outcome.PROTOCOL_ERROR, now)
        elif self._echo == self._line:
            outcome = classify_answer(0, now - self.start_ns, self.setup.slow_ns)
            self.finish(outcome, now, keep=self._keep_connection)
