"""What a bundle says about itself: `meta.json`."""

import msgspec

from hitless.evidence.model import TraceStatus
from hitless.records import Record, StandIn, Stream

__all__ = ["SCHEMA", "BundleMeta", "ConfigurationFile"]

SCHEMA = 1
"""Grows when a field changes its meaning or goes; new fields do not need it."""


class ConfigurationFile(Record, frozen=True):
    """A configuration file whose bytes are in the bundle."""

    name: str
    """The path as it was given."""
    sha256: str
    stored_as: str
    """Its file name in the bundle's `config` directory."""


class BundleMeta(Record, frozen=True):
    """How the evidence came about. Units: `…_ns` are CLOCK_MONOTONIC unless the name says realtime."""

    schema: int
    hitless: str
    """Version of hitless."""
    argv: tuple[str, ...]
    haproxy_version: str
    haproxy_path: str
    mode: str
    """"master-worker" or "classic"."""
    via: str
    """How the reloads were done: "usr2", "master-cli", "sf-x", …"""
    tier: str
    """What the sandbox could be: "root", "userns", "loopback", "live"."""
    started_ns: int
    ended_ns: int
    clock_monotonic_ns: int
    """With `clock_realtime_ns`: both clocks at one moment, to show wall time."""
    clock_realtime_ns: int
    clock_error_ns: int
    trace: TraceStatus
    files: tuple[ConfigurationFile, ...] = ()
    streams: tuple[Stream, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    limitations: tuple[str, ...] = ()
    """What this run could not do or see, in sentences."""
    sysctls: dict[str, str] = msgspec.field(default_factory=dict)
    """Kernel settings that change what a reload does, e.g. "net.ipv4.tcp_migrate_req"."""
    kernel: str = ""
    """Kernel release."""
    attempts_files: int = 0
    """How many `attempts-N.bin` there are, from 0."""

    def realtime_of(self, monotonic_ns: int) -> int:
        """Return CLOCK_REALTIME at a moment of the run, exact to `clock_error_ns` unless it was set meanwhile."""
        return self.clock_realtime_ns + monotonic_ns - self.clock_monotonic_ns
