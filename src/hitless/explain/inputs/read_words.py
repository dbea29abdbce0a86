"""What was read: each input with its size, how much it held, and when. Pure."""

from collections.abc import Sequence

from hitless.explain.analysis.captured import CaptureEvidence
from hitless.explain.analysis.proofs import Proof
from hitless.explain.inputs.applications import ApplicationEvidence
from hitless.explain.inputs.chosen import Chosen
from hitless.explain.inputs.errors import ErrorEvidence
from hitless.explain.scan.census import Census
from hitless.explain.sources.log_set import LogSet
from hitless.explain.sources.standard_input import name_of
from hitless.explanations import InputKind, InputRead
from hitless.reloads import Receipt
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["name_inputs"]


def name_inputs(
    chosen: Chosen,
    logs: LogSet,
    census: Census,
    capture: CaptureEvidence | None,
    application: ApplicationEvidence | None,
    receipts: Sequence[Receipt],
    *,
    proofs: Sequence[Proof] = (),
    errors: ErrorEvidence | None = None,
) -> tuple[InputRead, ...]:
    """Return all inputs; the logs first, each at the place of its number."""
    found = [_log(chosen, logs, number) for number in range(len(logs.files))]
    if len(found) == 1:
        found = [InputRead(kind=found[0].kind, name=found[0].name, size_bytes=found[0].size_bytes,
                           items=census.lines, why=chosen.why, notes=found[0].notes)]  # fmt: skip
    if capture is not None:
        totals = capture.totals
        found.append(
            InputRead(
                kind=InputKind.CAPTURE,
                name=", ".join(map(name_of, chosen.captures)),
                size_bytes=totals.size_bytes,
                items=totals.packets,
                first_ns=totals.first_ns,
                last_ns=totals.last_ns,
                notes=tuple(_notes_of_capture(capture)),
            )
        )
    if application is not None:
        found.append(
            InputRead(
                kind=InputKind.APPLICATION,
                name=", ".join(chosen.applications),
                items=application.lines,
                first_ns=application.first_s * NANOSECONDS_PER_SECOND,
                last_ns=application.last_s * NANOSECONDS_PER_SECOND,
                notes=(f"{application.without_time} lines without a time",)
                if application.without_time
                else (),
            )
        )
    if receipts:
        found.append(
            InputRead(kind=InputKind.RECEIPTS, name="receipts of hitless reload", items=len(receipts))
        )
    found += map(_proof, proofs)
    if errors is not None and chosen.errors:
        found.append(_errors(chosen, errors))
    return (*found, *chosen.given)


def _proof(proof: Proof) -> InputRead:
    result = proof.result
    clients = f"{result.verdict.client_class.value} clients"
    words = f"{result.conclusion.value} for {clients}, HAProxy {result.haproxy.version}"
    return InputRead(
        kind=InputKind.PROOF,
        name=proof.name,
        items=len(result.reloads),
        first_ns=proof.origin_ns,
        last_ns=proof.at(result.duration_s).t_ns,
        notes=(words, *result.verdict.reasons, *result.limitations),
    )


def _errors(chosen: Chosen, errors: ErrorEvidence) -> InputRead:
    times = [snapshot.at.t_ns for _, snapshot in errors.found]
    return InputRead(
        kind=InputKind.ERRORS,
        name=", ".join(map(name_of, chosen.errors)),
        size_bytes=errors.size_bytes,
        items=len(errors.found),
        first_ns=min(times, default=0),
        last_ns=max(times, default=0),
        notes=tuple(errors.notes),
    )


def _log(chosen: Chosen, logs: LogSet, number: int) -> InputRead:
    file, source = logs.files[number], logs.sources[number]
    notes = (*source.notes, *([source.compression] if source.compression else []))
    return InputRead(
        kind=InputKind.LOG if number < len(chosen.logs) else InputKind.JOURNAL,
        name=file.name,
        size_bytes=file.size_bytes,
        why=chosen.why,
        notes=notes,
    )


def _notes_of_capture(capture: CaptureEvidence) -> list[str]:
    totals, notes = capture.totals, []
    if totals.dropped_by_kernel:
        notes.append(f"the kernel dropped {totals.dropped_by_kernel} packets")
    if totals.holes:
        notes.append(f"{totals.holes} connections lack packets")
    if totals.undirected:
        notes.append(f"of {totals.undirected} connections it is not known who is the proxy")
    notes += [
        f"{skipped.file}: {skipped.size_bytes} bytes at byte {skipped.offset_bytes} could not be read: {skipped.why}"
        for skipped in totals.skipped
    ]
    if capture.victims_left_out:
        notes.append(
            f"{capture.victims_left_out} further connections that were hurt are counted, not looked at"
        )
    return notes
