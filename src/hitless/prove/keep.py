"""Keep what a run brought in a bundle, and judge it; and judge a bundle again. Nothing is run here."""

from __future__ import annotations

import os
import platform
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from hitless import __version__
from hitless.clock import now_ns, read_clock_pair
from hitless.errors import EvidenceError
from hitless.evidence.bundle import Bundle
from hitless.evidence.bundle_meta import SCHEMA, BundleMeta
from hitless.evidence.haproxy_log import to_event
from hitless.prove.case import KernelEvidence, build_case
from hitless.prove.facts import RunFacts
from hitless.prove.judge import judge
from hitless.records import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from hitless.clock import ClockPair
    from hitless.evidence.bundle import BundleWriter
    from hitless.evidence.model import CounterReading, TraceStatus
    from hitless.prove.supervise import Recording
    from hitless.records import ClientClass
    from hitless.verdict import ProofResult

__all__ = ["Moment", "bundle_directory", "keep", "replay_bundle", "start_of_run"]

CHILD_EVENT_FILES = ("events-run.jsonl", "events-world.jsonl")


@dataclass(frozen=True, slots=True)
class Moment:
    """When a run began, on both clocks."""

    clocks: ClockPair
    started_ns: int


def start_of_run() -> Moment:
    """Return this moment."""
    return Moment(read_clock_pair(), now_ns())


def keep(
    writer: BundleWriter,
    recording: Recording,
    moment: Moment,
    client_class: ClientClass,
    arguments: tuple[str, ...],
    limitations: tuple[str, ...] = (),
) -> tuple[ProofResult, BundleMeta]:
    """Write a run into its bundle and judge it; the bundle is whole once the caller commits it with what is returned.

    `arguments` are what the user named; `limitations` come on top of those that the run found.

    Raises: EvidenceError if the run conducted nothing that could be judged.
    """
    facts, trace = recording.finished.facts, recording.trace
    if facts is None or trace is None:
        raise EvidenceError("The run has ended without asking for the kernel's evidence.")
    events = _collect_events(writer.directory, recording.kernel_events)
    facts = msgspec.structs.replace(
        facts, limitations=(*facts.limitations, *limitations, *recording.limitations)
    )
    writer.write_events(events)
    writer.write_counters(recording.finished.counters)
    writer.write_facts(facts)
    meta = BundleMeta(
        schema=SCHEMA,
        hitless=__version__,
        argv=arguments,
        haproxy_version=facts.haproxy_version,
        haproxy_path=facts.haproxy_path,
        mode=facts.mode,
        via=facts.via,
        tier=facts.tier,
        started_ns=moment.started_ns,
        ended_ns=now_ns(),
        clock_monotonic_ns=moment.clocks.monotonic_ns,
        clock_realtime_ns=moment.clocks.realtime_ns,
        clock_error_ns=moment.clocks.error_ns,
        trace=trace,
        streams=facts.streams,
        stand_ins=facts.stand_ins,
        limitations=facts.limitations,
        sysctls=recording.host_sysctls,
        kernel=platform.release(),
    )
    written = Bundle(writer.directory, _with_attempts(meta, writer.directory))
    result = _judge(written, facts, events, recording.finished.counters, client_class)
    writer.write_verdict(result)
    return result, meta


def replay_bundle(path: Path, client_class: ClientClass) -> ProofResult:
    """Judge a bundle again; nothing is run and the bundle stays as it is.

    Raises: EvidenceError if it is no bundle or is damaged.
    """
    bundle = Bundle.open(path)
    return _judge(bundle, bundle.facts(RunFacts), list(bundle.events()), bundle.counters(), client_class)


def _judge(
    bundle: Bundle,
    facts: RunFacts,
    events: Sequence[Event],
    counters: Sequence[CounterReading],
    client_class: ClientClass,
) -> ProofResult:
    meta = bundle.meta
    case = build_case(
        facts,
        events,
        bundle.attempts(),
        _kernel(meta.trace, counters),
        client_class,
        lost_attempts=bundle.lost_attempts(),
    )
    started = datetime.fromtimestamp(meta.clock_realtime_ns / 1e9, UTC)
    result = judge(case, hitless_version=meta.hitless)
    return msgspec.structs.replace(
        result,
        started_at=started.isoformat(timespec="seconds"),
        origin_realtime_ns=meta.realtime_of(result.origin_ns),
    )


def _with_attempts(meta: BundleMeta, directory: Path) -> BundleMeta:
    return msgspec.structs.replace(meta, attempts_files=sum(1 for _ in directory.glob("attempts-*.bin")))


def _kernel(trace: TraceStatus, counters: Sequence[CounterReading]) -> KernelEvidence:
    moved: dict[str, int] = {}
    by_label = {reading.label: reading.values for reading in counters}
    if "control end" in by_label and "load stop" in by_label:
        before, after = by_label["control end"], by_label["load stop"]
        moved = {
            name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)
        }
    source = trace.source if trace.source == "tracefs" or not counters else "counters"
    return KernelEvidence(source, trace.lost_events, trace.missing, trace.why, tuple(sorted(moved.items())))


@contextmanager
def bundle_directory(path: Path) -> Iterator[int]:
    """Yield a descriptor of a bundle's directory, which the child writes into."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _collect_events(directory: Path, kernel_events: Iterable[Event]) -> list[Event]:
    """Return all events in order of time; log lines are parsed here. The child's own files are removed."""
    decoder = msgspec.json.Decoder(Event)
    events = list(kernel_events)
    for name in CHILD_EVENT_FILES:
        path = directory / name
        if path.exists():
            with path.open("rb") as file:
                events += (_parsed(decoder.decode(line)) for line in file)
            path.unlink()
    return sorted(events, key=lambda event: event.t_ns)


def _parsed(event: Event) -> Event:
    if event.kind is EventKind.LOG_LINE and not event.remote:
        return to_event(event.t_ns, event.text.encode())
    return event
