import pytest

from hitless.explain.captures.speech import Answer, closes_websocket, is_farewell, is_tls, read_answer

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (OK + b"Content-Length: 12\r\n\r\n", Answer(200, 39 + 12)),
        (OK + b"x: y\r\ncontent-length:3 \r\nb: c\r\n\r\nbody", Answer(200, 50 + 3)),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", Answer(200, is_chunked=True)),
        (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", Answer(200, is_chunked=True)),
        (OK + b"\r\n", Answer(200)),
        (OK + b"Content-Length: 12\r\n", Answer(200)),
        (b"HTTP/1.0 304 Not Modified\r\nContent-Length: 99\r\n\r\n", Answer(304, 49)),
        (b"HTTP/1.1 204 \r\n\r\n", Answer(204, 17)),
        (b"HTTP/1.1 100 Continue\r\n\r\n", Answer(100)),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", Answer(101)),
    ],
)
def test_an_answer_says_how_long_it_is(head: bytes, answer: Answer) -> None:
    assert read_answer(head, is_to_head=False) == answer


def test_an_answer_to_head_has_no_body() -> None:
    assert read_answer(OK + b"Content-Length: 12\r\n\r\n", is_to_head=True) == Answer(200, 39)


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1", b"HTTP/2 200 OK\r\n", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 2000 OK"]
)
def test_what_is_no_answer_is_none(head: bytes) -> None:
    assert read_answer(head, is_to_head=False) is None


def test_interim_answers_and_tunnels() -> None:
    assert Answer(100).is_interim
    assert not Answer(101).is_interim
    assert Answer(101).opens_tunnel


@pytest.mark.parametrize("head", [b"\x16\x03\x01\x02", b"\x17\x03\x03", b"\x15\x03\x03"])
def test_records_of_tls(head: bytes) -> None:
    assert is_tls(head)


@pytest.mark.parametrize("head", [b"", b"\x16\x03", b"GET", b"\x18\x03\x03", b"\x16\x04\x01"])
def test_no_records_of_tls(head: bytes) -> None:
    assert not is_tls(head)


@pytest.mark.parametrize(
    ("head", "size", "after_fin", "expected"),
    [
        (b"\x15\x03\x03\x00\x1a", 31, False, True),
        (b"\x17\x03\x03\x00\x13", 24, False, True),
        (b"\x17\x03\x03\x00\x22", 39, True, True),
        (b"\x17\x03\x03\x00\x22", 39, False, False),
        (b"\x17\x03\x03\x00\x80", 133, True, False),
        (b"", 133, True, False),
    ],
)
def test_farewells_are_no_requests(head: bytes, size: int, *, after_fin: bool, expected: bool) -> None:
    assert is_farewell(head, size, after_fin=after_fin) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x88\x02\x03\xe8", True),
        (b"\x88\x82mask\x01\x02", True),
        (b"\x81\x05hello\x88\x02\x03\xe8", True),
        (b"\x81\x85maskhello\x88\x82mask\x01\x02", True),
        (b"\x81\x05hello", False),
        (b"", False),
    ],
)
def test_closes_of_a_websocket(data: bytes, *, expected: bool) -> None:
    assert closes_websocket(data[:1], data[-8:]) is expected
