"""The plot of an event: lines and errors by the second, for each process, around the moment. Numbers in, SVG out."""

from collections.abc import Sequence

from hitless.explanations import ExplainedEvent, Plot, PlotLine, Role
from hitless.report.explain.words import Times
from hitless.report.html import svg
from hitless.report.html.lanes import lane, plot, tag_at
from hitless.report.html.markup import Markup, join, tag
from hitless.units import NANOSECONDS_PER_SECOND, format_count

__all__ = ["render_plot"]

_ROLES = {Role.OLD: "old", Role.NEW: "new", Role.OTHER: "other"}
_HEIGHT_REM = 2.6
_MOST_TICKS = 10


def render_plot(event: ExplainedEvent, times: Times) -> Markup:
    """Return the lanes; nothing for an event around which nothing was logged."""
    drawn = event.plot
    if drawn is None or not drawn.processes:
        return join(())
    length = float(max(len(p.requests) for p in drawn.processes) * drawn.bucket_s)
    most = max((max(p.requests, default=0) for p in drawn.processes), default=0)
    lanes = [_process(drawn, process, length, most) for process in drawn.processes]
    axis = lane(
        "",
        f"{drawn.bucket_s} s",
        plot(_moment(event, drawn), length, 1.4, over=_ticks(drawn, event, length, times)),
    )
    return tag("div", *lanes, axis, class_="timeline")


def _process(drawn: Plot, process: PlotLine, length: float, most: int) -> Markup:
    shapes = join(
        (
            svg.path(svg.area(_heights(process.requests, most), drawn.bucket_s), "rate"),
            svg.path(_bars(process.errors, drawn.bucket_s), "victim"),
        )
    )
    total, errors = sum(process.requests), sum(process.errors)
    label = f"{format_count(total)} lines, {format_count(errors)} errors"
    name = f"{process.pid}" if process.pid else "no pid"
    return lane(
        name,
        f"{_ROLES[process.role]} process",
        plot(shapes, length, _HEIGHT_REM, over=tag("span", label, class_="row-label")),
    )


def _heights(counts: Sequence[int], most: int) -> list[float]:
    return [85.0 * count / most if most else 0.0 for count in counts]


def _bars(counts: Sequence[int], bucket_s: int) -> str:
    most = max(counts, default=0)
    heights = ((float(n * bucket_s), (count / most) ** 0.5) for n, count in enumerate(counts) if count)
    return svg.bars(heights, float(bucket_s), 30, 100) if most else ""


def _moment(event: ExplainedEvent, drawn: Plot) -> Markup:
    return svg.path(svg.vertical(_at_s(event.change.at.t_ns, drawn)), "moment")


def _ticks(drawn: Plot, event: ExplainedEvent, length: float, times: Times) -> Markup:
    begin_ns = drawn.start_s * NANOSECONDS_PER_SECOND
    marks = [
        tag_at(times.when(begin_ns + round(t * NANOSECONDS_PER_SECOND))[11:], t, length, "tick")
        for t in svg.ticks(length, _MOST_TICKS)[:-1]
    ]
    return join((*marks, tag_at("▲", _at_s(event.change.at.t_ns, drawn), length, "flag")))


def _at_s(t_ns: int, drawn: Plot) -> float:
    return t_ns / NANOSECONDS_PER_SECOND - drawn.start_s
