from datetime import UTC
from pathlib import Path

import pytest

from hitless.explain.error_snapshots import Snapshot, is_show_errors, parse_show_errors
from hitless.explain.heads.wall_clock import WallClock
from hitless.explanations import FaultKind

FIXTURES = Path(__file__).parent / "fixtures"
CLOCK = WallClock(UTC)
RECORDS = ["2.2", "2.8", "3.2"]


def printed(version: str) -> bytes:
    return (FIXTURES / f"{version}.errors").read_bytes()


@pytest.mark.parametrize("version", RECORDS)
def test_what_real_haproxies_printed(version: str) -> None:
    data = printed(version)
    assert is_show_errors(data)
    read = parse_show_errors(data, CLOCK)
    request, response = read.found
    assert not read.malformed
    assert (request.kind, request.frontend, request.backend, request.server) == (
        FaultKind.INVALID_REQUEST,
        "web",
        "",
        "",
    )
    assert (request.position, request.size_bytes, request.what) == (28, 319, 'in a header\'s name by "\\e"')
    assert request.line == "00025  Bad\\e[31mName: y\\r\\n"
    assert request.client.startswith("127.0.0.1:")
    assert (response.kind, response.frontend, response.backend, response.server, response.number) == (
        FaultKind.INVALID_RESPONSE,
        "web",
        "bad",
        "s1",
        1,
    )
    assert response.at.error_ns == 1_000_000
    assert data[request.offset : request.offset + 13] == b"[29/Nov/2026:"


def test_printed_twice_it_counts_once() -> None:
    data = printed("3.2")
    assert len(parse_show_errors(data + b"> " + data, CLOCK).found) == 2


def test_nothing_was_invalid() -> None:
    read = parse_show_errors(b"Total events captured on [29/Nov/2026:11:07:45.216] : 0\n\n", CLOCK)
    assert (read.found, read.malformed_count) == ([], 0)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (b"29/Nov/2026:11:07:45.219] frontend", b"29/Foo/2026:11:07:45.219] frontend", "its date is none"),
        (b"error at position 28", b"error", "it does not say where the error is"),
        (b"frontend web (#2): invalid request", b"frontend web", "no record of an invalid request"),
        (b"len 319,", b"len 99999999,", "cut: it has 319 of the message's 99999999 bytes"),
        (b"Total events", b"garbage\nTotal events", "text outside of a record"),
    ],
)
def test_what_is_malformed_is_counted_and_named(before: bytes, after: bytes, why: str) -> None:
    read = parse_show_errors(printed("3.2").replace(before, after, 1), CLOCK)
    assert read.malformed_count == 1
    assert why in read.malformed[0].why
    assert len(read.found) == (2 if "cut" in why or "outside" in why else 1)


def test_cut_anywhere_it_is_read_as_far_as_it_goes() -> None:
    data = printed("3.2")
    for length in range(0, len(data), 7):
        read = parse_show_errors(data[:length], CLOCK)
        assert all(isinstance(one, Snapshot) for one in read.found)
        assert len(read.found) <= 2


def test_another_text_is_none() -> None:
    assert not is_show_errors(b"Nov 29 03:00:00 lb1 haproxy[1]: Total events captured on [x]")
    assert is_show_errors(b"> Total events captured on [x]")
