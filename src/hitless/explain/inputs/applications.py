"""Logs of applications: lines that speak of broken connections, by time; and those with ids of requests that went bad."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from hitless.errors import UsageError
from hitless.explain.entries import ReadOptions
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import Window
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["ApplicationEvidence", "compile_patterns", "read_applications"]

_KNOWN = (
    ("connection reset", r"connection reset|ECONNRESET|errno[ =:]*104\b|\[Errno 104\]"),
    ("broken pipe", r"broken pipe|EPIPE|errno[ =:]*32\b"),
    ("connection refused", r"connection refused|ECONNREFUSED|errno[ =:]*111\b"),
    (
        "closed too early",
        r"remote end closed connection|premature(?:ly)? clos|unexpected eof|socket hang up|empty reply",
    ),
    ("bad gateway", r"\b50[23] (?:bad gateway|service unavailable)"),
)
_MOST_EXAMPLES = 1000
_MOST_IDS = 10_000
_LONGEST = 400


@dataclass(slots=True)
class ApplicationEvidence:
    """Lines by second and pattern; `joined` has, by request id, one line that names it."""

    by_second: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    joined: dict[str, str] = field(default_factory=dict)
    lines: int = 0
    without_time: int = 0
    first_s: int = 0
    last_s: int = 0


def compile_patterns(patterns: Sequence[str]) -> list[tuple[str, re.Pattern[bytes]]]:
    """Return the known patterns and further ones. Raises: UsageError for one that is no regular expression."""
    found = [(name, re.compile(text.encode(), re.IGNORECASE)) for name, text in _KNOWN]
    for text in patterns:
        try:
            found.append((text, re.compile(text.encode("utf-8", "surrogateescape"))))
        except re.error as error:
            raise UsageError(f"--pattern {text!r} is no regular expression: {error}.") from error
    return found


def read_applications(
    paths: Sequence[str], patterns: Sequence[str], read: ReadOptions, window: Window, ids: Collection[str]
) -> ApplicationEvidence:
    """Return what logs of applications say. `ids` are looked for in each line.

    Raises: EvidenceError if one cannot be read; UsageError for a pattern that is none.
    """
    evidence = ApplicationEvidence()
    compiled = compile_patterns(patterns)
    wanted = [text.encode() for text in list(ids)[:_MOST_IDS] if text]
    joined = re.compile(b"|".join(map(re.escape, wanted))) if wanted else None
    for second, raw in _lines(paths, read):
        if second and not _inside(window, second):
            continue
        evidence.lines += 1
        if second:
            evidence.first_s = min(evidence.first_s or second, second)
            evidence.last_s = max(evidence.last_s, second)
        name = next((name for name, pattern in compiled if pattern.search(raw)), "")
        if name and second:
            evidence.by_second[second][name] += 1
        elif name:
            evidence.without_time += 1
        match = joined.search(raw) if joined is not None else None
        if match is not None and len(evidence.joined) < _MOST_EXAMPLES:
            evidence.joined.setdefault(match[0].decode(), raw[:_LONGEST].decode("utf-8", "backslashreplace"))
    return evidence


def _inside(window: Window, second: int) -> bool:
    t_ns = second * NANOSECONDS_PER_SECOND
    return (window.since_ns is None or t_ns >= window.since_ns - NANOSECONDS_PER_SECOND) and (
        window.until_ns is None or t_ns < window.until_ns
    )


def _lines(paths: Sequence[str], read: ReadOptions) -> Iterator[tuple[int, bytes]]:
    """Yield second and bytes of each line; one without a time has that of the line before."""
    with open_logs(paths, read) as logs:
        for file in logs.files:
            reader = logs.reader(file)
            second = 0
            for block in logs.blocks(file):
                for raw in block.data.split(b"\n"):
                    if raw:
                        moment = reader.time_of(raw)
                        second = moment.t_ns // NANOSECONDS_PER_SECOND if moment is not None else second
                        yield second, raw
