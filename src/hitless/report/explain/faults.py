"""Invalid messages and failed connections in words, as every form of an explanation shows them."""

from collections.abc import Iterable

from hitless.explanations import Counting, Fault, FaultKind
from hitless.report.explain.words import Times
from hitless.report.wording import plural
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["FAULT_HEAD", "fault_cells", "fault_words", "quote_words"]

FAULT_HEAD = ("what", "where", "what was wrong", "how often", "from")
_KINDS = {
    FaultKind.INVALID_REQUEST: "invalid request",
    FaultKind.INVALID_RESPONSE: "invalid response",
    FaultKind.CONNECTION_FAILED: "failed connection",
}


def fault_words(fault: Fault, times: Times) -> str:
    """Return a fault in one line."""
    kind, where, what, often, clients = fault_cells(fault, times)
    often = f" ({often})" if fault.count > 1 else ""
    return f"{kind} · {where}: {what}{often}{f', from {clients}' if clients else ''}"


def fault_cells(fault: Fault, times: Times) -> tuple[str, ...]:
    """Return what it was, where, what was wrong, how often, from whom: as `FAULT_HEAD` names them."""
    server = "/".join(filter(None, (fault.backend, fault.server)))
    where = " to ".join(filter(None, (fault.frontend, server))) or "-"
    about = "about " if fault.counting is Counting.ESTIMATED else ""
    often = about + plural(fault.count, "time")
    if fault.last_ns - fault.first_ns >= NANOSECONDS_PER_SECOND:
        often += f" until {times.when(fault.last_ns)}"
    return _KINDS[fault.kind], where, fault.what, often, ", ".join(fault.clients)


def quote_words(faults: Iterable[Fault]) -> list[str]:
    """Return the raw lines behind faults, each once, with their places."""
    lines = (f"{q.source}:{q.offset}  {q.text}" for fault in faults for q in fault.quotes)
    return list(dict.fromkeys(lines))
