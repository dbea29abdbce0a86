"""A proof from beginning to end: run it, keep the bundle, judge it. And judge a bundle again."""

from __future__ import annotations

import os
import platform
import secrets
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hitless import __version__
from hitless.clock import now_ns, read_clock_pair
from hitless.config.files import read_files
from hitless.control.binary import find_haproxy
from hitless.errors import EvidenceError, UsageError
from hitless.evidence.abandoned import sweep_abandoned
from hitless.evidence.bundle import Bundle, BundleWriter
from hitless.evidence.bundle_meta import SCHEMA, BundleMeta
from hitless.evidence.haproxy_log import to_event
from hitless.prove.case import KernelEvidence, build_case
from hitless.prove.facts import RunFacts
from hitless.prove.judge import judge
from hitless.prove.protocol import LiveTarget, Progress, ProvePlan
from hitless.prove.supervise import record
from hitless.records import ClientClass, Event, EventKind
from hitless.sandbox.entry import TierKind
from hitless.sandbox.tier import probe_tier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hitless.evidence.model import CounterReading, TraceStatus
    from hitless.prove.options import ProveOptions
    from hitless.prove.protocol import Message
    from hitless.verdict import ProofResult

__all__ = ["prove", "replay_bundle"]

CHILD_EVENT_FILES = ("events-run.jsonl", "events-world.jsonl")
CLIENT_NETWORKS = 250
_ON_LOOPBACK = "HAProxy ran on this host's own loopback, for want of a private namespace; why:"


def prove(options: ProveOptions, show: Callable[[Message], None]) -> tuple[ProofResult, Path]:
    """Run a proof; return its result and where its bundle is.

    Raises: HitlessError of every kind; Interrupted on Ctrl-C and SIGTERM. Nothing is left behind then.
    """
    files = read_files(options.files)
    read_files(options.change_files)
    show(Progress(stage="sandbox"))
    plan = _plan(options)
    clocks, started_ns = read_clock_pair(), now_ns()
    with _new_bundle(options) as writer:
        for file in files:
            writer.add_configuration(file.filename or "", file.to_bytes())
        with _directory(writer.directory) as directory_fd:
            recording = record(plan, directory_fd, show)
        events = _collect_events(writer.directory, recording.kernel_events)
        facts = msgspec.structs.replace(
            recording.finished.facts,
            limitations=(
                *recording.finished.facts.limitations,
                *((_ON_LOOPBACK,) if plan.tier == TierKind.LOOPBACK else ()),
                *plan.tier_why,
                *recording.limitations,
            ),
        )
        writer.write_events(events)
        writer.write_counters(recording.finished.counters)
        writer.write_facts(facts)
        meta = BundleMeta(
            schema=SCHEMA,
            hitless=__version__,
            argv=options.files,
            haproxy_version=facts.haproxy_version,
            haproxy_path=facts.haproxy_path,
            mode=facts.mode,
            via=facts.via,
            tier=facts.tier,
            started_ns=started_ns,
            ended_ns=now_ns(),
            clock_monotonic_ns=clocks.monotonic_ns,
            clock_realtime_ns=clocks.realtime_ns,
            clock_error_ns=clocks.error_ns,
            trace=recording.trace,
            streams=facts.streams,
            stand_ins=facts.stand_ins,
            limitations=facts.limitations,
            sysctls=recording.host_sysctls,
            kernel=platform.release(),
        )
        written = Bundle(writer.directory, _with_attempts(meta, writer.directory))
        result = _judge(written, facts, events, recording.finished.counters, options.client_class)
        writer.write_verdict(result)
        return result, writer.commit(meta)


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
    return msgspec.structs.replace(result, started_at=started.isoformat(timespec="seconds"))


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


def _plan(options: ProveOptions) -> ProvePlan:
    """Return what the child is told."""
    live, tier, haproxy = None, "live", ""
    why: tuple[str, ...] = ()
    if options.url is not None:
        live = LiveTarget(url=options.url, reload_command=options.reload_command, remote=options.remote)
    else:
        found = probe_tier()
        tier, why = found.kind, found.why
        haproxy = find_haproxy(options.haproxy).path
    return ProvePlan(
        tier=tier,
        tier_why=why,
        files=options.files,
        change_files=options.change_files,
        haproxy=haproxy,
        mode=options.mode,
        via=options.via,
        extra_arguments=options.extra_arguments,
        environment=options.environment,
        working_directory=str(Path.cwd()),
        reloads=options.reloads,
        control_s=options.control_s,
        spacing_s=options.spacing_s,
        settle_s=options.settle_s,
        requests=options.requests,
        connections=options.connections,
        rate_per_s=options.rate_per_s,
        full_rate=options.full_rate,
        workloads=options.workloads,
        sysctls=options.sysctls,
        client_network=1 + secrets.randbelow(CLIENT_NETWORKS),
        live=live,
    )


def _new_bundle(options: ProveOptions) -> BundleWriter:
    """Raises: UsageError if the bundle cannot be where it was asked for."""
    path = Path(time.strftime("prove-%Y%m%d-%H%M%S") if options.output is None else options.output)
    hint = "Choose with --output where the bundle goes: a new directory, in one that you may write."
    if path.name in {"", ".."} or os.path.lexists(path):
        raise UsageError(f"The bundle cannot be made: {options.output!r} is there already.", hint=hint)
    sweep_abandoned(path.parent)
    try:
        return BundleWriter(path)
    except EvidenceError as error:
        raise UsageError(error.message, hint=error.hint or hint) from error


@contextmanager
def _directory(path: Path) -> Iterator[int]:
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
