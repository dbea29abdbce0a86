import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.servers.sniff import MOST_SNIFFED_BYTES, Spoken, sniff


@pytest.mark.parametrize(
    ("data", "spoken"),
    [
        (b"\x16\x03\x01", Spoken.TLS),
        (b"PROXY TCP4", Spoken.PROXY_HEADER_V1),
        (b"\r\n\r\n\0\r\nQUIT\n", Spoken.PROXY_HEADER_V2),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0", Spoken.HTTP2),
        (b"GET / HTTP/1.1\r\nHost", Spoken.HTTP1),
        (b"OPTIONS * HTTP/1.0\n", Spoken.HTTP1),
        (b"hello\n", Spoken.OTHER),
        (b"HELLO\n", Spoken.OTHER),
        (b"GET / SPDY/3\r\n", Spoken.OTHER),
        (b"\0", Spoken.OTHER),
        (b"G" * MOST_SNIFFED_BYTES, Spoken.OTHER),
        (b"P", None),
        (b"PRI * HT", None),
        (b"\r\n\r\n", None),
        (b"GET", None),
        (b"GET /abc", None),
        (b"GET /abc HTTP/1.1\r", None),
    ],
)
def test_what_is_spoken(data: bytes, spoken: Spoken | None) -> None:
    assert sniff(data) is spoken


@given(st.binary(min_size=1))
def test_every_start_is_something(data: bytes) -> None:
    assert sniff(data) in {None, *Spoken}
