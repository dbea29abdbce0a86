"""Hand listening sockets to one client that asks for them as HAProxy does."""

import array
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from hitless.control.errors import CouldNotAsk
from hitless.control.fd_passing import Message, SocketsServer

__all__ = ["ServedClient"]

_READ_BYTES = 64


@dataclass(slots=True)
class ServedClient:
    """The conversation with one client over a connection that does not block."""

    connection: socket.socket
    server: SocketsServer = field(repr=False)
    descriptors: Sequence[int] = field(repr=False)
    """As the server's records."""

    @property
    def complete(self) -> bool:
        """It has all of them, and has said so."""
        return self.server.complete

    def hear(self) -> None:
        """Take what it says, and answer.

        Raises: BlockingIOError if it says nothing; CouldNotAsk, NotUnderstood, OSError: nothing more will come of it.
        """
        data = self.connection.recv(_READ_BYTES)
        if not data:
            raise CouldNotAsk("it went away before it had them all")
        self.feed(data)

    def feed(self, data: bytes) -> None:
        """Answer what it has said.

        Raises: CouldNotAsk, NotUnderstood, OSError.
        """
        for message in self.server.feed(data):
            self._send(message)

    def _send(self, message: Message) -> None:
        descriptors = array.array("i", [self.descriptors[index] for index in message.sockets])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)] if descriptors else []
        if self.connection.sendmsg([message.data], ancillary) != len(message.data):
            raise CouldNotAsk("it does not read")
