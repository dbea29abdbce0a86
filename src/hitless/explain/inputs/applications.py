"""Logs of applications: what speaks of broken connections, by time; and lines with ids of requests that went bad."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from hitless.explain.application_log import ApplicationLine, ApplicationReader, Patterns, find_ids
from hitless.explain.entries import ReadOptions
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import Window
from hitless.logged import Clock
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["ApplicationEvidence", "read_applications"]

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


def read_applications(
    paths: Sequence[str], patterns: Sequence[str], read: ReadOptions, window: Window, ids: Collection[str]
) -> ApplicationEvidence:
    """Return what logs of applications say. `ids` are looked for in each line.

    Raises: EvidenceError if one cannot be read; UsageError for a pattern that is none.
    """
    evidence = ApplicationEvidence()
    compiled = Patterns(patterns)
    wanted = frozenset(text.encode() for text in list(ids)[:_MOST_IDS] if text)
    with open_logs(paths, read) as logs:
        for file in logs.files:
            reader = ApplicationReader(compiled, read.clock, end_ns=file.written_ns)
            for block in logs.blocks(file):
                evidence.lines += block.data.count(b"\n")
                for line in reader.take(block):
                    _take(evidence, line, window)
                for name, raw in find_ids(block.data, wanted):
                    if len(evidence.joined) < _MOST_EXAMPLES:
                        text = raw[:_LONGEST].decode("utf-8", "backslashreplace")
                        evidence.joined.setdefault(name.decode(), text)
            _take_span(evidence, reader, window)
    return evidence


def _take(evidence: ApplicationEvidence, line: ApplicationLine, window: Window) -> None:
    if line.at.clock is Clock.NONE:
        evidence.without_time += 1
    elif window.has(line.at):
        evidence.by_second[line.at.t_ns // NANOSECONDS_PER_SECOND][line.pattern] += 1


def _take_span(evidence: ApplicationEvidence, reader: ApplicationReader, window: Window) -> None:
    """Take note of the time that the log is about, as far as it is in the window."""
    first_ns = max(reader.first_ns, window.since_ns or 0)
    last_ns = reader.last_ns if window.until_ns is None else min(reader.last_ns, window.until_ns)
    if reader.first_ns and first_ns <= last_ns:
        first_s, last_s = first_ns // NANOSECONDS_PER_SECOND, last_ns // NANOSECONDS_PER_SECOND
        evidence.first_s = min(evidence.first_s or first_s, first_s)
        evidence.last_s = max(evidence.last_s, last_s)
