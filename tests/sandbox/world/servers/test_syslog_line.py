import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.servers.syslog_line import LineCutter, pid_of, text_of


@pytest.mark.parametrize(
    ("line", "pid"),
    [
        (b"<134>Nov 22 19:00:00 haproxy[4242]: 127.0.0.1:1 [22/Nov] fe be/s", 4242),
        (b"<134>Nov 22 19:00:00 lb1 haproxy[4242]: message", 4242),
        (b"<134>1 2026-11-22T19:00:00.000000+00:00 lb1 haproxy 4242 - - message", 4242),
        (b'<134>1 2026-11-22T19:00:00+00:00 - haproxy 4242 - [x@1 a="b[1]:"] m', 4242),
        (b"<134>my-tag[17]: iso", 17),
        (b"<6>Connect from 10.0.0.1:5 to 10.0.0.2:80 (fe/HTTP)", 0),
        (b"a raw line", 0),
        (b"<134>" + b"x" * 300 + b" late[1]:", 0),
        (b"", 0),
    ],
)
def test_who_wrote_it(line: bytes, pid: int) -> None:
    assert pid_of(line) == pid


def test_text_is_bounded_and_keeps_odd_bytes_readable() -> None:
    assert text_of(b"a\xff\xc3\xbc\n\0") == "a\\xff\u00fc"
    assert len(text_of(b"x" * 9000)) == 4096


def test_a_stream_by_line_feeds_and_by_counts() -> None:
    cutter = LineCutter()
    assert cutter.feed(b"<13>one\n<13>tw") == [b"<13>one"]
    assert cutter.feed(b"o\n8 <13>fo") == [b"<13>two"]
    assert cutter.feed(b"ur7 <13>\nxy\n") == [b"<13>four", b"<13>\nxy"]


def test_a_line_without_end_is_cut() -> None:
    assert LineCutter().feed(b"x" * 70_000) == [b"x" * 70_000]


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_any_stream_is_survived(pieces: list[bytes]) -> None:
    cutter = LineCutter()
    assert all(line for piece in pieces for line in cutter.feed(piece))
