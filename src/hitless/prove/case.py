"""Everything a verdict is drawn from: what the bundle holds, read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hitless.attempts import OUTCOMES
from hitless.errors import EvidenceError
from hitless.evidence.listeners import UNKNOWN_NAMESPACE, listener_gaps
from hitless.evidence.trace import SET_STATE
from hitless.prove.rows import (
    Baseline,
    Periods,
    divide,
    measure_baseline,
    measure_normal,
    normalise,
    without_streams,
)
from hitless.prove.timeline import Timeline, read_timeline
from hitless.records import ClientClass, EventKind, Workload
from hitless.reload.mechanism import Via

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hitless.evidence.model import Gap
    from hitless.prove.facts import RunFacts
    from hitless.records import Event, Stream

__all__ = ["Case", "KernelEvidence", "build_case", "not_applicable"]

_NEEDS_STATUS = {Workload.WEBSOCKET: 101}


@dataclass(frozen=True, slots=True)
class KernelEvidence:
    """What was watched in the kernel, and how well. `counter_changes` are those of the namespace under reload."""

    source: str = "none"
    lost_events: int = 0
    missing: tuple[str, ...] = ()
    why: str = ""
    counter_changes: tuple[tuple[str, int], ...] = ()

    def watches(self, event: str) -> bool:
        """Whether this trace event was seen all the time, as far as nothing was lost."""
        return self.source == "tracefs" and event not in self.missing


@dataclass(frozen=True, slots=True)
class Case:
    """One run, ready to be judged. `rows` have their outcomes set against what is normal."""

    facts: RunFacts
    events: Sequence[Event]
    kernel: KernelEvidence
    client_class: ClientClass
    timeline: Timeline
    rows: npt.NDArray[np.void]
    raw_outcomes: npt.NDArray[np.uint8]
    """The outcomes as the clients recorded them, row by row."""
    periods: Periods
    baselines: dict[int, Baseline]
    skipped: dict[int, str]
    """Streams that mean nothing for their frontend, by number, and why; their rows belong to no period."""
    lost_attempts: int = 0
    """Attempts that were made and could not be recorded."""

    @property
    def streams(self) -> dict[int, Stream]:
        """The streams by the number that rows refer to."""
        return {stream.number: stream for stream in self.facts.streams}

    @property
    def opened_anew(self) -> frozenset[str]:
        """The endpoints of which a reload opened a new listening socket instead of taking the old one over.

        A reload that failed took nothing over, and a socket that had listened before was only paused meanwhile.
        """
        listened: set[int] = set()
        anew: set[str] = set()
        for event in self.events_of(EventKind.KERNEL_LISTEN):
            reload = self.timeline.reload_at(event.t_ns)
            took_over = reload is not None and not reload.failed and event.t_ns <= reload.done_ns
            if took_over and event.socket not in listened and event.local in self.facts.endpoints:
                anew.add(event.local)
            listened.add(event.socket)
        return frozenset(anew)

    @property
    def all_opened_anew(self) -> bool:
        """Whether every listening socket was opened anew: none was handed over."""
        anew = self.facts.via == Via.SF or self.opened_anew == frozenset(self.facts.endpoints)
        return anew and bool(self.facts.endpoints)

    @property
    def nothing_handed_over(self) -> bool:
        """Whether that is so, and the kernel does not move who waits in the old ones."""
        return self.all_opened_anew and not self.facts.tcp_migrate_req

    def gaps(self, *, possible: bool = False) -> list[Gap]:
        """Return when nobody listened, for certain or possibly, from the control period to the end of the load."""
        if not self.kernel.watches(SET_STATE):
            return []
        return listener_gaps(
            self.events,
            self.facts.endpoints,
            self.timeline.control_start_ns,
            self.timeline.load_stop_ns,
            initially_open=self.facts.initially_open,
            v6_only=self.facts.v6_only,
            possible=possible,
        )

    @property
    def unknown_listeners(self) -> int:
        """How many changes of listening sockets leave it open whether somebody listened: whose they are is unknown."""
        unknown = sum(event.reason == UNKNOWN_NAMESPACE for event in self.events)
        return unknown if unknown and self.gaps() != self.gaps(possible=True) else 0

    def events_of(self, *kinds: EventKind) -> list[Event]:
        """Return the events of these kinds."""
        return [event for event in self.events if event.kind in kinds]


def not_applicable(stream: Stream, rows: npt.NDArray[np.void], periods: Periods) -> str:
    """Return why this workload means nothing for this frontend; "" when it does.

    A frontend that refuses the upgrade to WebSocket is answered for by the other workloads: nothing is lost by leaving
    this one out.
    """
    wanted = _NEEDS_STATUS.get(stream.workload)
    if wanted is None:
        return ""
    control = rows[periods.control & (rows["stream"] == stream.number)]
    answered = control["status"][control["status"] > 0]
    if len(answered) and not (answered == wanted).any():
        return f"it answers {int(answered[0])} to an upgrade"
    return ""


def _check_rows(facts: RunFacts, rows: npt.NDArray[np.void]) -> None:
    known = [stream.number for stream in facts.streams]
    unknown = ~np.isin(rows["stream"], known) | (rows["outcome"] >= len(OUTCOMES))
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise EvidenceError(f"attempt {row} refers to a stream or an outcome that there is not")


def build_case(
    facts: RunFacts,
    events: Sequence[Event],
    rows: npt.NDArray[np.void],
    kernel: KernelEvidence,
    client_class: ClientClass = ClientClass.NAIVE,
    *,
    lost_attempts: int = 0,
) -> Case:
    """Join what a run recorded and measure what was normal in it.

    Raises: EvidenceError if rows refer to what is not there.
    """
    _check_rows(facts, rows)
    timeline = read_timeline(events)
    periods = divide(
        rows,
        control_start_ns=timeline.control_start_ns,
        control_end_ns=timeline.control_end_ns,
        load_stop_ns=timeline.load_stop_ns,
    )
    skipped = {s.number: why for s in facts.streams if (why := not_applicable(s, rows, periods))}
    periods = without_streams(periods, rows, skipped)
    judged = normalise(
        rows, {s.number: measure_normal(rows, periods, s, facts.streams) for s in facts.streams}
    )
    return Case(
        facts=facts,
        events=events,
        kernel=kernel,
        client_class=client_class,
        timeline=timeline,
        rows=judged,
        raw_outcomes=rows["outcome"].copy(),
        periods=periods,
        baselines={s.number: measure_baseline(judged, periods, s) for s in facts.streams},
        skipped=skipped,
        lost_attempts=lost_attempts,
    )
