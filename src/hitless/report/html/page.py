"""The page of a proof: its sections in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.report.html.frame import document, read_asset
from hitless.report.html.markup import tag
from hitless.report.html.sections import render_causes, render_footer, render_header, render_notes
from hitless.report.html.series import find_victims
from hitless.report.html.tables import render_coverage, render_reloads, render_workloads
from hitless.report.html.timeline import render_timeline
from hitless.report.html.victims import render_events, render_victims
from hitless.report.wording import headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from hitless.records import Event, Stream
    from hitless.verdict import ProofResult

__all__ = ["render_html"]


def render_html(
    result: ProofResult,
    attempts: npt.NDArray[np.void],
    streams: Sequence[Stream],
    events: Sequence[Event],
    *,
    victims: npt.NDArray[np.bool_] | None = None,
) -> str:
    """Return the report of a bundle as one HTML document, under 1 MB for a run of ordinary size.

    `victims` says for each row of `attempts` whether the judge found it hurt; without it the outcomes
    of the rows decide (`find_victims`).
    """
    hurt = find_victims(result, attempts, streams) if victims is None else victims
    main = tag(
        "main",
        render_header(result),
        render_causes(result),
        render_timeline(result, attempts, streams, events, hurt),
        render_workloads(result),
        render_reloads(result),
        render_coverage(result),
        render_notes(result),
        render_victims(result),
        render_events(result, events),
    )
    return document(
        f"{headline(result)} · hitless prove · {result.started_at}",
        main,
        render_footer(result),
        style=read_asset("report.css"),
        script=read_asset("report.js"),
    )
