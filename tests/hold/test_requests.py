import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import UsageError
from hitless.hold.requests import Request, encode, parse_request


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b'{"op":"status"}', Request("status", {})),
        (b'{"op":"add","instance":{"name":"x"}}', Request("add", {"instance": {"name": "x"}})),
        (b'{"op":"drop","name":"x"}', Request("drop", {"name": "x"})),
        (b'{"op":"take","name":"x","from":"/y"}', Request("take", {"name": "x", "from": "/y"})),
        (b'{"op":"upgrade"}', Request("upgrade", {})),
    ],
)
def test_requests(line: bytes, request_: Request) -> None:
    assert parse_request(line) == request_


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"op":"close"}',
        b'{"op":["status"]}',
        b'{"op":"status","x":1}',
        b'{"op":"drop"}',
        b'{"op":"drop","name":1}',
        b'{"op":"add","instance":[]}',
        b"\xff\xfe",
        b"[" * 50_000,
    ],
)
def test_what_is_none(line: bytes) -> None:
    with pytest.raises(UsageError):
        parse_request(line)


@given(st.binary(max_size=300))
def test_any_bytes(line: bytes) -> None:
    with suppress(UsageError):
        assert parse_request(line).op


def test_an_answer_is_one_line() -> None:
    data = encode({"ok": False, "error": "a\nb\x1b"})
    assert data.count(b"\n") == 1
    assert json.loads(data)["error"] == "a\nb\x1b"
