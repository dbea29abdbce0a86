"""A client whose connection is a session: its loss counts, also between two exchanges."""

from hitless.attempts import FLAG_REUSED
from hitless.load.classify import FIN
from hitless.load.client import Client
from hitless.load.connection import Connection
from hitless.records import Outcome

__all__ = ["SessionClient"]


class SessionClient(Client):
    """Acts upon the end of its session at once, where a pool would only find out at the next use."""

    __slots__ = ()

    def rest_event(self, connection: Connection, now: int) -> None:
        """Look whether the session has ended."""
        connection.look()
        if connection.fin_seen:
            self.cut(connection, connection.errno or FIN, now)

    def cut(self, connection: Connection, errno: int, now: int) -> None:
        """A session that ends between two exchanges is a cut stream, an attempt that starts and ends now."""
        connection.requests += 1
        self.begin_row(now, now, self.setup.flags | FLAG_REUSED)
        self.finish(Outcome.STREAM_CUT, now, errno=errno)

    def look(self, connection: Connection) -> None:
        """Nothing to see: what happened to the session was acted upon when it happened."""
