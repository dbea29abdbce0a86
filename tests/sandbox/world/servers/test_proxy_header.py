import pytest

from hitless.sandbox.world.servers.proxy_header import after_proxy_header_v1, after_proxy_header_v2

V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12)


def test_the_text_form() -> None:
    assert after_proxy_header_v1(b"PROXY UNKNOWN\r\nrest") == b"rest"
    assert after_proxy_header_v1(b"PROXY TCP4 1.2") is None
    with pytest.raises(ValueError, match="without an end"):
        after_proxy_header_v1(b"PROXY " + b"x" * 200)


@pytest.mark.parametrize("cut", range(len(V2)))
def test_the_binary_form(cut: int) -> None:
    assert after_proxy_header_v2(V2[:cut]) is None
    assert after_proxy_header_v2(V2 + b"rest") == b"rest"
