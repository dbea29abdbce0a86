"""The lanes of the timeline, one function each: a name, a stretched drawing, unstretched labels."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from hitless.records import EventKind
from hitless.report.html import svg
from hitless.report.html.markup import Markup, join, tag
from hitless.report.html.series import MARKS_PER_BUCKET, Series
from hitless.units import format_count, format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from hitless.records import Event
    from hitless.verdict import Generation, Kernel, ProofResult

__all__ = ["generations", "lane", "latency", "listeners", "plot", "rate", "resets", "tag_at", "victims"]

_MOST_ROWS = 24
_ROW_REM = 1.5
"""Height of a row with its label above its bar."""


def lane(name: str, unit: str, *plots: object, class_: str = "lane") -> Markup:
    """Return a lane: its name with the unit, and what it draws."""
    title = tag("div", tag("b", name), " ", tag("small", unit), class_="name")
    return tag("div", title, tag("div", *plots, class_="plots"), class_=class_)


def plot(
    shapes: object, duration_ms: float, height_rem: float, *, over: object = "", class_: str = ""
) -> Markup:
    """Return a drawing over the whole run, with labels `over` it."""
    drawing = tag(
        "svg",
        tag("use", href="#bands"),
        shapes,
        viewBox=f"0 0 {duration_ms:.0f} 100",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    return tag("div", drawing, over, class_=f"plot {class_}".strip(), style=f"min-height:{height_rem:g}rem")


def tag_at(
    text: str, t_ms: float, duration_ms: float, class_: str, *, until_ms: float | None = None
) -> Markup:
    """Return a label at a moment; the script moves it when the view changes.

    With `until_ms` it names something that lasts, and stays at the edge while that is in view.
    """
    until = None if until_ms is None else f"{until_ms:.1f}"
    left = f"left:{100 * t_ms / duration_ms:.3f}%"
    return tag("span", text, class_=f"at {class_}", style=left, data_t=f"{t_ms:.1f}", data_until=until)


def _level(text: str, y: float, class_: str = "level") -> Markup:
    return tag("span", text, class_=class_, style=f"top:{y:.1f}%")


def latency(series: Series) -> Markup:
    """Return p50 and p99 as lines and the maximum as dots, on a logarithmic scale."""
    import numpy as np

    known = np.concatenate((series.p50_ms, series.max_ms))
    known = known[np.isfinite(known) & (known > 0)]
    low = math.floor(math.log10(known.min())) if len(known) else 0
    high = max(math.ceil(math.log10(known.max())), low + 1) if len(known) else 1
    centres = (np.arange(len(series.started)) + 0.5) * series.bucket_ms

    def points(values: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
        levels = 100 - 100 * (np.log10(np.maximum(values, 10.0**low)) - low) / (high - low)
        return list(zip(centres.tolist(), levels.tolist(), strict=True))

    decades = {100 - 100 * (d - low) / (high - low): f"{10.0**d:g} ms" for d in range(low, high + 1)}
    shapes = (
        svg.path("".join(f"M0 {y:.2f}H{series.duration_ms:.0f}" for y in decades), "grid"),
        svg.path(svg.dots(points(series.max_ms)), "max"),
        svg.path(svg.line(points(series.p99_ms)), "p99"),
        svg.path(svg.line(points(series.p50_ms)), "p50"),
    )
    labels = join(_level(text, y) for y, text in list(decades.items())[:-1])
    return lane("Latency", "ms, logarithmic", plot(join(shapes), series.duration_ms, 10, over=labels))


def rate(series: Series) -> Markup:
    """Return the attempts that were to start, per second."""
    per_s = series.started / (series.bucket_ms / 1000)
    top = max(float(per_s.max(initial=0)), 1.0)
    shape = svg.path(svg.area((per_s * (90 / top)).tolist(), series.bucket_ms), "rate")
    label = _level(f"{format_count(round(top))} /s", 10, "level below")
    return lane("Attempts", "started per second", plot(shape, series.duration_ms, 3.5, over=label))


def victims(series: Series) -> Markup:
    """Return a row of bars for each outcome."""
    ordered = sorted(series.victims.items(), key=lambda item: -int(item[1].sum()))
    rows = [_counts_row(outcome, counts, series, "victim") for outcome, counts in ordered]
    if not rows:
        rows = [plot("", series.duration_ms, _ROW_REM, over=_row_label("none"))]
    return lane("Hurt", "requests by outcome", *rows)


def resets(series: Series, counts: npt.NDArray[np.int64], kernel: Kernel) -> Markup:
    """Return the resets that the kernel sent to clients."""
    if counts.any():
        row = _counts_row("RST sent to clients", counts, series, "reset")
    else:
        text = "none" if kernel.source == "tracefs" else "not watched one by one"
        row = plot("", series.duration_ms, _ROW_REM, over=_row_label(text))
    return lane("Resets", f"kernel, {kernel.source}", row)


def _counts_row(name: str, counts: npt.NDArray[np.int64], series: Series, class_: str) -> Markup:
    import numpy as np

    width_ms = series.bucket_ms / MARKS_PER_BUCKET
    most = int(counts.max())
    heights = np.sqrt(counts / most)
    where = np.flatnonzero(counts)
    bars = svg.bars(zip((where * width_ms).tolist(), heights[where].tolist(), strict=True), width_ms, 38, 100)
    label = f"{name} · {format_count(int(counts.sum()))} · at most {format_count(most)} in {width_ms:g} ms"
    return plot(svg.path(bars, class_), series.duration_ms, 2.4, over=_row_label(label))


def _row_label(text: str) -> Markup:
    return tag("span", text, class_="row-label")


def generations(workers: Sequence[Generation], duration_ms: float) -> Markup:
    """Return a bar for each worker: starting, serving, draining."""
    rows = [_generation(worker, duration_ms) for worker in workers[-_MOST_ROWS:]]
    left_out = len(workers) - len(rows)
    unit = f"by pid; {left_out} earlier ones left out" if left_out else "by pid"
    return lane("Workers", unit, *(rows or [plot("", duration_ms, _ROW_REM, over=_row_label("none seen"))]))


def _generation(worker: Generation, duration_ms: float) -> Markup:
    start = 0.0 if worker.start_s is None else worker.start_s * 1000
    end = duration_ms if worker.exit_s is None else worker.exit_s * 1000
    ready = (
        start if worker.ready_s is None and worker.start_s is None else (worker.ready_s or 0) * 1000 or end
    )
    stopped = end if worker.stopped_listening_s is None else worker.stopped_listening_s * 1000
    shapes = (
        svg.path(svg.rectangle(start, min(ready, end), 62, 96), "starts"),
        svg.path(svg.rectangle(ready, stopped, 62, 96) if stopped > ready else "", "serving"),
        svg.path(svg.rectangle(max(stopped, ready), end, 62, 96) if end > stopped else "", "drains"),
    )
    code = "" if not worker.exit_code else f", exit {worker.exit_code}"
    label = tag_at(f"{worker.pid}{code}", start, duration_ms, "quiet bad" if code else "quiet", until_ms=end)
    return plot(join(shapes), duration_ms, _ROW_REM, over=label)


def listeners(
    result: ProofResult, addresses: Sequence[str], events: Sequence[Event], duration_ms: float
) -> Markup:
    """Return a bar for each address: who owns its socket, when it opened and closed, when nobody listened."""
    every = tuple(dict.fromkeys((*addresses, *(gap.address for gap in result.kernel.listener_gaps))))
    owners = _owner_segments(result.generations, duration_ms)
    rows = [_listener(address, owners, result, events, duration_ms) for address in every[:_MOST_ROWS]]
    left_out = len(every) - len(rows)
    unit = (
        "owner changes colour" if result.kernel.listeners_watched else "not watched: gaps would not be seen"
    )
    return lane("Listeners", f"{unit}; {left_out} left out" if left_out else unit, *rows)


def _owner_segments(workers: Sequence[Generation], duration_ms: float) -> tuple[str, str]:
    """Return two paths, of the time in which an even and an odd worker is the newest that is ready."""
    since = sorted((g.ready_s or 0.0) * 1000 for g in workers if g.ready_s is not None or g.start_s is None)
    parts: tuple[list[str], list[str]] = ([], [])
    for index, (start, end) in enumerate(pairwise((*since, duration_ms))):
        parts[index % 2].append(svg.rectangle(start, end, 62, 84))
    return "".join(parts[0]), "".join(parts[1])


def _listener(
    address: str, owners: tuple[str, str], result: ProofResult, events: Sequence[Event], duration_ms: float
) -> Markup:
    gaps = [gap for gap in result.kernel.listener_gaps if gap.address == address]
    moments: dict[EventKind, list[str]] = {EventKind.KERNEL_LISTEN: [], EventKind.KERNEL_UNLISTEN: []}
    for event in events:
        if event.kind in moments and event.local == address:
            moments[event.kind].append(svg.vertical((event.t_ns - result.origin_ns) / 1e6, 54, 96))
    holes = "".join(svg.rectangle(g.t_s * 1000, g.t_s * 1000 + g.gap_us / 1000, 58, 90) for g in gaps)
    shapes = (
        svg.path(owners[0], "owner even"),
        svg.path(owners[1], "owner odd"),
        svg.path("".join(moments[EventKind.KERNEL_LISTEN]), "opened"),
        svg.path("".join(moments[EventKind.KERNEL_UNLISTEN]), "closed"),
        svg.path(holes, "gap"),
    )
    longest = max((gap.gap_us for gap in gaps), default=0.0)
    noun = "gap" if len(gaps) == 1 else f"{len(gaps)} gaps, longest"
    text = f"{address} · {noun} {format_duration(longest / 1e6)}" if gaps else address
    return plot(join(shapes), duration_ms, _ROW_REM, over=_row_label(text), class_="bad" if gaps else "")
