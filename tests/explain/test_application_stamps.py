from datetime import UTC, datetime, timedelta, timezone

import pytest

from hitless.explain.application_stamps import read_stamp
from hitless.explain.heads.stamps import StampReader
from hitless.explain.heads.wall_clock import WallClock

NOON = datetime(2026, 11, 22, 14, 32, 1, tzinfo=UTC)
EAST = timezone(timedelta(hours=2))


def read(line: str, clock: WallClock | None = None) -> tuple[float, int] | None:
    """Return seconds after NOON, and the error bound."""
    reader = StampReader(clock or WallClock(UTC), near_ns=int(NOON.timestamp()) * 10**9)
    moment = read_stamp(line, reader)
    return None if moment is None else ((moment.t_ns - int(NOON.timestamp()) * 10**9) / 1e9, moment.error_ns)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-11-22 14:32:01,250 ERROR shop: lost", (0.25, 10**6)),
        ("[2026-11-22 14:32:01 +0000] [17] [ERROR] lost", (0, 10**9)),
        ("[2026-11-22T16:32:01.5+02:00] lost", (0.5, 10**8)),
        ("ERROR 2026-11-22T14:32:01.123456Z lost", (0.123456, 1000)),
        ("2026/11/22 14:32:01 [error] 31#31: *7 recv() failed", (0, 10**9)),
        ("2026/11/22 14:32:01.000250 http: proxy error", (0.00025, 1000)),
        ("[Sun Nov 22 14:32:01.250000 2026] [proxy:error] lost", (0.25, 1000)),
        ('192.0.2.1 - - [22/Nov/2026:16:32:01 +0200] "GET / HTTP/1.1" 502', (0, 10**9)),
        ('{"level":"error","ts":1795357921.25,"msg":"lost"}', (0.25, 10**7)),
        ('{"level":50,"time":1795357921250,"msg":"lost"}', (0.25, 10**6)),
        ('{"severity":"ERROR","time":"2026-11-22T14:32:01.25Z"}', (0.25, 10**7)),
        ("Nov 22 14:32:01 web1 shop[12]: lost", (0, 10**9)),
        ("2026-11-22 14:32:01 UTC [12] LOG: lost", (0, 10**9)),
    ],
)
def test_the_time_is_found_wherever_libraries_put_it(line: str, expected: tuple[float, int]) -> None:
    assert read(line) == pytest.approx(expected)


@pytest.mark.parametrize(
    "line",
    [
        "ConnectionResetError: [Errno 104] Connection reset by peer",
        "  at java.net.SocketInputStream.read(SocketInputStream.java:186)",
        "2026-13-41 99:99:99 no time",
        "[Sun Xxx 22 14:32:01 2026] no month",
        "x" * 400 + "2026-11-22 14:32:01",
        '{"id":1795357921250}',
        "",
    ],
)
def test_no_time_is_made_up(line: str) -> None:
    assert read(line) is None


def test_a_time_without_a_zone_is_of_the_clocks() -> None:
    assert read("2026-11-22 16:32:01,250 lost", WallClock(EAST)) == pytest.approx((0.25, 10**6))
