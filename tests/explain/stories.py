"""Explanations of what real HAProxies logged (tests/explain/fixtures) and what was captured, made once."""

from datetime import UTC
from functools import cache
from pathlib import Path

from hitless.explain.answer import explain
from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.inputs.chosen import Chosen
from hitless.explanations import ExplainedEvent, Explanation
from hitless.logged import ChangeKind

LOGS = Path(__file__).parent / "fixtures"
CAPTURES = Path(__file__).parent / "captures" / "fixtures"
READ = ReadOptions(clock=WallClock(UTC))


@cache
def story(*names: str) -> Explanation:
    """What these fixtures tell."""
    logs = tuple(str(LOGS / name) for name in names if "pcap" not in name)
    captures = tuple(str(CAPTURES / name) for name in names if "pcap" in name)
    return explain(Chosen(logs=logs, captures=captures, read=READ))


def event(explanation: Explanation, kind: ChangeKind) -> ExplainedEvent:
    """The first event of a kind."""
    return next(event for event in explanation.events if event.change.kind is kind)


def log_lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def line(
    second: int,
    pid: int,
    *,
    status: int = 200,
    end: str = "----",
    client: int = 40000,
    server: str = "app/s1",
) -> str:
    """A line of httplog at 03:00:00 and so many seconds."""
    clock = f"03:{second // 60:02d}:{second % 60:02d}"
    return (
        f"Nov 29 {clock} lb1 haproxy[{pid}]: 192.0.2.1:{client} [29/Nov/2026:{clock}.000] web {server} "
        f'0/0/0/1/1 {status} 51 - - {end} 1/1/0/0/0 0/0 "GET / HTTP/1.1"'
    )


def stopped(second: int, pid: int) -> str:
    """The line of a proxy that was told to stop."""
    clock = f"03:{second // 60:02d}:{second % 60:02d}"
    return f"Nov 29 {clock} lb1 haproxy[{pid}]: Proxy web stopped (cumulated conns: FE: 1, BE: 0)."


def reload_log(*more: str, seconds: int = 40, at: int = 20, rate: int = 5) -> bytes:
    """A log of steady traffic with a reload of 100 by 200 in its middle; `more` lines are sorted in."""
    lines = [
        line(s, 100 if s <= at else 200, client=40000 + s * rate + n)
        for s in range(seconds)
        for n in range(rate)
    ]
    lines += [stopped(at, 100), *more]
    return log_lines(*sorted(lines, key=lambda text: text[:15]))


def explain_bytes(directory: Path, data: bytes, **more: object) -> Explanation:
    """What a log with these bytes tells."""
    path = directory / "haproxy.log"
    path.write_bytes(data)
    return explain(Chosen(logs=(str(path),), read=READ, **more))  # type: ignore[arg-type]
