"""Small values of the evidence that a bundle keeps and a report shows."""

from hitless.records import Record

__all__ = ["CounterReading", "Gap", "TraceStatus"]


class TraceStatus(Record, frozen=True):
    """What the kernel could be asked, and what is missing from its answer."""

    source: str
    """"tracefs": every reset and listener change was seen; "counters": only sums; "none"."""
    missing: tuple[str, ...] = ()
    """Trace events that this kernel does not have, e.g. "tcp/tcp_send_reset"."""
    why: str = ""
    """Why the source is not "tracefs"."""
    lost_events: int = 0
    """Events that the kernel or hitless had no room for; above 0 the evidence is incomplete."""
    resets_by_clients: int = 0
    """Resets that clients sent to the proxy: counted, not kept, and no harm to a client."""


class Gap(Record, frozen=True):
    """A time in which no listening socket served an endpoint. Units: nanoseconds, CLOCK_MONOTONIC."""

    endpoint: str
    start_ns: int
    end_ns: int

    @property
    def duration_ns(self) -> int:
        """How long nobody listened."""
        return self.end_ns - self.start_ns


class CounterReading(Record, frozen=True):
    """The kernel's network counters of one namespace at one moment, by name ("TcpExt.ListenOverflows")."""

    t_ns: int
    label: str
    """Which moment of the run, e.g. "before control", "reload 1"."""
    values: dict[str, int]
