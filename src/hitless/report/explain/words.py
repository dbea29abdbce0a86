"""Words that every form of an explanation uses."""

from datetime import UTC, datetime

from hitless.explanations import (
    ClockOffset,
    EndingCount,
    ExplainedEvent,
    Explanation,
    InputRead,
    Judgement,
    Role,
)
from hitless.logged import Certainty, ChangeKind, Skipped
from hitless.units import NANOSECONDS_PER_SECOND, format_count, format_duration

__all__ = [
    "KINDS",
    "certainty",
    "clock_time",
    "clock_words",
    "ending_words",
    "headline",
    "input_words",
    "pids",
    "skipped_words",
    "span_words",
    "when",
]

KINDS = {
    ChangeKind.START: "start",
    ChangeKind.RELOAD: "reload",
    ChangeKind.FAILED_RELOAD: "failed reload",
    ChangeKind.RESTART: "restart",
    ChangeKind.STOP: "stop",
    ChangeKind.CRASH: "crash",
    ChangeKind.HARD_STOP: "hard stop",
    ChangeKind.REPLACED: "new processes",
}
_HEADLINES = {
    Judgement.HARMFUL: "HARM FOUND",
    Judgement.HARMLESS: "HARMLESS",
    Judgement.UNKNOWN: "CANNOT TELL",
}
_ROLES = {Role.OLD: "old process", Role.NEW: "new process", Role.OTHER: "other"}
_CERTAINTIES = {
    Certainty.STATED: "a message says so",
    Certainty.SHOWN: "shown by what processes logged",
    Certainty.LIKELY: "the likelier of two readings",
}


def headline(explanation: Explanation) -> str:
    """Return the answer in two words."""
    return _HEADLINES[explanation.judgement]


def clock_time(t_ns: int, *, error_ns: int = 0) -> str:
    """Return a time of day in UTC, as exact as it is known."""
    moment = datetime.fromtimestamp(t_ns // NANOSECONDS_PER_SECOND, UTC)
    if error_ns >= NANOSECONDS_PER_SECOND:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%H:%M:%S}.{t_ns % NANOSECONDS_PER_SECOND // 1_000_000:03d}"


def when(t_ns: int) -> str:
    """Return date and time in UTC, by the second."""
    return f"{datetime.fromtimestamp(t_ns // NANOSECONDS_PER_SECOND, UTC):%Y-%m-%d %H:%M:%S}"


def span_words(explanation: Explanation) -> str:
    """Return from when to when there are signs of traffic."""
    if not explanation.first_ns:
        return "no time"
    return f"{when(explanation.first_ns)} to {when(explanation.last_ns)} UTC"


def pids(event: ExplainedEvent) -> str:
    """Return "4711 → 4712"."""
    change = event.change
    old, new = (", ".join(map(str, found)) for found in (change.old_pids, change.new_pids))
    if old and new:
        return f"{old} → {new}"
    return old or (f"→ {new}" if new else "")


def certainty(value: Certainty) -> str:
    """Return how something is known."""
    return _CERTAINTIES[value]


def ending_words(ending: EndingCount) -> str:
    """Return one way of ending: how often, of whom, how often usually, and what it means."""
    status = f"{ending.status} " if ending.status > 0 else ""
    usual = f" (usual: {ending.usual:.2g})" if ending.usual is not None else ""
    return f"{format_count(ending.lines)} × {status}{ending.termination or '-'}, {_ROLES[ending.role]}{usual}: {ending.meaning}"


def input_words(read: InputRead) -> str:
    """Return what an input is."""
    parts = [read.kind.value, read.name]
    if read.size_bytes:
        parts.append(_size(read.size_bytes))
    if read.items:
        parts.append(f"{format_count(read.items)} items")
    return " · ".join((*parts, *filter(None, (read.why,)), *read.notes))


def _size(size_bytes: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes} bytes"


def skipped_words(skipped: Skipped, sources: tuple[InputRead, ...]) -> str:
    """Return what was left out of a source."""
    name = sources[skipped.source].name if skipped.source < len(sources) else f"source {skipped.source}"
    reason = skipped.reason.value.replace("_", " ")
    detail = f" ({skipped.detail})" if skipped.detail else ""
    return (
        f"{name}: {reason}{detail}: {format_count(skipped.lines)} lines, {_size(skipped.size_bytes)}, "
        f"first at byte {skipped.first_offset}"
    )


def clock_words(offset: ClockOffset) -> str:
    """Return how far a clock is ahead, and how sure that is."""
    seconds, error = offset.offset_ns / NANOSECONDS_PER_SECOND, offset.error_ns / NANOSECONDS_PER_SECOND
    how = "ahead of" if seconds >= 0 else "behind"
    taken = "; taken off" if offset.applied else ""
    return (
        f"{offset.name}: {format_duration(abs(seconds))} {how} HAProxy's clock, ± {format_duration(error)} "
        f"(by {format_count(offset.pairs)} pairs){taken}"
    )
