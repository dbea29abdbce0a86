"""The timeline: lanes above each other on one time axis, with the reloads as bands through all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hitless.report.html import lanes, svg
from hitless.report.html.markup import Markup, join, json_block, tag
from hitless.report.html.series import MARKS_PER_BUCKET, Series, count_resets, make_series
from hitless.report.wording import PHASE_WORDS
from hitless.verdict import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from hitless.records import Event, Stream
    from hitless.verdict import ProofResult, Reload

__all__ = ["render_timeline"]


def render_timeline(
    result: ProofResult,
    attempts: npt.NDArray[np.void],
    streams: Sequence[Stream],
    events: Sequence[Event],
    victims: npt.NDArray[np.bool_],
) -> Markup:
    """Return the section with its lanes, its controls and the data its script reads."""
    duration_ms = _duration_ms(result, attempts)
    series = make_series(attempts, streams, victims, origin_ns=result.origin_ns, duration_ms=duration_ms)
    addresses = tuple(dict.fromkeys(w.address for w in result.workloads))
    resets = count_resets(events, addresses, origin_ns=result.origin_ns, series=series)
    drawn = (
        _ruler(result, duration_ms),
        lanes.latency(series),
        lanes.rate(series),
        lanes.victims(series),
        lanes.resets(series, resets, result.kernel),
        lanes.generations(result.generations, duration_ms),
        lanes.listeners(result, addresses, events, duration_ms),
    )
    return tag(
        "section",
        tag("h2", "Timeline"),
        _controls(result.reloads),
        tag("output", _HINT, id="readout", aria_live="polite"),
        _bands(result, duration_ms),
        tag(
            "div",
            *drawn,
            id="lanes",
            tabindex="0",
            role="group",
            aria_label="Timeline of the run. The tables below hold the same facts.",
            aria_describedby="keys",
        ),
        _legend(series),
        json_block("data", _data(result, series)),
        id="timeline",
    )


_BEYOND = (-50, 150)
"""Top and bottom of a band: outside the lane, so that only its sides are seen."""

_HINT = "Point at the timeline, or focus it and use the arrow keys, to read values. Drag to zoom."


def _duration_ms(result: ProofResult, attempts: npt.NDArray[np.void]) -> float:
    ends_s = [result.duration_s, 0.1, *(g.exit_s for g in result.generations if g.exit_s is not None)]
    if len(attempts):
        ends_s.append((int(attempts["end_ns"].max()) - result.origin_ns) / 1e9)
    return math.ceil(max(ends_s) * 1000)


def _controls(reloads: Sequence[Reload]) -> Markup:
    jumps = (
        tag("button", f"reload {r.number}", type="button", data_from=_view(r)[0], data_to=_view(r)[1])
        for r in reloads[:12]
    )
    return tag(
        "div",
        tag("button", "whole run", type="button", id="reset", disabled=True),
        tag("button", "\N{MINUS SIGN}", type="button", id="out", title="zoom out", aria_label="zoom out"),
        tag("button", "+", type="button", id="in", title="zoom in", aria_label="zoom in"),
        *jumps,
        class_="controls",
    )


def _view(reload: Reload) -> tuple[int, int]:
    """Return from when to when a reload is worth looking at: without the long wait for the old one's end."""
    start_ms = reload.t_s * 1000
    last_ms = max((p.t_ms for p in reload.phases if p.name is not Phase.OLD_GONE), default=0.0)
    margin_ms = max(last_ms, 50.0)
    return int(start_ms - margin_ms), int(start_ms + last_ms + 2 * margin_ms)


def _bands(result: ProofResult, duration_ms: float) -> Markup:
    """Return the bands once, hidden; each lane refers to them."""
    handover: list[str] = []
    draining: list[str] = []
    moments: list[str] = []
    failed: list[str] = []
    for reload in result.reloads:
        start_ms = reload.t_s * 1000
        times = {phase.name: start_ms + phase.t_ms for phase in reload.phases}
        end_ms = max((t for name, t in times.items() if name is not Phase.OLD_GONE), default=start_ms)
        (handover if reload.ok else failed).append(svg.rectangle(start_ms, end_ms, *_BEYOND))
        if Phase.OLD_GONE in times:
            draining.append(svg.rectangle(end_ms, times[Phase.OLD_GONE]))
        moments += [svg.vertical(t) for t in times.values()]
    shapes = (
        svg.path(svg.rectangle(0, result.control_end_s * 1000) if result.control_end_s else "", "control"),
        svg.path("".join(draining), "draining"),
        svg.path("".join(handover), "handover"),
        svg.path("".join(failed), "failed"),
        svg.path("".join(moments), "moment"),
    )
    group = tag("g", *shapes, id="bands")
    return tag(
        "svg", tag("defs", group), class_="hidden", viewBox=f"0 0 {duration_ms:.0f} 100", aria_hidden="true"
    )


def _ruler(result: ProofResult, duration_ms: float) -> Markup:
    marks = (lanes.tag_at(f"{t:g} s", t * 1000, duration_ms, "tick") for t in svg.ticks(duration_ms / 1000))
    flags = (
        lanes.tag_at(
            f"{r.number}{'' if r.ok else ' ✕'}", r.t_s * 1000, duration_ms, "flag" if r.ok else "flag bad"
        )
        for r in result.reloads
    )
    control = (
        [lanes.tag_at("control run", 0, duration_ms, "flag quiet", until_ms=result.control_end_s * 1000)]
        if result.control_end_s
        else []
    )
    over = tag("div", *marks, id="axis")
    plot = lanes.plot("", duration_ms, 2.4, over=join((over, *control, *flags)))
    return lanes.lane("Time", "seconds; numbered: reloads", plot, class_="lane ruler")


def _legend(series: Series) -> Markup:
    entries = (
        ("line p50", "p50"),
        ("line p99", "p99"),
        ("dot max", "maximum"),
        ("box handover", "reload: from its trigger to its last sign of takeover"),
        ("box draining", "old worker still alive"),
        ("box control", "control run"),
        ("box starts", "worker starts"),
        ("box serving", "serves"),
        ("box drains", "drains"),
        ("line opened", "listening socket opened"),
        ("line closed", "closed"),
        ("box gap", "nobody listens"),
    )
    items = (tag("li", tag("i", class_=f"key {kind}"), name) for kind, name in entries)
    fine_ms = series.bucket_ms / MARKS_PER_BUCKET
    caption = (
        f"Latency and rate in buckets of {series.bucket_ms} ms by intended start, victims and resets in buckets "
        f"of {fine_ms:g} ms by their end. Latency leaves out uploads, streams and others that last by design. "
        "Bars grow with the square root of their count. "
    )
    keys = (
        "Keys, once the timeline has the focus: ← → move, Shift ← → pan, + - zoom, 1 to 9 go to a reload, "
        "0 whole run."
    )
    return join(
        (
            tag("ul", *items, class_="legend"),
            tag("p", caption, tag("span", keys, id="keys"), class_="small"),
        )
    )


def _data(result: ProofResult, series: Series) -> dict[str, object]:
    def plain(values: npt.NDArray[np.float64]) -> list[float | None]:
        return [None if math.isnan(v) else round(v, 2) for v in values.tolist()]

    coarse = {
        outcome: counts.reshape(-1, MARKS_PER_BUCKET).sum(axis=1)
        for outcome, counts in series.victims.items()
    }
    return {
        "duration": series.duration_ms,
        "bucket": series.bucket_ms,
        "control": result.control_end_s * 1000,
        "started": series.started.tolist(),
        "answered": series.answered.tolist(),
        "p50": plain(series.p50_ms),
        "p99": plain(series.p99_ms),
        "max": plain(series.max_ms),
        "victims": {o: {str(i): int(n) for i, n in enumerate(counts) if n} for o, counts in coarse.items()},
        "reloads": [
            {
                "number": r.number,
                "t": r.t_s * 1000,
                "view": _view(r),
                "phases": [[PHASE_WORDS[p.name], p.t_ms] for p in sorted(r.phases, key=lambda p: p.t_ms)],
            }
            for r in result.reloads
        ],
        "generations": [
            [
                g.pid,
                *(
                    None if t is None else t * 1000
                    for t in (g.start_s, g.ready_s, g.stopped_listening_s, g.exit_s)
                ),
            ]
            for g in result.generations
        ],
    }
