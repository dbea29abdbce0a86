import errno
import os
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import UsageError
from hitless.explain.application_log import (
    KNOWN_PATTERNS,
    ApplicationLine,
    ApplicationReader,
    Patterns,
    find_ids,
)
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.sources.blocks import Block, SkipCount, cut_blocks
from hitless.logged import Clock

TRACEBACK = b"""\
2026-11-22 14:32:01,100 INFO shop: fine
2026-11-22 14:32:02,250 ERROR shop: order failed, request_id=7F000001:D2F0_7F000001:1F90_6741:0A_0042:3E2
Traceback (most recent call last):
  File "client.py", line 12, in send
ConnectionResetError: [Errno 104] Connection reset by peer

During handling of the above exception, another exception occurred:

requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))
2026-11-22 14:32:03,000 INFO shop: fine
"""
SECOND = 10**9
BASE_NS = 1_795_357_920 * SECOND


def read(*pieces: bytes, more: tuple[str, ...] = ()) -> list[ApplicationLine]:
    reader = ApplicationReader(Patterns(more), WallClock(UTC))
    blocks = cut_blocks(pieces, SkipCount(0))
    return [line for block in blocks for line in reader.take(block)]


def test_a_traceback_counts_once_with_the_time_before_it() -> None:
    (line,) = read(TRACEBACK)
    assert (line.pattern, line.text) == (
        "connection reset",
        "ConnectionResetError: [Errno 104] Connection reset by peer",
    )
    assert line.at.t_ns - BASE_NS == 2_250_000_000
    assert line.head.startswith("2026-11-22 14:32:02,250 ERROR shop: order failed")
    assert TRACEBACK[line.offset : line.offset + line.size_bytes].decode() == line.text


@pytest.mark.parametrize("cut", range(0, len(TRACEBACK), 41))
def test_blocks_may_end_anywhere(cut: int) -> None:
    assert read(TRACEBACK[:cut], TRACEBACK[cut:]) == read(TRACEBACK)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("read tcp 10.0.0.1:4->10.0.0.2:80: read: connection reset by peer", "connection reset"),
        ("java.net.SocketException: Connection reset", "connection reset"),
        ("Error: read ECONNRESET", "connection reset"),
        ("recv() failed (104: Connection reset by peer) while reading response header", "connection reset"),
        ("write tcp: write: broken pipe", "broken pipe"),
        ("Error: write EPIPE", "broken pipe"),
        ("[Errno 32] lost", "broken pipe"),
        ("connect() failed (111: Connection refused) while connecting to upstream", "connection refused"),
        ("('Connection aborted.', RemoteDisconnected('...'))", "connection aborted"),
        ("Remote end closed connection without response", "closed without an answer"),
        ("Error: socket hang up", "closed without an answer"),
        ("upstream prematurely closed connection while reading", "closed without an answer"),
        ("http: server closed idle connection", "closed without an answer"),
        ("org.apache.http.NoHttpResponseException: app:80 failed to respond", "closed without an answer"),
        ("connection closed before message completed", "closed without an answer"),
        ("dial tcp 10.0.0.2:80: connect: connection timed out", "connect timed out"),
    ],
)
def test_the_words_of_many_libraries(text: str, pattern: str) -> None:
    (line,) = read(b"2026-11-22 14:32:01 " + text.encode() + b"\n")
    assert line.pattern == pattern


@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.EPIPE, errno.ECONNREFUSED, errno.ETIMEDOUT])
def test_what_python_and_this_kernel_say(number: int) -> None:
    for text in (repr(OSError(number, "")), f"[Errno {number}]", f"connect {errno.errorcode[number]}"):
        # repr has a number and no word for it: only the type says what it is.
        found = read(f"2026-11-22 14:32:01 {text}\n".encode())
        assert len(found) == (not text.startswith("TimeoutError")), text
    assert read(f"x: Connection: {os.strerror(errno.ECONNRESET)}\n".encode())[0].pattern == "connection reset"


@pytest.mark.parametrize(
    "text",
    [
        "password reset for errno 1104",
        "pipeline of filepipe(1)",
        "peer refused the offer",
        "[Errno 321]",
        "eof",
    ],
)
def test_other_words_do_not_count(text: str) -> None:
    assert read(f"2026-11-22 14:32:01 {text}\n".encode()) == []


def test_the_users_patterns_come_first() -> None:
    text = b"2026-11-22 14:32:01 upstream gone: connection reset\n2026-11-22 14:32:02 Upstream GONE\n"
    assert [line.pattern for line in read(text)] == ["connection reset"]
    assert [line.pattern for line in read(text, more=(r"upstream\s+gone",))] == [r"upstream\s+gone"] * 2


@pytest.mark.parametrize("expression", ["(", "x*", ""])
def test_expressions_that_cannot_serve_are_refused(expression: str) -> None:
    with pytest.raises(UsageError):
        Patterns([expression])


def test_each_known_pattern_passes_its_gate() -> None:
    """A pattern that no gate lets through would never be found."""
    examples = (
        *("connection_reset", "econnreset", "errno 104", "broken_pipe", "epipe", "errno=32"),
        *("connectionrefused", "econnrefused", "errno: 111", "closed connection without response"),
        *("socket hang up", "empty reply from server", "server disconnected", "failed to respond"),
        *("prematurely closed", "closed before message completed", "closed idle connection"),
        *(
            "server closed the connection",
            "unexpected eof",
            "eof occurred in violation",
            "end of file reached",
        ),
        *("connection abort", "connection aborted", "econnaborted", "errno 103"),
        *(
            "connection timed out",
            "connect timed out",
            "connection attempt timed out",
            "etimedout",
            "errno 110",
        ),
    )
    found = [read(f"{example}\n".encode()) for example in examples]
    assert all(len(lines) == 1 for lines in found), found
    assert {line.pattern for lines in found for line in lines} == set(KNOWN_PATTERNS)


def test_without_any_time_each_line_counts() -> None:
    lines = read(b"connection reset\nbroken pipe\n")
    assert [(line.at.clock, line.pattern) for line in lines] == [
        (Clock.NONE, "connection reset"),
        (Clock.NONE, "broken pipe"),
    ]


def test_the_year_of_syslogs_stamps_comes_from_the_end() -> None:
    reader = ApplicationReader(Patterns(), WallClock(UTC), end_ns=BASE_NS + 3600 * SECOND)
    block = Block(b"Nov 22 14:32:01 web1 shop[12]: connection reset\n", 0)
    (line,) = reader.take(block)
    assert line.at.t_ns - BASE_NS == SECOND
    assert reader.without_zone == 1


@pytest.mark.parametrize(
    "text",
    [
        "lost request_id=ABC:1_2:3_42",
        "lost [ABC:1_2:3_42]",
        'lost {"id":"ABC:1_2:3_42"}',
        "lost id:ABC:1_2:3_42.",
        "lost (X-Request-ID: ABC:1_2:3_42)",
    ],
)
def test_an_id_is_found_in_its_surroundings(text: str) -> None:
    data = f"fine ABC:1_2:3_421\n{text}\nfine\n".encode()
    assert list(find_ids(data, {b"ABC:1_2:3_42", b"other"})) == [(b"ABC:1_2:3_42", text.encode())]
    assert list(find_ids(data, {b"BC:1_2:3_42"})) == []
    assert list(find_ids(data, ())) == []


def test_the_span_of_a_log_is_known() -> None:
    reader = ApplicationReader(Patterns(), WallClock(UTC))
    for block in cut_blocks([b"# header\n", TRACEBACK], SkipCount(0)):
        list(reader.take(block))
    assert (reader.first_ns - BASE_NS, reader.last_ns - BASE_NS) == (1_100_000_000, 3_000_000_000)


@given(
    st.lists(st.binary(max_size=200), max_size=8),
    st.sampled_from([b"", b"\xff\xfe", b"2026-11-22 14:32:01 "]),
)
def test_any_bytes_do_no_harm(lines: list[bytes], head: bytes) -> None:
    data = b"".join(head + line + b"\nConnection reset\n" for line in lines)
    for line in read(data):
        assert data[line.offset : line.offset + line.size_bytes].count(b"\n") == 0
    assert all(token == b"Connection" for token, _ in find_ids(data, {b"Connection"}))
