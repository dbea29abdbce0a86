"""A connection through TLS, over the same non-blocking socket: what the kernel says is seen, not wrapped.

The record layer runs on memory buffers (ssl.MemoryBIO), so that a RST keeps its errno, a FIN without close_notify is
seen as what it is, and looking before a send can tell a session ticket from a goodbye.
"""

import ssl
from errno import EPROTO

from hitless.errors import LoadError
from hitless.load.classify import FIN, Phase
from hitless.load.connection import Connection, Endpoint, server_name_of
from hitless.records import Stream, Workload

__all__ = ["TlsConnection", "client_context"]

RAW_BYTES = 64 * 1024
MAX_RECORD_BYTES = 16 * 1024


def client_context(stream: Stream) -> ssl.SSLContext | None:
    """Return how a stream speaks TLS, None when it does not.

    The server's certificate is not verified: a stand-in is self-signed, and the question is whether the connection
    survives, not whom it reached.

    Raises: LoadError if the client certificate cannot be used.
    """
    target = stream.target
    if not (target.tls or stream.tls_payload):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    speaks_h2 = stream.workload is Workload.H2
    protocols = [name for name in target.alpn if (name == "h2") is speaks_h2]
    if protocols:
        context.set_alpn_protocols(protocols)
    if target.client_certificate:
        try:
            context.load_cert_chain(target.client_certificate)
        except OSError as error:
            raise LoadError(f"{target.where}: cannot use the client certificate: {error}") from error
    try:
        context.wrap_bio(
            ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=server_name_of(stream.request.host)
        )
    except ValueError as error:
        raise LoadError(f"{target.where}: no server name for TLS: {stream.request.host!r}") from error
    return context


class TlsConnection(Connection):
    """A connection whose bytes are TLS records. Same behaviour as `Connection` towards its client."""

    __slots__ = ("_ended", "_from_server", "_tls", "_to_server")

    def __init__(self, number: int, family: int, endpoint: Endpoint) -> None:
        super().__init__(number, family)
        assert endpoint.tls is not None
        self._from_server = ssl.MemoryBIO()
        self._to_server = ssl.MemoryBIO()
        self._tls = endpoint.tls.wrap_bio(
            self._from_server, self._to_server, server_hostname=endpoint.server_name
        )
        self._ended = False

    @property
    def alpn(self) -> str | None:
        """The protocol that the server chose."""
        return self._tls.selected_alpn_protocol()

    def established(self) -> None:
        """Note that TCP is up; TLS follows."""
        super().established()
        self.phase = Phase.HANDSHAKE

    def send(self, data: bytes) -> None:
        """Encrypt and send; goes on with the handshake first and raises BlockingIOError while that waits."""
        if self.phase in {Phase.CONNECTING, Phase.HANDSHAKE}:
            self._shake_hands()
        if data:
            try:
                self._tls.write(data)
            except ssl.SSLError as error:
                raise OSError(EPROTO, str(error)) from error
        self._push()

    def flush(self) -> None:
        """Send the records that wait."""
        self._push()

    def recv(self) -> bytes:
        """Return the plain bytes of all records that have come."""
        if self._ended:
            return b""
        pieces = []
        try:
            while True:
                piece = self._read()
                if not piece:
                    self._ended = True
                    break
                pieces.append(piece)
        except BlockingIOError:
            if not pieces:
                raise
        return b"".join(pieces)

    def _read(self) -> bytes:
        while True:
            try:
                return self._tls.read(MAX_RECORD_BYTES)
            except ssl.SSLWantReadError:
                self._pull()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise OSError(EPROTO, str(error)) from error

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._push()
                self._pull()
            except ssl.SSLEOFError as error:
                raise OSError(FIN, "closed during the TLS handshake") from error
            except ssl.SSLError as error:
                raise OSError(EPROTO, str(error)) from error
            else:
                self.phase = Phase.WAITING
                return

    def _pull(self) -> None:
        data = self.socket.recv(RAW_BYTES)
        if data:
            self._from_server.write(data)
        else:
            self._from_server.write_eof()

    def _push(self) -> None:
        self.unsent += self._to_server.read()
        if not self.unsent:
            return
        try:
            sent = self.socket.send(self.unsent)
        except BlockingIOError:
            if self.phase is Phase.CONNECTING:
                raise
            return
        self.unsent = self.unsent[sent:]
        if self.phase is Phase.CONNECTING:
            self.established()
