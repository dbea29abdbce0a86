"""Logs that are made: of as many lines as one likes, at the times and of the processes one likes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock

START = datetime(2026, 11, 29, 2, 0, 0, tzinfo=UTC)
START_S = int(START.timestamp())
SECOND = 10**9
OPTIONS = ReadOptions(clock=WallClock(UTC))
STATUSES = (200, 200, 200, 404, 503, 200, 200)
TERMINATIONS = {503: "SC--"}


def message(number: int, moment: datetime, frontend: str = "web") -> str:
    """The message of one request, as `option httplog` has it."""
    accepted = moment - timedelta(milliseconds=number % 700)
    status = STATUSES[number % len(STATUSES)]
    return (
        f"10.0.{number // 250 % 250}.{number % 250}:{1024 + number % 60000} "
        f"[{accepted:%d/%b/%Y:%H:%M:%S}.{accepted.microsecond // 1000:03d}] {frontend} app/s{number % 3} "
        f"0/0/1/{number % 50}/{number % 700} {status} {number} - - {TERMINATIONS.get(status, '----')} "
        f'9/8/7/6/0 0/0 "GET /item/{number}?x={number % 7} HTTP/1.1"'
    )


def bsd(moment: datetime) -> str:
    """A stamp of RFC 3164."""
    return f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}"


def iso(moment: datetime) -> str:
    """A stamp as rsyslog writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}+00:00"


def lines(
    count: int,
    *,
    every_ms: int = 100,
    start: datetime = START,
    pids: tuple[int, ...] = (100,),
    stamp: str = "bsd",
) -> Iterator[bytes]:
    """Requests, one after the other, each process its share of the time."""
    for number in range(count):
        moment = start + timedelta(milliseconds=number * every_ms)
        pid = pids[number * len(pids) // count]
        head = bsd(moment) if stamp == "bsd" else iso(moment)
        yield f"{head} lb1 haproxy[{pid}]: {message(number, moment)}\n".encode()
