import msgspec
import pytest

from hitless.sandbox.world.records import Endpoint, Step
from hitless.sandbox.world.servers.opening import Opening
from hitless.sandbox.world.servers.serving import Serving
from tests.sandbox.world.fakes import ENDPOINT, GREETING, FakeSink

BANNER = (Step(say=b"220 hi\r\n"), Step(hear=b"QUIT\r\n", say=b"221 bye\r\n", hang_up=True))
PING = (Step(hear=b"PING\r\n", say=b"+PONG\r\n"),)
V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12)


def connect(endpoint: Endpoint = ENDPOINT) -> FakeSink:
    sink = FakeSink()
    sink.layer = Opening(sink, Serving(endpoint, None))
    return sink


def with_scripts(*scripts: tuple[Step, ...]) -> Endpoint:
    return msgspec.structs.replace(ENDPOINT, scripts=scripts)


@pytest.mark.parametrize(
    "header", [b"", V2, b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n", V2 + b"PROXY UNKNOWN\r\n"]
)
def test_http_behind_any_proxy_header_byte_by_byte(header: bytes) -> None:
    sink = connect()
    for byte in header + b"GET / HTTP/1.1\r\n\r\n":
        sink.layer.feed(bytes((byte,)))
    assert sink.sent.endswith(GREETING)


def test_plain_bytes_come_back() -> None:
    sink = connect()
    sink.layer.feed(V2 + b"line 1\n")
    sink.layer.feed(b"GET / HTTP/1.1\r\n\r\n")
    assert sink.sent == b"line 1\nGET / HTTP/1.1\r\n\r\n"


def test_undecided_bytes_come_back_after_a_moment_or_at_the_end() -> None:
    sink = connect()
    sink.layer.feed(b"PING")
    assert sink.sent == b""
    sink.fake_loop.advance(0.2)
    assert sink.sent == b"PING"
    other = connect()
    other.layer.feed(b"PING")
    other.layer.end()
    assert (other.sent, other.closed) == (b"PING", True)


def test_a_greeting_waits_for_a_silent_client() -> None:
    sink = connect(with_scripts(BANNER))
    sink.fake_loop.advance(0.2)
    assert sink.sent == b""
    sink.fake_loop.advance(0.1)
    assert sink.take() == b"220 hi\r\n"
    sink.layer.feed(b"QUIT\r\n")
    assert (sink.sent, sink.closed) == (b"221 bye\r\n", True)


def test_a_greeting_comes_behind_a_proxy_header() -> None:
    sink = connect(with_scripts(BANNER))
    sink.layer.feed(V2)
    sink.fake_loop.advance(0.3)
    assert sink.sent == b"220 hi\r\n"


def test_a_client_that_speaks_first_is_not_greeted() -> None:
    sink = connect(with_scripts(BANNER))
    sink.layer.feed(b"ping\n")
    sink.fake_loop.advance(1)
    assert sink.sent == b"ping\n"


def test_a_check_has_its_script_and_everybody_else_http() -> None:
    sink = connect(with_scripts(PING))
    sink.layer.feed(b"PING\r\n")
    assert sink.take() == b"+PONG\r\n"
    sink.layer.feed(b"GET / HTTP/1.1\r\n\r\n")
    assert sink.sent.endswith(GREETING)


def test_a_proxy_header_without_end_is_plain_bytes() -> None:
    sink = connect()
    sink.layer.feed(b"PROXY " + b"x" * 200)
    assert sink.sent == b"PROXY " + b"x" * 200


def test_tls_without_a_certificate_is_plain_bytes() -> None:
    sink = connect()
    sink.layer.feed(b"\x16\x03\x01")
    assert sink.sent == b"\x16\x03\x01"


def test_http2_by_prior_knowledge() -> None:
    sink = connect()
    sink.layer.feed(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert sink.sent[3:4] == b"\x04"  # a SETTINGS frame
