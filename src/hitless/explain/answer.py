"""From inputs to the answer: scan, find the changes, look at each beside the usual, name causes, tell the story."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from hitless import __version__
from hitless.errors import EvidenceError
from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.analysis.holes import accepts_per_s, find_holes
from hitless.explain.analysis.judge import judge_event
from hitless.explain.analysis.ledger import Ledger
from hitless.explain.analysis.plots import make_plot
from hitless.explain.analysis.spans import Span, plan_spans
from hitless.explain.analysis.story import conclude, tell
from hitless.explain.analysis.unknowns import find_blind_spots
from hitless.explain.analysis.view import View
from hitless.explain.detect.detect import detect_changes
from hitless.explain.inputs.chosen import Chosen
from hitless.explain.quoting import quote
from hitless.explain.scan.census import Census
from hitless.explain.scan.run import Progress, scan_logs
from hitless.explain.sources.journal import read_journal
from hitless.explain.sources.log_set import LogSet, open_logs
from hitless.explain.troubled import read_troubled
from hitless.explanations import ExplainedEvent, Explanation, Group, InputKind, InputRead
from hitless.logged import Detection, OwnMessage, Traffic
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["explain"]

_MOST_GROUPS = 10


def explain(chosen: Chosen, *, progress: Progress = lambda _: None) -> Explanation:
    """Return what happened, by these inputs.

    Raises: EvidenceError if one that was named cannot be read, or there is none.
    """
    with ExitStack() as stack:
        logs = stack.enter_context(open_logs(chosen.logs, chosen.read))
        census = scan_logs(logs, chosen.window, progress=progress)
        found = detect_changes(census.processes, census.messages, census.services)
        spans = plan_spans(found.changes)
        ledger = Ledger(census, spans)
        events = _explain_events(logs, ledger, found)
        return _answer(chosen, logs, ledger, found, events)


def _explain_events(logs: LogSet, ledger: Ledger, found: Detection) -> tuple[ExplainedEvent, ...]:
    lines = read_troubled(logs, ledger, ledger.spans)
    return tuple(
        _explain_event(logs, ledger, index, found, lines.get(index, [])) for index in range(len(ledger.spans))
    )


def _explain_event(
    logs: LogSet, ledger: Ledger, index: int, found: Detection, lines: Sequence[Traffic]
) -> ExplainedEvent:
    span, census = ledger.spans[index], ledger.census
    endings = ledger.endings(index)
    view = View(
        span,
        during=ledger.during(index),
        before=ledger.before(index),
        endings=endings,
        holes=find_holes(census, span),
        accepts_per_s=accepts_per_s(census, span),
        new_lines=ledger.lines_of(index, frozenset(span.change.new_pids)),
        lines=lines,
        lines_total=sum(e.lines for e in endings),
        exhausted=_exhausted(census, ledger.spans, index),
        blind=found.blind,
    )
    judgement, headline, causes, not_known = judge_event(view)
    view.book.add(span.change.shown_by, most=12)
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
        endings=endings,
        groups=_groups(lines),
        grouped_lines=len(lines),
        holes=view.holes,
        not_known=not_known,
        quotes=quote(logs, view.book.places),
        plot=make_plot(census, span),
    )


def _exhausted(census: Census, spans: Sequence[Span], index: int) -> list[OwnMessage]:
    """Return messages about what was used up, from the change on to the next one that brought new processes."""
    begin_ns = spans[index].change.at.t_ns
    later = [s.change.at.t_ns for s in spans[index + 1 :] if s.change.new_pids]
    end_ns = min(later, default=None)
    return (
        [
            m
            for m in census.messages
            if m.kind is MessageKind.EXHAUSTED
            and m.at.latest_ns >= begin_ns
            and (end_ns is None or m.at.t_ns < end_ns)
        ]
        if spans[index].change.new_pids
        else []
    )


def _groups(lines: Sequence[Traffic]) -> tuple[Group, ...]:
    names: dict[str, Counter[str]] = {
        "frontend": Counter(line.frontend for line in lines),
        "backend": Counter(line.backend for line in lines if line.backend),
        "server": Counter(f"{line.backend}/{line.server}" for line in lines if line.server),
        "pid": Counter(str(line.pid) for line in lines if line.pid),
    }
    return tuple(
        Group(by=by, name=name, lines=count)
        for by, counter in names.items()
        for name, count in counter.most_common(_MOST_GROUPS)
    )


def _answer(
    chosen: Chosen, logs: LogSet, ledger: Ledger, found: Detection, events: tuple[ExplainedEvent, ...]
) -> Explanation:
    census = ledger.census
    totals = ledger.totals()
    elsewhere = ledger.elsewhere()
    seconds = census.ended["second"]
    first_ns, last_ns = (
        (
            int(seconds.min()) * NANOSECONDS_PER_SECOND,
            int(seconds.max() + census.ended_bucket_s) * NANOSECONDS_PER_SECOND,
        )
        if len(seconds)
        else _extent(census)
    )
    judgement = conclude(events, totals)
    return Explanation(
        tool_version=__version__,
        judgement=judgement,
        story=tell(judgement, events, totals, elsewhere),
        since_ns=chosen.window.since_ns,
        until_ns=chosen.window.until_ns,
        first_ns=first_ns,
        last_ns=last_ns,
        inputs=(*_inputs(census), *chosen.given),
        totals=totals,
        events=events,
        elsewhere=elsewhere,
        generations=found.generations,
        blind=found.blind,
        not_known=find_blind_spots(found.blind),
        skipped=census.skipped,
        notes=(*chosen.notes, *census.notes),
        zone=chosen.read.clock.name,
    )


def _extent(census: Census) -> tuple[int, int]:
    times = [m.at.t_ns for m in (*census.messages, *census.services) if m.at.t_ns]
    return min(times, default=0), max(times, default=0)


def _inputs(census: Census) -> tuple[InputRead, ...]:
    return tuple(
        InputRead(kind=InputKind.LOG, name=source.name, size_bytes=source.size_bytes, notes=source.notes)
        for source in census.sources
    )
