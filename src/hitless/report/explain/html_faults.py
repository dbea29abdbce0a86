"""Invalid messages and failed connections on the page of an explanation."""

from collections.abc import Sequence

from hitless.explanations import Fault
from hitless.report.explain.faults import FAULT_HEAD, fault_cells, quote_words
from hitless.report.explain.words import Times
from hitless.report.html.markup import Markup, raw, tag
from hitless.report.html.tables import table
from hitless.units import format_count

__all__ = ["render_faults"]

_MOST = 500
_TITLE = "Invalid messages and failed connections"


def render_faults(faults: Sequence[Fault], times: Times) -> Markup:
    """Return their table, in order of time, with the raw lines behind them on demand."""
    if not faults:
        return raw("")
    head = (("time", "nowrap"), *((name, "") for name in FAULT_HEAD), ("event", "n"))
    rows = (
        (
            f"{times.day(fault.first_ns)} {times.clock_ms(fault.first_ns)}",
            *fault_cells(fault, times),
            tag("a", str(fault.event), href=f"#event-{fault.event}") if fault.event else "",
        )
        for fault in faults[:_MOST]
    )
    left = len(faults) - _MOST
    more = tag("p", f"And {format_count(left)} more: --format json has all.") if left > 0 else ""
    lines = quote_words(faults[:_MOST])
    quotes = tag("details", tag("summary", "Lines"), tag("pre", "\n".join(lines))) if lines else ""
    return tag("section", tag("h2", _TITLE), table(_TITLE, head, rows), more, quotes, id="faults")
