"""From inputs to the answer: scan, find the changes, look at each beside the usual, name causes, tell the story."""

from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from hitless import __version__
from hitless.errors import EvidenceError
from hitless.explain.analysis.captured import CaptureEvidence, share_out
from hitless.explain.analysis.clocks import Estimate, estimate_offset, pairs_of_capture, pairs_of_log
from hitless.explain.analysis.joined import join_all
from hitless.explain.analysis.ledger import Ledger
from hitless.explain.analysis.loose_victims import name_loose_causes
from hitless.explain.analysis.order import describe_disorder
from hitless.explain.analysis.proofs import Proof, find_proven, name_causes_between, processes_of
from hitless.explain.analysis.spans import plan_spans
from hitless.explain.analysis.story import conclude, tell
from hitless.explain.analysis.unknowns import find_blind_spots
from hitless.explain.analysis.unread import count_not_understood
from hitless.explain.detect.detect import detect_changes
from hitless.explain.events import Findings, explain_event
from hitless.explain.failed_connections import explain_faults
from hitless.explain.inputs.applications import ApplicationEvidence, read_applications
from hitless.explain.inputs.captures import read_captures
from hitless.explain.inputs.chosen import Chosen
from hitless.explain.inputs.errors import read_errors
from hitless.explain.inputs.logs import count_lines, open_chosen
from hitless.explain.inputs.proofs import read_proofs
from hitless.explain.inputs.read_words import name_inputs
from hitless.explain.scan.census import Census
from hitless.explain.scan.run import Progress
from hitless.explain.sources.log_set import LogSet
from hitless.explain.troubled import read_troubled
from hitless.explain.window import Window, read_entries, sample_file
from hitless.explanations import ClockOffset, ExplainedEvent, Explanation, ZoneChange
from hitless.logged import Clock, Entry, Traffic
from hitless.reloads import Receipt
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["explain"]

_SAMPLE_LINES = 500
_KEPT_UNKNOWN = 200
"""So many lines that are not understood a scan keeps of each part of a log."""
_SAMPLE_OF_CAPTURE = 20_000
_WORTH_TAKING_OFF_NS = 20 * NANOSECONDS_PER_MILLISECOND


def explain(
    chosen: Chosen, receipts: Sequence[Receipt] = (), *, progress: Progress = lambda _: None
) -> Explanation:
    """Return what happened, by these inputs.

    Raises: EvidenceError if one that was named cannot be read, or there is none; UsageError for a pattern or a listener
    that is none.
    """
    _require_inputs(chosen, receipts)
    proofs = read_proofs(chosen.proofs)
    errors = read_errors(chosen.errors, chosen.read.clock, chosen.window)
    with open_chosen(chosen) as logs:
        census = count_lines(logs, chosen, progress)
        findings = _find(chosen, logs, census, receipts, proofs)
        capture = read_captures(chosen.captures, chosen.listeners) if chosen.captures else None
        samples = _sample(logs, chosen)
        clocks = _log_clocks(samples)
        if capture is not None:
            clocks = (*clocks, *_join_capture(logs, capture, findings))
        if chosen.applications:
            findings.application = _read_applications(chosen, findings)
        findings.faults = explain_faults(logs, census, errors, findings.ledger.spans)
        events = tuple(explain_event(logs, findings, index) for index in range(len(findings.ledger.spans)))
        inputs = name_inputs(
            chosen, logs, census, capture, findings.application, receipts, proofs=proofs, errors=errors
        )
        answer = _assemble(chosen, findings, events, proofs, capture)
        disorder = [describe_disorder(name, entries) for name, entries in samples]
        notes = (*answer.notes, *filter(None, disorder))
        return replace(answer, inputs=inputs, clocks=clocks, notes=notes)


def _require_inputs(chosen: Chosen, receipts: Sequence[Receipt]) -> None:
    if not (_has_logs(chosen) or chosen.captures or chosen.proofs or chosen.errors or receipts):
        raise EvidenceError(
            "There is nothing to look at.",
            hint="Name a log, a journal's export or a capture: hitless explain FILE",
        )


def _find(
    chosen: Chosen, logs: LogSet, census: Census, receipts: Sequence[Receipt], proofs: Sequence[Proof]
) -> Findings:
    """Return the changes that logs, receipts and proofs show, and the lines that ended badly at them."""
    found = detect_changes(census.processes, census.messages, census.services)
    proven = [reload for reload in find_proven(proofs) if chosen.window.has(reload.change.at)]
    joined = join_all(found.changes, receipts, proven)
    spans = plan_spans(joined.changes)
    ledger = Ledger(census, spans)
    lines = read_troubled(logs, ledger, spans)
    return Findings(ledger, found, lines, joined.receipts, joined.proven)


def _has_logs(chosen: Chosen) -> bool:
    return bool(chosen.logs or chosen.units or chosen.journal_directories)


def _sample(logs: LogSet, chosen: Chosen) -> list[tuple[str, list[Entry]]]:
    """Return some lines of each log, by its name."""
    return [(file.name, list(sample_file(logs, file, chosen.window, _SAMPLE_LINES))) for file in logs.files]


def _log_clocks(samples: Sequence[tuple[str, Sequence[Entry]]]) -> tuple[ClockOffset, ...]:
    """Return how far the stamps of each log are from HAProxy's own dates in it."""
    found = []
    for name, entries in samples:
        lines = [entry for entry in entries if isinstance(entry, Traffic)]
        estimate = estimate_offset(pairs_of_log(lines))
        if estimate is not None:
            found.append(_offset(name, lines[0].at.clock, estimate))
    return tuple(found)


def _offset(name: str, clock: Clock, estimate: Estimate, *, applied: bool = False) -> ClockOffset:
    return ClockOffset(
        name=name,
        clock=clock,
        offset_ns=estimate.offset_ns,
        error_ns=estimate.error_ns,
        pairs=estimate.pairs,
        applied=applied,
    )


def _join_capture(logs: LogSet, capture: CaptureEvidence, findings: Findings) -> list[ClockOffset]:
    """Share a capture out to the events, with its clock set to HAProxy's."""
    window = Window(
        capture.totals.first_ns - 60 * NANOSECONDS_PER_SECOND,
        capture.totals.last_ns + 60 * NANOSECONDS_PER_SECOND,
    )
    sample = [e for e in islice(read_entries(logs, window), _SAMPLE_OF_CAPTURE) if isinstance(e, Traffic)]
    estimate = estimate_offset(pairs_of_capture(capture.begun, sample)) if logs.files else None
    applied = estimate is not None and abs(estimate.offset_ns) > max(estimate.error_ns, _WORTH_TAKING_OFF_NS)
    findings.capture_offset_ns = estimate.offset_ns if estimate is not None and applied else 0
    logged = {line.client: line for line in sample}
    logged |= {line.client: line for lines in findings.lines.values() for line in lines}
    findings.captured, findings.loose_victims = share_out(
        capture, findings.ledger.spans, findings.capture_offset_ns, logged
    )
    return [_offset("the capture", Clock.NONE, estimate, applied=applied)] if estimate is not None else []


def _read_applications(chosen: Chosen, findings: Findings) -> ApplicationEvidence:
    ids = {line.request_id for lines in findings.lines.values() for line in lines if line.request_id}
    return read_applications(chosen.applications, chosen.patterns, chosen.read, chosen.window, ids)


def _assemble(
    chosen: Chosen,
    findings: Findings,
    events: tuple[ExplainedEvent, ...],
    proofs: Sequence[Proof],
    capture: CaptureEvidence | None,
) -> Explanation:
    ledger, census, found = findings.ledger, findings.ledger.census, findings.found
    totals, elsewhere = ledger.totals(), ledger.elsewhere()
    causes_elsewhere = (
        *name_loose_causes(findings.loose_victims, findings.exhausted_elsewhere()),
        *name_causes_between(proofs),
    )
    captured_connections = capture.totals.connections if capture is not None else 0
    judgement = conclude(events, causes_elsewhere, totals.lines + captured_connections)
    first_ns, last_ns = findings.extent(capture)
    return Explanation(
        tool_version=__version__,
        judgement=judgement,
        story=tell(
            judgement, events, causes_elsewhere, totals, elsewhere, captured_connections, findings.faults
        ),
        since_ns=chosen.window.since_ns,
        until_ns=chosen.window.until_ns,
        first_ns=first_ns,
        last_ns=last_ns,
        totals=totals,
        events=events,
        elsewhere=elsewhere,
        causes_elsewhere=causes_elsewhere,
        faults=tuple(findings.faults),
        generations=(*found.generations, *processes_of(proofs, found.generations)),
        blind=found.blind if _has_logs(chosen) else (),
        not_known=find_blind_spots(found.blind) if _has_logs(chosen) or chosen.captures else (),
        captures=capture.totals if capture is not None else None,
        skipped=(*census.skipped, *count_not_understood(census.unknown, most=_KEPT_UNKNOWN)),
        notes=(*chosen.notes, *census.notes),
        zone=chosen.read.clock.name,
        zone_offset_s=chosen.read.clock.offset_s(first_ns),
        zone_changes=tuple(ZoneChange(*change) for change in chosen.read.clock.changes(first_ns, last_ns)),
    )
