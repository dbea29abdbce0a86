"""The evidence: each victim that is listed, with all that is known of it, and the run's events in order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from hitless.records import Event, EventKind
from hitless.report.html.markup import Markup, join, raw, tag
from hitless.report.html.tables import table
from hitless.report.plain import clip
from hitless.report.wording import PHASE_WORDS, milliseconds
from hitless.units import format_count, format_duration
from hitless.verdict import Phase, ProofResult, VictimDetail

__all__ = ["render_events", "render_victims"]

_MOST_VICTIMS = 500
_MOST_BYTES = 600_000
_MOST_LOG_LINES = 4
_LONGEST_LINE = 600
_MOST_EVENTS = 400

_SHOWN = {
    EventKind.CONTROL_START: "control run starts",
    EventKind.CONTROL_END: "control run ends",
    EventKind.LOAD_STOP: "load stops",
    EventKind.RELOAD_TRIGGER: "reload triggered",
    EventKind.RELOAD_REPLY: "reload answered",
    EventKind.RELOAD_FAILED: "reload failed",
    EventKind.RELOAD_DONE: "reload done",
    EventKind.PROCESS_START: "process starts",
    EventKind.PROCESS_EXIT: "process exits",
    EventKind.LISTENERS_OWNED: "owns the listeners",
    EventKind.LISTENERS_RELEASED: "released the listeners",
    EventKind.FIRST_ACCEPT: "first accept",
    EventKind.KERNEL_LISTEN: "kernel: listening socket opened",
    EventKind.KERNEL_UNLISTEN: "kernel: listening socket closed",
    EventKind.HAPROXY_MESSAGE: "HAProxy says",
    EventKind.NOTE: "note",
}


def render_victims(result: ProofResult) -> Markup:
    """Return the victims by cause, each to be opened; bounded in number and in bytes, the rest counted."""
    if not result.victims_sample:
        return raw("")
    groups = _groups(result)
    listed = sum(count for count, _ in groups)
    total = max(result.judged.failed, len(result.victims_sample))
    note = "" if listed == total else f" {format_count(total - listed)} more are counted, not listed."
    lead = tag("p", f"{format_count(listed)} of {format_count(total)} listed, each with its evidence.{note}")
    return tag("section", tag("h2", "Victims"), lead, *(group for _, group in groups), id="victims")


def _groups(result: ProofResult) -> list[tuple[int, Markup]]:
    ordered = sorted(result.victims_sample[:_MOST_VICTIMS], key=lambda v: (v.cause, v.t_s))
    totals = {cause.code: cause.victims for cause in result.causes}
    room_bytes = _MOST_BYTES
    groups = []
    for code, members in groupby(ordered, key=lambda v: v.cause):
        items: list[Markup] = []
        for victim in members:
            item = _victim(victim)
            room_bytes -= len(item.encode())
            if room_bytes < 0:
                break
            items.append(item)
        if items:
            total = max(totals.get(code, 0), len(items))
            title = f" {format_count(len(items))} listed of {format_count(total)}"
            summary = tag("summary", tag("span", code, class_="code"), title)
            groups.append((len(items), tag("details", summary, *items, class_="group")))
    return groups


def _victim(victim: VictimDetail) -> Markup:
    cells = (
        tag("span", f"{victim.t_s:.3f} s", class_="n"),
        tag("span", victim.outcome, class_="hurt"),
        tag("span", f"{victim.workload} → {victim.frontend}"),
        tag("span", _moment(victim), class_="quiet"),
    )
    facts = (part for name, text in _facts(victim) for part in (tag("dt", name), tag("dd", text)))
    lines = [clip(line, _LONGEST_LINE) for line in victim.log]
    more = len(lines) - _MOST_LOG_LINES
    shown = "\n".join(lines[:_MOST_LOG_LINES])
    log = join((*_by_line(lines[:_MOST_LOG_LINES]), f"… {more} more" if more > 0 else "")) if shown else ""
    return tag(
        "details",
        tag("summary", *cells),
        tag("dl", *facts),
        tag("pre", log) if log else "",
        class_="victim",
    )


def _by_line(lines: Sequence[str]) -> Iterator[Markup]:
    """Escape each line on its own, so that a line break inside one cannot pass for another line."""
    for line in lines:
        yield join((line, raw("\n")))


def _moment(victim: VictimDetail) -> str:
    if not victim.reload:
        return "between reloads"
    words = PHASE_WORDS[Phase(victim.phase)] if victim.phase in Phase.__members__.values() else victim.phase
    return f"reload {victim.reload}{', after: ' if words else ''}{words}"


def _facts(victim: VictimDetail) -> Iterator[tuple[str, str]]:
    yield "cause", victim.cause
    yield "client", f"port {victim.local_port} → {victim.address}"
    age = format_duration(victim.connection_age_s)
    yield "connection", f"{age} old, request {format_count(victim.request_number)} on it"
    first = (
        "" if victim.first_byte_ms is None else f", first byte after {milliseconds(victim.first_byte_ms)} ms"
    )
    yield "attempt", f"ended after {milliseconds(victim.duration_ms)} ms{first}"
    answer = f"HTTP {victim.status}, " if victim.status else ""
    errno = f", errno {victim.errno}" if victim.errno else ""
    yield "answer", f"{answer}{format_count(victim.received_bytes)} bytes{errno}"
    yield "retry", victim.retried or "a retrying client may not repeat it"
    yield "kernel", clip(victim.kernel, _LONGEST_LINE) or "no event matched"
    if not victim.log:
        yield "log", "no line for this client address"


def render_events(result: ProofResult, events: Iterable[Event]) -> Markup:
    """Return what happened, in order; single resets and log lines are drawn and matched above."""
    kinds: Counter[EventKind] = Counter()
    shown: list[Event] = []
    for event in events:
        kinds[event.kind] += 1
        if event.kind in _SHOWN and len(shown) < _MOST_EVENTS:
            shown.append(event)
    left_out = kinds.total() - len(shown)
    head = (("s", "n"), ("reload", "n"), ("what", ""), ("pid", "n"), ("detail", ""))
    rows = (_event(event, result.origin_ns) for event in sorted(shown, key=lambda e: e.t_ns))
    rest = f"{format_count(left_out)} single resets, log lines and others left out"
    title = f" {format_count(len(shown))} listed, {rest}"
    summary = tag("summary", tag("b", "Events"), title)
    return tag("section", tag("details", summary, table("Events", head, rows), class_="group"), id="events")


def _event(event: Event, origin_ns: int) -> tuple[object, ...]:
    detail = " · ".join(part for part in (event.local, event.state, event.reason, event.text) if part)
    return (
        f"{(event.t_ns - origin_ns) / 1e9:.6f}",
        event.reload or "",
        _SHOWN[event.kind],
        event.pid or "",
        clip(detail, _LONGEST_LINE),
    )
