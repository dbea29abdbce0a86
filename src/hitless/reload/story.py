"""What happens during one reload, collected as it happens: what the receipt is made of."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.records import EventKind
from hitless.reloads import ConfigurationChange, Phase
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.records import Event
    from hitless.reload.choice import Choice
    from hitless.reload.takeover import Proof
    from hitless.reloads import (
        ClientEffects,
        DrainForecast,
        GuardResult,
        ListenerChange,
        PreflightCheck,
        RollbackResult,
    )

__all__ = ["Story"]

_NAMES = {
    EventKind.PROCESS_START: "new process started",
    EventKind.LISTENERS_OWNED: "new process holds every listening socket",
    EventKind.LISTENERS_RELEASED: "old process stopped listening",
    EventKind.FIRST_ACCEPT: "new process accepted a connection",
    EventKind.PROCESS_EXIT: "process ended",
}


@dataclass(slots=True)
class Story:
    """Filled by the driver; see `hitless.reloads.Receipt` for what each field says."""

    started_ns: int = field(default_factory=now_ns)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    triggered_ns: int = 0
    phases: list[Phase] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    checks: tuple[PreflightCheck, ...] = ()
    planned_listeners: tuple[ListenerChange, ...] = ()
    listeners: tuple[ListenerChange, ...] = ()
    change: ConfigurationChange = field(default_factory=ConfigurationChange)
    choice: Choice | None = None
    proof: Proof | None = None
    old_pids: tuple[int, ...] = ()
    clients: ClientEffects | None = None
    guard: GuardResult | None = None
    rollback: RollbackResult | None = None
    drain: tuple[DrainForecast, ...] = ()
    steps: tuple[str, ...] = ()
    coalesced: int = 0
    recovered: str = ""

    @contextlib.contextmanager
    def phase(self, name: str, detail: str = "") -> Iterator[None]:
        """Record how long the block took, also where it fails."""
        start = now_ns()
        try:
            yield
        finally:
            self.phases.append(
                Phase(
                    name=name, start_ns=start - self.started_ns, duration_ns=now_ns() - start, detail=detail
                )
            )

    def emit(self, event: Event) -> None:
        """Take an event of the takeover (`hitless.reload.phases`)."""
        self.events.append(event)

    def seen(self) -> tuple[Phase, ...]:
        """Return all phases in order, with the moments of the takeover as phases since the trigger."""
        moments = [
            Phase(
                name=_NAMES.get(event.kind, str(event.kind)),
                start_ns=event.t_ns - self.started_ns,
                duration_ns=0,
                detail=f"pid {event.pid}, {(event.t_ns - self.triggered_ns) / 1e6:.0f} ms after the trigger",
            )
            for event in self.events
            if self.triggered_ns
        ]
        return tuple(sorted([*self.phases, *moments], key=lambda phase: phase.start_ns))

    @property
    def duration_s(self) -> float:
        """Since the start."""
        return (now_ns() - self.started_ns) / NANOSECONDS_PER_SECOND
