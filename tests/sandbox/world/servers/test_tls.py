import ssl
from pathlib import Path

import pytest

from hitless.sandbox.certificates import make_authority
from hitless.sandbox.world.servers.opening import Opening
from hitless.sandbox.world.servers.serving import Serving
from hitless.sandbox.world.servers.tls import server_context
from tests.sandbox.world.fakes import ENDPOINT, GREETING, FakeSink


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    path: Path = tmp_path_factory.mktemp("tls") / "c.pem"
    path.write_bytes(make_authority().issue_pem(("x",)))
    return server_context(str(path))


class Client:
    """A TLS client on a fake connection."""

    def __init__(self, context: ssl.SSLContext, alpn: list[str]) -> None:
        self.sink = FakeSink()
        self.sink.layer = Opening(self.sink, Serving(ENDPOINT, context))
        trusting = ssl._create_unverified_context()
        trusting.set_alpn_protocols(alpn)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting.wrap_bio(self._incoming, self._outgoing, server_hostname="any.example")
        while self._step():
            pass

    def _step(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self._carry()
            return True
        self._carry()
        return False

    def _carry(self) -> None:
        data = self._outgoing.read()
        for position in range(0, len(data), 100):
            self.sink.layer.feed(data[position : position + 100])
        self._incoming.write(self.sink.take())

    def ask(self, data: bytes) -> bytes:
        self.tls.write(data)
        self._carry()
        return self.tls.read(100_000)


def test_http_and_echo_inside_tls(context: ssl.SSLContext) -> None:
    client = Client(context, ["http/1.1"])
    assert client.tls.selected_alpn_protocol() == "http/1.1"
    assert client.ask(b"GET / HTTP/1.1\r\n\r\n").endswith(GREETING)
    assert Client(context, []).ask(b"ping 1\n") == b"ping 1\n"


def test_http2_is_preferred(context: ssl.SSLContext) -> None:
    client = Client(context, ["http/1.1", "h2"])
    assert client.tls.selected_alpn_protocol() == "h2"
    assert client.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")[3] == 4


def test_the_end_is_announced(context: ssl.SSLContext) -> None:
    client = Client(context, [])
    head = client.ask(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert head.endswith(b"\r\n\r\n")
    assert client.tls.read(1000) == GREETING
    assert client.sink.closed
    # b"" is close_notify; without it there would be SSLWantReadError.
    assert client.tls.read(1) == b""


def test_no_tls_is_answered_by_an_alert(context: ssl.SSLContext) -> None:
    sink = FakeSink()
    sink.layer = Opening(sink, Serving(ENDPOINT, context))
    sink.layer.feed(b"\x16\x03\x00\x00\x05nonsense")
    assert sink.sent[:1] == b"\x15"
    assert sink.closed


def test_a_certificate_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        server_context(str(tmp_path / "none.pem"))
