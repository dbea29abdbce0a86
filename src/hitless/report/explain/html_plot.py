"""The plot of an event: lines about traffic by generation, and below them those that ended badly. SVG, no script."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hitless.explanations import ExplainedEvent, Plot, Role
from hitless.report.explain.words import Times
from hitless.report.html import svg
from hitless.report.html.markup import Markup, join, tag
from hitless.units import NANOSECONDS_PER_SECOND, format_count

__all__ = ["render_plot"]

_LEFT, _WIDTH = 70.0, 900.0
_TOP, _TRAFFIC_BOTTOM = 22.0, 152.0
_BAD_TOP, _BAD_BOTTOM = 172.0, 222.0
_HEIGHT = 244
_LETTER = 7.0
"""Room for one letter."""
_DATE = len("2026-11-22 ")
_MOST_TICKS = 8
_ROLES = (Role.OLD, Role.NEW, Role.OTHER)
_WORDS = {Role.OLD: "old processes", Role.NEW: "new processes", Role.OTHER: "others"}


@dataclass(frozen=True, slots=True)
class _Scale:
    """From buckets and moments to places in the drawing."""

    start_s: int
    bucket_s: int
    buckets: int

    @property
    def duration_s(self) -> int:
        return self.bucket_s * self.buckets

    def x(self, t_ns: int) -> float:
        share = (t_ns / NANOSECONDS_PER_SECOND - self.start_s) / self.duration_s
        return _LEFT + _WIDTH * min(1.0, max(0.0, share))

    def has(self, t_ns: int) -> bool:
        return 0 <= t_ns / NANOSECONDS_PER_SECOND - self.start_s <= self.duration_s

    @property
    def step(self) -> float:
        return _WIDTH / self.buckets


def render_plot(event: ExplainedEvent, others: Sequence[ExplainedEvent], times: Times) -> Markup:
    """Return the plot with its legend; `others` are marked where they fall into it."""
    plot = event.plot
    buckets = max((len(line.requests) for line in plot.processes), default=0) if plot else 0
    if plot is None or not buckets:
        return tag("p", "No line about traffic is near it: there is nothing to draw.", class_="quiet")
    scale = _Scale(plot.start_s, plot.bucket_s, buckets)
    shapes = (
        *_bands(event, scale),
        *_traffic(plot, scale),
        *_bad(plot, scale, times),
        *_marks(event, others, scale),
        *_axis(scale, times),
    )
    drawing = tag(
        "svg",
        tag("title", f"Lines about traffic and bad endings around event {event.number}"),
        *shapes,
        viewBox=f"0 0 {_LEFT + _WIDTH + 30:g} {_HEIGHT}",
        class_="chart",
        role="img",
    )
    return join((tag("div", drawing, class_="scroll"), _legend(event, plot)))


def _totals(plot: Plot, buckets: int, *, bad: bool) -> dict[Role, list[int]]:
    """Return counts by bucket for each role that has lines."""
    sums: dict[Role, list[int]] = {}
    for line in plot.processes:
        counts = sums.setdefault(line.role, [0] * buckets)
        for bucket, count in enumerate(line.errors if bad else line.requests):
            counts[bucket] += count
    return {role: sums[role] for role in _ROLES if role in sums}


def _traffic(plot: Plot, scale: _Scale) -> Iterator[Markup]:
    """Yield the areas above each other, and the highest rate."""
    roles = _totals(plot, scale.buckets, bad=False)
    highest = max((sum(column) for column in zip(*roles.values(), strict=True)), default=0)
    height = _TRAFFIC_BOTTOM - _TOP
    below = [0] * scale.buckets
    for role, counts in roles.items():
        above = [low + count for low, count in zip(below, counts, strict=True)]
        yield svg.path(_between(below, above, height / max(highest, 1), scale), f"area {role}")
        below = above
    yield _text(f"{format_count(round(highest / scale.bucket_s))}/s", _LEFT - 6, _TOP + 9, anchor="end")
    yield _text("lines", _LEFT - 6, _TRAFFIC_BOTTOM, anchor="end")
    yield svg.path(f"M{_LEFT:g} {_TRAFFIC_BOTTOM:g}h{_WIDTH:g}", "grid")


def _between(low: Sequence[int], high: Sequence[int], unit: float, scale: _Scale) -> str:
    """Return the steps of `high`, and back below them those of `low`."""

    def steps(counts: Iterable[int], width: float) -> Iterator[str]:
        return (f"V{svg.number(_TRAFFIC_BOTTOM - unit * n)}h{svg.number(width)}" for n in counts)

    there, back = steps(high, scale.step), steps(reversed(low), -scale.step)
    return f"M{_LEFT:g} {svg.number(_TRAFFIC_BOTTOM)}{''.join(there)}{''.join(back)}Z"


def _bad(plot: Plot, scale: _Scale, times: Times) -> Iterator[Markup]:
    """Yield a bar for each second with bad endings, which says its counts when it is pointed at."""
    roles = _totals(plot, scale.buckets, bad=True)
    lines = _totals(plot, scale.buckets, bad=False)
    highest = max((sum(column) for column in zip(*roles.values(), strict=True)), default=0)
    height = _BAD_BOTTOM - _BAD_TOP
    for bucket in range(scale.buckets):
        bottom = _BAD_BOTTOM
        for role, counts in roles.items():
            if not counts[bucket]:
                continue
            top = bottom - height * counts[bucket] / highest
            x = _LEFT + bucket * scale.step
            when = times.when((scale.start_s + bucket * scale.bucket_s) * NANOSECONDS_PER_SECOND)[_DATE:]
            words = f"{when}: {counts[bucket]} of {lines[role][bucket]} lines of {_WORDS[role]} ended badly"
            bar = svg.path(svg.rectangle(x, x + max(scale.step, 1.5), top, bottom), f"area bad {role}")
            yield tag("g", tag("title", words), bar)
            bottom = top
    yield _text(format_count(highest), _LEFT - 6, _BAD_TOP + 9, anchor="end")
    yield _text("bad", _LEFT - 6, _BAD_BOTTOM, anchor="end")
    yield svg.path(f"M{_LEFT:g} {_BAD_BOTTOM:g}h{_WIDTH:g}", "grid")


def _bands(event: ExplainedEvent, scale: _Scale) -> Iterator[Markup]:
    """Yield how long the change took, and holes in which nobody accepted."""
    change = event.change
    if change.until is not None and scale.has(change.at.t_ns):
        band = svg.rectangle(scale.x(change.at.t_ns), scale.x(change.until.latest_ns), _TOP, _BAD_BOTTOM)
        yield svg.path(band, "area change")
    for hole in event.holes:
        end_ns = hole.begin_ns + round(hole.duration_s * NANOSECONDS_PER_SECOND)
        band = svg.rectangle(scale.x(hole.begin_ns), scale.x(end_ns), _TOP, _TRAFFIC_BOTTOM)
        words = f"{hole.frontend} accepted nothing for {hole.duration_s:g} s"
        yield tag("g", tag("title", words), svg.path(band, "area hole"))


def _marks(event: ExplainedEvent, others: Sequence[ExplainedEvent], scale: _Scale) -> Iterator[Markup]:
    """Yield a line for the event and for each other; numbers of others only where there is room for them."""
    taken: list[tuple[float, float]] = []
    if scale.has(event.change.at.t_ns):
        x, words = scale.x(event.change.at.t_ns), f"{event.number} {event.change.kind.replace('_', ' ')}"
        yield svg.path(svg.vertical(x, _TOP - 14, _BAD_BOTTOM), "happened")
        yield _text(words, x + 4, _TOP - 6, class_="mark")
        taken.append((x, x + _LETTER * len(words)))
    for one in others:
        if one.number == event.number or not scale.has(one.change.at.t_ns):
            continue
        x, words = scale.x(one.change.at.t_ns), str(one.number)
        yield svg.path(svg.vertical(x, _TOP, _BAD_BOTTOM), "elsewhen")
        end = x + _LETTER * (len(words) + 1)
        if all(end < left or x > right for left, right in taken):
            yield _text(words, x + 3, _TOP - 6)
            taken.append((x, end))


def _axis(scale: _Scale, times: Times) -> Iterator[Markup]:
    step_s = next(
        (s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)
         if scale.duration_s / s <= _MOST_TICKS), scale.duration_s,
    )  # fmt: skip
    first_s = -(-scale.start_s // step_s) * step_s
    for second in range(first_s, scale.start_s + scale.duration_s + 1, step_s):
        x = scale.x(second * NANOSECONDS_PER_SECOND)
        yield svg.path(svg.vertical(x, _BAD_BOTTOM, _BAD_BOTTOM + 4), "grid")
        yield _text(times.when(second * NANOSECONDS_PER_SECOND)[_DATE:], x, _BAD_BOTTOM + 16, anchor="middle")


def _text(words: str, x: float, y: float, *, anchor: str | None = None, class_: str | None = None) -> Markup:
    place = {"text-anchor": anchor}
    return tag("text", words, x=svg.number(x), y=svg.number(y), class_=class_, **place)


def _legend(event: ExplainedEvent, plot: Plot) -> Markup:
    roles = [role for role in _ROLES if any(line.role is role for line in plot.processes)]
    bad = [role for role in roles if any(line.role is role and any(line.errors) for line in plot.processes)]
    pids = {role: [str(p.pid) for p in plot.processes if p.role is role and p.pid] for role in roles}
    items = (
        *(_key(str(role), f"{_WORDS[role]} {_few(pids[role])}".rstrip()) for role in roles),
        *(_key(f"bad {role}", f"ended badly, {_WORDS[role]}") for role in bad),
        *((_key("change", "how long it took"),) if event.change.until else ()),
        *((_key("hole", "a busy frontend accepted nothing"),) if event.holes else ()),
        tag("li", f"by {plot.bucket_s} s, when lines were written"),
    )
    return tag("ul", *items, class_="legend")


def _key(kind: str, words: str) -> Markup:
    return tag("li", tag("i", class_=f"key {kind}"), words)


def _few(pids: Sequence[str]) -> str:
    return ", ".join(pids[:4]) + (f" and {len(pids) - 4} more" if len(pids) > 4 else "")
