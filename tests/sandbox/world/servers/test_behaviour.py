import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.servers.behaviour import DEFAULT, Behaviour, parse_behaviour


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", DEFAULT),
        (b"delay-ms=1500", Behaviour(delay_ms=1500)),
        (b"stream-ms=8000; chunk-ms=50;size=10", Behaviour(stream_ms=8000, chunk_ms=50, chunk_size_bytes=10)),
        (b"size-bytes=5; status=503", Behaviour(body_size_bytes=5, status=503)),
        (b"status=100; chunk-ms=0; delay-ms=99999999", Behaviour(status=200, chunk_ms=1, delay_ms=600_000)),
        (b"delay-ms=-1; nonsense; status=abc; delay-ms", DEFAULT),
        (b"delay-ms=999999999999999999", DEFAULT),
    ],
)
def test_parse(value: bytes, expected: Behaviour) -> None:
    assert parse_behaviour(value) == expected


@given(st.binary())
def test_any_header_is_a_behaviour(value: bytes) -> None:
    assert parse_behaviour(value).chunk_ms >= 1
