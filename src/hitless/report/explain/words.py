"""Words that every form of an explanation uses."""

from bisect import bisect_right
from datetime import datetime, timedelta, timezone

from hitless.explanations import (
    ClockOffset,
    Counting,
    EndingCount,
    ExplainedEvent,
    Explanation,
    InputRead,
    Judgement,
    NamedCause,
    Role,
)
from hitless.logged import Certainty, ChangeKind, Moment, Skipped
from hitless.report.wording import plural
from hitless.units import LAST_SECOND, NANOSECONDS_PER_SECOND, format_count, format_duration

__all__ = [
    "KINDS",
    "Times",
    "certainty",
    "clock_words",
    "ending_words",
    "headline",
    "input_words",
    "pids",
    "skipped_words",
    "victims_words",
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


class Times:
    """Moments as the clock on the wall of the logs shows them."""

    def __init__(self, explanation: Explanation) -> None:
        self._offsets_s = (
            explanation.zone_offset_s,
            *(change.offset_s for change in explanation.zone_changes),
        )
        self._changes_ns = [change.since_ns for change in explanation.zone_changes]

    @property
    def name(self) -> str:
        """What the zone is called; where clocks were put forward or back, from when on it is called what."""
        changes = (f", from {self.when(t_ns)} {self.zone(t_ns)}" for t_ns in self._changes_ns)
        return "".join((_zone_name(self._offsets_s[0]), *changes))

    def zone(self, t_ns: int) -> str:
        """Return what the zone is called at a moment."""
        return _zone_name(self._offset_s(t_ns))

    def _offset_s(self, t_ns: int) -> int:
        return self._offsets_s[bisect_right(self._changes_ns, t_ns)]

    def clock_ms(self, t_ns: int) -> str:
        """Return a time of day, by the millisecond."""
        return f"{self._local(t_ns):%H:%M:%S}.{t_ns % NANOSECONDS_PER_SECOND // 1_000_000:03d}"

    def clock(self, moment: Moment) -> str:
        """Return a time of day, as exact as it is known: "02:58:13.704", "02:58:07", "02:57:57 +4s"."""
        if moment.error_ns < NANOSECONDS_PER_SECOND:
            return self.clock_ms(moment.t_ns)
        text = f"{self._local(moment.t_ns):%H:%M:%S}"
        seconds = moment.error_ns / NANOSECONDS_PER_SECOND
        return text if seconds <= 1 else f"{text} +{seconds:.0f}s"

    def day(self, t_ns: int) -> str:
        """Return the date."""
        return f"{self._local(t_ns):%Y-%m-%d}"

    def when(self, t_ns: int) -> str:
        """Return date and time, by the second."""
        return f"{self._local(t_ns):%Y-%m-%d %H:%M:%S}"

    def span(self, explanation: Explanation) -> str:
        """Return from when to when there are signs of anything."""
        if not explanation.first_ns:
            return "no time"
        first, last = explanation.first_ns, explanation.last_ns
        zone = f" {self.zone(first)}" if self.zone(first) != self.zone(last) else ""
        return f"{self.when(first)}{zone} to {self.when(last)} {self.zone(last)}"

    def _local(self, t_ns: int) -> datetime:
        zone = timezone(timedelta(seconds=self._offset_s(t_ns)))
        return datetime.fromtimestamp(min(t_ns // NANOSECONDS_PER_SECOND, LAST_SECOND), zone)


def _zone_name(offset_s: int) -> str:
    if not offset_s:
        return "UTC"
    hours, seconds = divmod(abs(offset_s), 3600)
    return f"UTC{'-' if offset_s < 0 else '+'}{hours:02d}:{seconds // 60:02d}"


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
    number = plural(ending.lines, "line")
    return f"{number} {status}{ending.termination or '-'}, {_ROLES[ending.role]}{usual}: {ending.meaning}"


def victims_words(cause: NamedCause) -> str:
    """Return how many were hurt, and how that is known."""
    if cause.counting is Counting.NOT_COUNTED:
        return "not counted"
    about = {Counting.ESTIMATED: "about ", Counting.AT_LEAST: "at least "}.get(cause.counting, "")
    return f"{about}{plural(cause.victims, cause.unit)}"


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
