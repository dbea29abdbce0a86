"""Invalid messages and connections that failed before their first request, those alike joined. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hitless.explain.analysis.spans import Span
from hitless.explain.error_snapshots import Snapshot
from hitless.explanations import Counting, Fault, FaultKind, Quote
from hitless.logged import LinePlace, Traffic
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["FailedConnections", "describe_failure", "find_faults", "may_have_failed"]

_NEAR_NS = 60 * NANOSECONDS_PER_SECOND
_MOST_CLIENTS = 5
_MOST_QUOTES = 3
_NOTHING = frozenset({"", "-", "0"})
_REFUSED = "PR"


@dataclass(frozen=True, slots=True)
class FailedConnections:
    """Lines about connections that failed. Of so many like each there are `each` (1.0: all were read)."""

    lines: Sequence[Traffic] = ()
    each: float = 1.0


@dataclass(slots=True)
class _Sighting:
    """One of what is joined to faults."""

    kind: FaultKind
    what: str
    t_ns: int
    frontend: str
    backend: str
    server: str
    client: str
    each: float = 1.0
    place: LinePlace | None = None
    quote: Quote | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return (self.kind, self.what, self.frontend, self.backend, self.server)


def may_have_failed(status: int, termination: str) -> bool:
    """Whether a line with these may be about a connection that failed before its first request."""
    return status <= 0 and (not termination or termination.startswith(_REFUSED))


def describe_failure(line: Traffic, error_formats: frozenset[str]) -> str:
    """Return why a connection failed before its first request; "" for a line about something else.

    Source: HAProxy 2.5 to 3.4 doc/configuration.txt 8.2.5, `error-log-format`, `fc_err` (0 where nothing failed).
    """
    if not may_have_failed(line.status, line.termination):
        return ""
    if line.error and line.error not in _NOTHING:
        return line.error
    said = [value for name, value in line.other.items() if "err" in name.lower() and value not in _NOTHING]
    words = " ".join(dict.fromkeys(value for value in said if not value.isdecimal()))
    if line.format_name in error_formats:
        return words or "no reason in its format"
    return words if line.other.get("fc_err", "") not in _NOTHING else ""


def find_faults(
    snapshots: Iterable[tuple[str, Snapshot]],
    failed: FailedConnections,
    error_formats: frozenset[str],
    spans: Sequence[Span],
) -> list[tuple[Fault, tuple[LinePlace, ...]]]:
    """Return the faults in order of time, each with the places of lines that show it."""
    sightings = [_of_snapshot(name, snapshot) for name, snapshot in snapshots]
    sightings += [_of_line(line, failed.each, error_formats) for line in failed.lines]
    sightings.sort(key=lambda one: one.t_ns)
    joined: list[list[_Sighting]] = []
    last: dict[tuple[str, ...], list[_Sighting]] = {}
    for one in sightings:
        before = last.get(one.key)
        if before is None or one.t_ns - before[-1].t_ns > _NEAR_NS:
            before = last[one.key] = []
            joined.append(before)
        before.append(one)
    return [_fault(alike, spans) for alike in joined]


def _fault(alike: Sequence[_Sighting], spans: Sequence[Span]) -> tuple[Fault, tuple[LinePlace, ...]]:
    first = alike[0]
    second = first.t_ns // NANOSECONDS_PER_SECOND
    number = next((s.number for s in reversed(spans) if s.begin_s <= second < s.end_s), 0)
    fault = Fault(
        kind=first.kind,
        what=first.what,
        first_ns=first.t_ns,
        last_ns=alike[-1].t_ns,
        count=max(1, round(sum(one.each for one in alike))),
        counting=Counting.COUNTED if all(one.each == 1.0 for one in alike) else Counting.ESTIMATED,
        frontend=first.frontend,
        backend=first.backend,
        server=first.server,
        clients=tuple(dict.fromkeys(one.client for one in alike if one.client))[:_MOST_CLIENTS],
        event=number,
        quotes=tuple(one.quote for one in alike if one.quote is not None)[:_MOST_QUOTES],
    )
    return fault, tuple(one.place for one in alike if one.place is not None)[:_MOST_QUOTES]


def _of_snapshot(name: str, snapshot: Snapshot) -> _Sighting:
    text = f"byte {snapshot.position} of {snapshot.size_bytes}: {snapshot.line}".removesuffix(": ")
    return _Sighting(
        kind=snapshot.kind,
        what=snapshot.what,
        t_ns=snapshot.at.t_ns,
        frontend=snapshot.frontend,
        backend=snapshot.backend,
        server=snapshot.server,
        client=_address(snapshot.client),
        quote=Quote(source=name, offset=snapshot.offset, text=text, t_ns=snapshot.at.t_ns),
    )


def _of_line(line: Traffic, each: float, error_formats: frozenset[str]) -> _Sighting:
    return _Sighting(
        kind=FaultKind.CONNECTION_FAILED,
        what=describe_failure(line, error_formats),
        t_ns=(line.accepted or line.at).t_ns,
        frontend=line.frontend,
        backend="",
        server="",
        client=_address(line.client),
        each=each,
        place=line.place,
    )


def _address(client: str) -> str:
    """Return an endpoint without its port: each connection of a client has another."""
    address, _, port = client.rpartition(":")
    return address.strip("[]") if address and port.isdecimal() else client
