"""How far one clock is ahead of another, by what both stamped, with the bound of the error. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from hitless.logged import Moment, Traffic
from hitless.units import NANOSECONDS_PER_MILLISECOND

__all__ = ["Estimate", "estimate_offset", "pairs_of_capture", "pairs_of_log"]

_FEWEST = 3
_FEW = 10
_READ_LATE_NS = 5 * NANOSECONDS_PER_MILLISECOND


@dataclass(frozen=True, slots=True)
class Estimate:
    """The offset lies within `error_ns` of `offset_ns`."""

    offset_ns: int
    error_ns: int
    pairs: int


def estimate_offset(pairs: Iterable[tuple[int, int]]) -> Estimate | None:
    """Return the offset that intervals, each of which should hold it, leave; None of too few.

    Where some do not overlap (lines that were held up, ports that were used twice) the middle of most of them is taken,
    and their spread is the error.
    """
    found = list(pairs)
    if len(found) < _FEWEST:
        return None
    low, high = max(low for low, _ in found), min(high for _, high in found)
    if low <= high:
        return Estimate((low + high) // 2, (high - low + 1) // 2, len(found))
    middles = sorted((low + high) // 2 for low, high in found)
    widest = max((high - low + 1) // 2 for low, high in found)
    spread = _spread(middles)
    return Estimate(int(median(middles)), max(widest, spread), len(found))


def _spread(values: Sequence[int]) -> int:
    if len(values) < _FEW:
        return values[-1] - values[0]
    tenths = quantiles(values, n=10)
    return int(tenths[-1] - tenths[0])


def pairs_of_log(lines: Iterable[Traffic]) -> Iterable[tuple[int, int]]:
    """Yield for each line how far the clock of its stamp may be ahead of HAProxy's own date and times."""
    for line in lines:
        total_ms = next((t for name in ("Ta", "Tt") if (t := line.timers_ms.get(name, -1)) >= 0), -1)
        if line.accepted is None or total_ms < 0 or line.early or line.at.clock is line.accepted.clock:
            continue
        ended_ns = line.accepted.t_ns + total_ms * NANOSECONDS_PER_MILLISECOND
        yield (
            line.at.t_ns - ended_ns - line.accepted.error_ns - NANOSECONDS_PER_MILLISECOND,
            line.at.latest_ns - ended_ns,
        )


def pairs_of_capture(begun: Mapping[str, int], lines: Iterable[Traffic]) -> Iterable[tuple[int, int]]:
    """Yield for each client that is captured, too, how far the capture's clock may be ahead of HAProxy's.

    `begun` has when its last request began, by client; of its lines the last one counts.
    """
    last: dict[str, Moment] = {}
    for line in lines:
        if line.accepted is not None and line.client in begun:
            known = last.get(line.client)
            last[line.client] = line.accepted if known is None or known.t_ns <= line.accepted.t_ns else known
    for client, accepted in last.items():
        # HAProxy stamps a request when it has read its first bytes: so late after the wire.
        yield begun[client] - accepted.latest_ns - _READ_LATE_NS, begun[client] - accepted.t_ns
