from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.reload.receipt_line import LINE_LIMIT_BYTES, decode_line, encode_line, moment
from hitless.reloads import ListenerChange, ListenerFate, PreflightCheck, Receipt
from tests.reload.made_receipts import CHECKS, START, make_full, make_receipt

times = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001 - UTC below
    lambda t: f"{t:%Y-%m-%dT%H:%M:%SZ}"
)
hostile = st.text(st.characters(), max_size=40) | st.binary(max_size=20).map(
    lambda data: data.decode("utf-8", "surrogateescape")
)


def test_a_receipt_comes_back_as_it_was() -> None:
    line = encode_line(make_full())
    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    assert decode_line(line[:-1]) == make_full()


def test_the_format_is_always_written() -> None:
    assert b'"format":1' in encode_line(make_receipt())


@given(hostile, hostile, times)
def test_any_text_makes_one_line_that_says_the_same(reason: str, instance: str, started_at: str) -> None:
    receipt = make_full(reason=reason, instance=instance, started_at=started_at)
    line = encode_line(receipt)
    assert line.count(b"\n") == 1
    again = decode_line(line[:-1])
    assert encode_line(again) == line
    assert again.requester == receipt.requester
    if reason.isascii():
        assert again.reason == reason


def big(*, listeners: int = 0, message: str = "", messages: int = 0) -> Receipt:
    return make_full(
        listeners=tuple(
            ListenerChange(
                endpoint=f"10.0.0.1:{n}", fate=ListenerFate.NEW, where="/etc/haproxy/haproxy.cfg:1"
            )
            for n in range(listeners)
        ),
        messages=(message,) * messages,
    )


@pytest.mark.parametrize(
    ("receipt", "said"),
    [
        (big(listeners=20_000), "19000 of listeners"),
        (big(message="x" * 2_000_000, messages=1), "1983617 characters of messages"),
        (big(message="\x01" * 9_000, messages=900), "of messages"),
        (big(listeners=30_000, message="\x01" * 100_000, messages=1000), "of listeners"),
        (
            make_full(checks=tuple(msgspec.structs.replace(CHECKS[1], name="n" * 99_999) for _ in range(99))),
            "checks",
        ),
    ],
)
def test_what_is_too_big_is_cut_and_says_so(receipt: Receipt, said: str) -> None:
    line = encode_line(receipt)
    assert len(line) <= LINE_LIMIT_BYTES
    again = decode_line(line[:-1])
    assert (again.id, again.outcome, again.started_at) == (receipt.id, receipt.outcome, receipt.started_at)
    assert said in again.notes[-1]
    assert all(isinstance(check, PreflightCheck) for check in again.checks)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "no receipt"),
        (b"\xff\xfe", "no receipt"),
        (b"{}", "no receipt"),
        (b"[" * 100_000, "no receipt"),
        (b'{"format":2,"all":"new"}', "of format 2"),
        (encode_line(make_receipt()).replace(b'"format":1', b'"format":2'), "of format 2"),
        (encode_line(make_receipt())[:-20], "no receipt"),
        (encode_line(make_receipt()).replace(b"2026-11-29T03", b"yesterday"), "yesterday"),
        (b" " * (LINE_LIMIT_BYTES + 1), "longer"),
    ],
)
def test_what_is_no_receipt_says_why(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode_line(line)


def test_fields_of_a_later_version_do_no_harm() -> None:
    line = encode_line(make_receipt())[:-2] + b',"new_field":{"a":[1]}}'
    assert decode_line(line) == make_receipt()


def test_times_are_utc() -> None:
    assert moment("2026-11-29T04:00:12+01:00") == moment("2026-11-29T03:00:12") == START
    assert moment("2026-11-29T04:00:12+01:00").tzinfo is UTC
