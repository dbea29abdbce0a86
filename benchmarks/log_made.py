"""Logs for benchmarks, as rsyslog writes `option httplog` with one captured header each way."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 11, 29, tzinfo=UTC)
PER_SECOND = 1500
SECONDS_OF_WORKER = 270
STATUSES = (200,) * 90 + (304,) * 4 + (404,) * 3 + (500, 502, 503)


def lines_of_second(moment: datetime, pid: int) -> Iterator[bytes]:
    for number in range(PER_SECOND):
        status = STATUSES[number * 7919 % 100]
        end = "----" if status < 500 else ("SH--", "SC--", "CD--")[number % 3]
        yield (
            f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S} lb1 haproxy[{pid}]: "
            f"10.{number & 7}.{number >> 8 & 255}.{number & 255}:{1024 + number * 37 % 60000} "
            f"[{moment:%d/%b/%Y:%H:%M:%S}.{number * 1000 // PER_SECOND:03d}] "
            f"{('web', 'api~', 'static')[number % 3]} app/srv{number % 9} "
            f"0/0/{number % 3}/{number % 70}/{number % 80} {status} {number * 61} - - {end} "
            f"{number % 500}/{number % 400}/{number % 300}/{number % 40}/0 0/0 {{www.example.com}} {{nginx}} "
            f'"GET /api/v1/items/{number % 500}?page={number % 7} HTTP/1.1"\n'
        ).encode()


def write_log(path: Path, *, lines: int = 0, size_bytes: int = 0) -> datetime:
    """Write a log of at least so many lines or bytes, second by second; return its end."""
    template = b"".join(lines_of_second(START, 10_000))
    seconds = 0
    with path.open("wb", buffering=1 << 22) as file:
        while seconds * PER_SECOND < lines or file.tell() < size_bytes:
            moment = START + timedelta(seconds=seconds)
            block = template.replace(
                b"Nov 29 00:00:00", f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}".encode()
            )
            block = block.replace(b"29/Nov/2026:00:00:00", f"{moment:%d/%b/%Y:%H:%M:%S}".encode())
            pid = 10_000 + seconds // SECONDS_OF_WORKER * 7 % 80_000
            file.write(block.replace(b"haproxy[10000]", b"haproxy[%d]" % pid))
            seconds += 1
    return START + timedelta(seconds=seconds)


def statuses_of(lines: int) -> Counter[int]:
    """Return what such a log of whole seconds has: lines by status."""
    second = Counter(STATUSES[number * 7919 % 100] for number in range(PER_SECOND))
    return Counter({status: count * (lines // PER_SECOND) for status, count in second.items()})
