"""The page: one file that needs nothing but itself, in which only its own script can run.

The content security policy names that script by its hash: text that slipped into the page could not execute,
load or send anything (CSP Level 3, section 2.3.1).
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from hitless.report.html.markup import raw, tag
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
    script, style = _asset("report.js"), _asset("report.css")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{headline(result)} · hitless prove · {result.started_at}"),
        tag("style", raw(style)),
    )
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
    body = tag("body", main, render_footer(result), tag("script", raw(script)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _asset(name: str) -> str:
    return resources.files("hitless.report").joinpath("assets", name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
