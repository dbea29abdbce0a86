"""One event as HTML: what happened, its plot, its causes, its tables."""

from collections.abc import Iterable, Iterator, Sequence

from hitless.captured import CapturedConnection, Ending, Side
from hitless.explanations import Captured, EndingCount, ExplainedEvent, ProofFound, ReceiptFound, TrafficCount
from hitless.logged import Clock, Moment
from hitless.report.explain.html_evidence import render_causes
from hitless.report.explain.html_plot import render_plot
from hitless.report.explain.words import KINDS, Times, certainty, pids
from hitless.report.html.markup import Markup, join, raw, tag
from hitless.report.html.tables import table
from hitless.report.wording import plural
from hitless.units import format_count, format_duration

__all__ = ["render_endings", "render_event"]

_MOST_ENDINGS = 40
_ENDINGS = {
    Ending.REFUSED: "refused: nobody listened",
    Ending.NO_ANSWER: "no answer to its SYNs",
    Ending.RESET_BEFORE_REQUEST: "reset before it had sent anything",
    Ending.RESET_UNANSWERED: "reset instead of an answer to its first request",
    Ending.CLOSED_UNANSWERED: "closed instead of an answer to its first request",
    Ending.STALE_REUSE: "closed under a later request on a kept-alive connection",
    Ending.RESPONSE_CUT: "cut within an answer",
    Ending.STREAM_CUT: "cut within a stream or tunnel",
}
_SIDES = {Side.CLIENT: "client", Side.PROXY: "HAProxy", Side.NOBODY: ""}

_GROUP_HEAD = (("bad endings by", ""), ("name", ""), ("lines", "n"))
_HOLE_HEAD = (("frontend that accepted nothing", ""), ("from", ""), ("for", "n"), ("usual, a second", "n"))
_GAP_HEAD = (("nobody listened at", ""), ("from", ""), ("to", ""), ("refused", "n"))
_CONNECTION_HEAD = (
    *(("client", ""), ("to", ""), ("at", ""), ("what ended it", ""), ("by", ""), ("with", "")),
    ("requests", "n"),
)


def render_event(
    event: ExplainedEvent, others: Sequence[ExplainedEvent], times: Times, *, drawn: bool
) -> Markup:
    """Return the event; `others` are marked in its plot, which is left out unless `drawn`."""
    at = event.change.at
    title = join(
        (
            f"{event.number} · {KINDS[event.change.kind]} ",
            tag("small", pids(event)),
            " · ",
            tag("time", f"{times.day(at.t_ns)} {times.clock(at)}"),
        )
    )
    return tag(
        "article",
        tag("h3", title),
        tag("p", event.headline, class_="lead"),
        *(tag("p", note, class_="small") for note in _notes(event)),
        render_plot(event, others, times) if drawn else "",
        render_causes(event.causes, event.quotes, times),
        tag("p", _compared(event.during, event.before), class_="small"),
        render_endings(event.endings),
        *_tables(event, times),
        *(tag("p", f"Not known: {item.what}.", class_="small") for item in event.not_known),
        class_=f"event {event.judgement}",
        id=f"event-{event.number}",
    )


def _notes(event: ExplainedEvent) -> Iterator[str]:
    change = event.change
    yield f"How it is known: {certainty(change.certainty)}."
    if change.reason:
        yield f"Reason: {change.reason}"
    if change.refused_ns:
        yield f"The listening sockets were paused for {format_duration(change.refused_ns / 1e9)}: clients were refused."
    if change.unserved_ns:
        yield f"Nobody served for {format_duration(change.unserved_ns / 1e9)}."
    if change.cut_connections:
        yield f"Cut while still open: {plural(change.cut_connections, 'connection')}."
    yield from change.notes


def _compared(during: TrafficCount, before: TrafficCount) -> str:
    def words(count: TrafficCount) -> str:
        share = f" ({100 * count.errors / count.lines:.3g} %)" if count.lines and count.errors else ""
        return (
            f"{plural(count.lines, 'line')} in {format_duration(count.duration_s)}, "
            f"{format_count(count.errors)} ended badly{share}"
        )

    return f"Around it: {words(during)}. Before: {words(before) if before.duration_s else 'not known'}."


def render_endings(endings: Sequence[EndingCount]) -> Markup:
    """Return how lines ended, beside the usual."""
    if not endings:
        return raw("")
    head = (
        ("lines", "n"), ("usual", "n"), ("process", ""), ("status", "n"), ("ended", ""), ("what that means", ""),
    )  # fmt: skip
    rows = (
        (
            tag("span", format_count(one.lines), class_="hurt" if one.is_excess else None),
            "?" if one.usual is None else f"{one.usual:.3g}",
            join((str(one.role), " ", tag("small", ", ".join(map(str, one.pids[:4]))))),
            one.status if one.status >= 0 else "",
            tag("code", one.termination or "-"),
            one.meaning,
        )
        for one in endings[:_MOST_ENDINGS]
    )
    left = len(endings) - _MOST_ENDINGS
    more = tag("p", f"And {plural(left, 'more kind')} of ending.", class_="small") if left > 0 else ""
    return join((table("How lines ended", head, rows), more))


def _tables(event: ExplainedEvent, times: Times) -> Iterator[Markup]:
    if event.groups:
        groups = ((one.by, tag("code", one.name), format_count(one.lines)) for one in event.groups)
        yield table("Bad endings in groups", _GROUP_HEAD, groups)
    if event.holes:
        holes = (
            (
                one.frontend,
                _precise(times, one.begin_ns),
                format_duration(one.duration_s),
                f"{one.usual_per_s:.3g}",
            )
            for one in event.holes
        )
        yield table("Accept holes", _HOLE_HEAD, holes)
    if event.captured is not None:
        yield from _captured(event.captured, times)
    if event.application is not None:
        found = event.application
        usual = "" if found.usual is None else f" ({found.usual:.3g} are usual)"
        kinds = ", ".join(f"{name}: {format_count(count)}" for name, count in found.by_pattern)
        yield tag(
            "p",
            f"Applications speak of broken connections in {plural(found.lines, 'line')}{usual}: {kinds}. "
            f"{format_count(found.joined)} have the id of a request that HAProxy logged as a bad ending.",
        )
    if event.receipt is not None:
        yield _receipt(event.receipt)
    if event.proof is not None:
        yield _proof(event.proof)


def _captured(captured: Captured, times: Times) -> Iterator[Markup]:
    kinds = ", ".join(f"{_ending(name)}: {format_count(count)}" for name, count in captured.endings)
    found = (
        f" {format_count(captured.matched)} of those that hurt have a line in the log."
        if captured.looked_for
        else ""
    )
    yield tag(
        "p",
        f"Captures: {plural(captured.connections, 'connection')} ended, {plural(captured.resets_by_proxy, 'reset')} by "
        f"HAProxy's side, {format_count(captured.resets_by_client)} by clients. {kinds}{'.' if kinds else ''}{found}",
    )
    if captured.gaps:
        gaps = (
            (
                tag("code", one.proxy),
                _precise(times, one.first_refused_ns),
                _precise(times, one.last_refused_ns),
                one.refused,
            )
            for one in captured.gaps
        )
        yield table("Times in which nobody listened", _GAP_HEAD, gaps)
    if captured.examples:
        examples = (_connection(one, times) for one in captured.examples)
        yield table("Connections, for example", _CONNECTION_HEAD, examples)


def _connection(one: CapturedConnection, times: Times) -> tuple[object, ...]:
    ended_ns = one.ended_ns or one.last_ns
    return (
        tag("code", one.client),
        tag("code", one.proxy),
        _precise(times, ended_ns) if ended_ns else "",
        _ending(one.ending),
        _SIDES[one.ended_by],
        one.closed_with.upper(),
        one.requests,
    )


def _precise(times: Times, t_ns: int) -> str:
    return times.clock(Moment(t_ns=t_ns, error_ns=1, clock=Clock.NONE))


def _ending(name: str) -> str:
    try:
        return _ENDINGS.get(Ending(name), name.replace("_", " "))
    except ValueError:
        return name


def _receipt(receipt: ReceiptFound) -> Markup:
    facts = (
        ("receipt", receipt.id),
        ("outcome", receipt.outcome),
        ("reason", receipt.reason),
        ("asked for by", receipt.requester),
        ("by means of", receipt.mechanism),
        ("resets to clients", receipt.resets_to_clients),
        ("dropped from queues", receipt.queue_drops),
        ("sockets opened anew", ", ".join(receipt.opened_anew)),
    )
    return _facts(facts)


def _proof(proof: ProofFound) -> Markup:
    facts = (
        ("proof", proof.name),
        ("reload", f"{proof.reload} of {proof.reloads}"),
        ("by means of", proof.via),
        ("hurt at it", f"{format_count(proof.victims)} {proof.client_class} clients"),
        ("attempts in all", format_count(proof.attempts)),
        ("resets to clients in all", proof.resets_to_clients),
        ("evidence", "complete" if proof.is_complete else "incomplete"),
    )
    return _facts(facts)


def _facts(facts: Iterable[tuple[str, object]]) -> Markup:
    parts = (
        part
        for name, value in facts
        if value is not None and value != ""
        for part in (tag("dt", name), tag("dd", value))
    )
    return tag("dl", *parts, class_="facts")
