"""One event at a time: what all inputs say about it, put together for the judge."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hitless.captured import CapturedConnection
from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.analysis.captured import CaptureEvidence
from hitless.explain.analysis.holes import accepts_per_s, find_holes
from hitless.explain.analysis.judge import judge_event
from hitless.explain.analysis.ledger import Ledger
from hitless.explain.analysis.plots import make_plot
from hitless.explain.analysis.proofs import ProvenReload
from hitless.explain.analysis.spans import Span
from hitless.explain.analysis.view import View
from hitless.explain.inputs.applications import ApplicationEvidence
from hitless.explain.quoting import quote
from hitless.explain.sources.log_set import LogSet
from hitless.explanations import ApplicationErrors, Captured, ExplainedEvent, Fault, Group, ReceiptFound
from hitless.logged import Detection, OwnMessage, Traffic
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Findings", "explain_event"]

_MOST_GROUPS = 10
_MOST_SHOWN = 12


@dataclass(slots=True)
class Findings:
    """What was found in all inputs, by the index of the event."""

    ledger: Ledger
    found: Detection
    lines: Mapping[int, Sequence[Traffic]]
    receipts: Mapping[int, ReceiptFound]
    proven: Mapping[int, ProvenReload] = field(default_factory=dict)
    captured: Mapping[int, Captured] = field(default_factory=dict)
    loose_victims: Sequence[CapturedConnection] = ()
    """Hurt connections of captures that are near no event."""
    capture_offset_ns: int = 0
    application: ApplicationEvidence | None = None
    faults: Sequence[Fault] = ()

    def exhausted(self, index: int) -> list[OwnMessage]:
        """Return messages about what was used up, from a change that left an old process to the next such change."""
        spans = self.ledger.spans
        if not (spans[index].change.new_pids and spans[index].change.old_pids):
            return []
        begin_ns = spans[index].change.at.t_ns
        later = [s.change.at.t_ns for s in spans[index + 1 :] if s.change.new_pids]
        end_ns = min(later, default=None)
        return [
            m
            for m in self._all_exhausted()
            if m.at.latest_ns >= begin_ns and (end_ns is None or m.at.t_ns < end_ns)
        ]

    def exhausted_elsewhere(self) -> list[OwnMessage]:
        """Return those that belong to no change."""
        near = {id(m) for index in range(len(self.ledger.spans)) for m in self.exhausted(index)}
        return [m for m in self._all_exhausted() if id(m) not in near]

    def messages(self, span: Span) -> list[OwnMessage]:
        """Return what HAProxy's processes said about themselves in a span."""
        begin_ns, end_ns = span.begin_s * NANOSECONDS_PER_SECOND, span.end_s * NANOSECONDS_PER_SECOND
        return [m for m in self.ledger.census.messages if begin_ns <= m.at.latest_ns and m.at.t_ns < end_ns]

    def extent(self, capture: CaptureEvidence | None) -> tuple[int, int]:
        """Return the first and the last sign of anything; 0 and 0 without one."""
        census = self.ledger.census
        seconds = census.ended["second"]
        times = [m.at.t_ns for m in census.messages if m.at.t_ns] + [m.at.t_ns for m in census.services]
        times += [span.change.at.t_ns for span in self.ledger.spans]
        if len(seconds):
            times += [
                int(s) * NANOSECONDS_PER_SECOND
                for s in (seconds.min(), seconds.max() + census.ended_bucket_s)
            ]
        if capture is not None and capture.totals.first_ns:
            times += [
                capture.totals.first_ns - self.capture_offset_ns,
                capture.totals.last_ns - self.capture_offset_ns,
            ]
        return min(times, default=0), max(times, default=0)

    def _all_exhausted(self) -> list[OwnMessage]:
        return [m for m in self.ledger.census.messages if m.kind is MessageKind.EXHAUSTED]


def explain_event(logs: LogSet, findings: Findings, index: int) -> ExplainedEvent:
    """Return one event with its verdict; the lines behind it are read again."""
    view = _view(findings, index)
    span = view.span
    judgement, headline, causes, not_known = judge_event(view)
    view.book.add(span.change.shown_by, most=_MOST_SHOWN)
    return ExplainedEvent(
        number=span.number,
        change=span.change,
        judgement=judgement,
        headline=headline,
        since_ns=span.begin_s * NANOSECONDS_PER_SECOND,
        until_ns=span.end_s * NANOSECONDS_PER_SECOND,
        during=view.during,
        before=view.before,
        causes=causes,
        endings=view.endings,
        groups=_groups(view.lines),
        grouped_lines=len(view.lines),
        holes=view.holes,
        captured=view.captured,
        application=view.application,
        receipt=view.receipt,
        proof=view.proof,
        not_known=not_known,
        quotes=quote(logs, view.book.places),
        plot=make_plot(findings.ledger.census, span),
    )


def _view(findings: Findings, index: int) -> View:
    ledger = findings.ledger
    proven = findings.proven.get(index)
    span, census, endings = ledger.spans[index], ledger.census, ledger.endings(index)
    lines = findings.lines.get(index, ())
    return View(
        span,
        during=ledger.during(index),
        shared=ledger.shared(index),
        before=ledger.before(index),
        endings=endings,
        holes=find_holes(census, span),
        accepts_per_s=accepts_per_s(census, span),
        new_lines=ledger.lines_of(index, frozenset(span.change.new_pids)),
        lines=lines,
        lines_total=sum(e.lines for e in endings),
        messages=findings.messages(span),
        exhausted=findings.exhausted(index),
        captured=findings.captured.get(index),
        application=_application(findings, span, lines),
        receipt=findings.receipts.get(index),
        proof=proven.found if proven is not None else None,
        proof_causes=proven.causes if proven is not None else (),
        blind=findings.found.blind,
    )


def _application(findings: Findings, span: Span, lines: Sequence[Traffic]) -> ApplicationErrors | None:
    evidence = findings.application
    if evidence is None or not evidence.first_s or not evidence.first_s <= span.end_s:
        return None
    during: Counter[str] = Counter()
    for second in range(span.begin_s, span.end_s):
        during.update(evidence.by_second.get(second, {}))
    outside = [
        sum(counts.values())
        for second, counts in evidence.by_second.items()
        if not any(s.begin_s <= second < s.end_s for s in findings.ledger.spans)
    ]
    seconds = max(1, evidence.last_s - evidence.first_s + 1)
    return ApplicationErrors(
        lines=during.total(),
        usual=sum(outside) / seconds * (span.end_s - span.begin_s),
        by_pattern=tuple(during.most_common()),
        joined=len({line.request_id for line in lines} & evidence.joined.keys()),
    )


def _groups(lines: Sequence[Traffic]) -> tuple[Group, ...]:
    names: dict[str, Counter[str]] = {
        "frontend": Counter(line.frontend for line in lines if line.frontend),
        "backend": Counter(line.backend for line in lines if line.backend),
        "server": Counter(f"{line.backend}/{line.server}" for line in lines if line.server),
        "pid": Counter(str(line.pid) for line in lines if line.pid),
        "client": Counter(line.client.rpartition(":")[0] or line.client for line in lines if line.client),
    }
    return tuple(
        Group(by=by, name=name, lines=count)
        for by, counter in names.items()
        for name, count in counter.most_common(_MOST_GROUPS)
    )
