"""The sentences of a proof, in plain words: the same in every renderer.

Nothing here is escaped: each renderer makes names harmless in its own way.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hitless.records import ClientClass, Outcome
from hitless.units import format_count, format_duration
from hitless.verdict import Conclusion, Coverage, Kernel, NotCovered, Phase, Power, ProofResult

__all__ = [
    "PHASE_WORDS",
    "Line",
    "context",
    "counted",
    "coverage_line",
    "further_reasons",
    "headline",
    "hurt",
    "kernel_line",
    "milliseconds",
    "not_covered",
    "other_clients",
    "outcomes",
    "plural",
    "power_line",
    "probability",
    "via_words",
]

_HEADLINES = {
    Conclusion.HITLESS: "HITLESS",
    Conclusion.NOT_HITLESS: "NOT HITLESS",
    Conclusion.NO_VERDICT: "NO VERDICT",
}

_VIA_WORDS = {
    "master-cli": "through the master CLI",
    "usr2": "by SIGUSR2 to the master",
    "hup": "by SIGHUP to the master",
    "sf": "by -sf, without socket transfer",
    "sf-x": "by -sf with socket transfer (-x)",
    "restart": "by restart",
    "command": "by your command",
}

PHASE_WORDS = {
    Phase.TRIGGERED: "triggered",
    Phase.NEW_PROCESS_STARTED: "new process started",
    Phase.LISTENERS_OWNED: "new owns the listeners",
    Phase.OLD_STOPPED_LISTENING: "old stopped listening",
    Phase.FIRST_ANSWER: "first answer of the new",
    Phase.CONFIRMED: "confirmed",
    Phase.OLD_GONE: "old gone",
}


class Line(NamedTuple):
    """A labelled statement: what it is about, what is true, and whether a person should worry."""

    label: str
    text: str
    worrying: bool = False


def plural(number: int, noun: str) -> str:
    """Return "1 reload", "5 reloads", "1 582 requests"."""
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"


def counted(values: Iterable[str], *, most: int = 4) -> str:
    """Return "a, b, c", with the rest counted when there are more than `most`: "a, b, c and 5 more"."""
    items = list(values)
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[: most - 1])} and {len(items) - most + 1} more"


def outcomes(counts: Mapping[Outcome, int], *, most: int = 8) -> str:
    """Return outcomes with their counts, the most frequent first: "ok 1 200, refused 3"."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return counted([f"{name} {format_count(count)}" for name, count in ordered if count], most=most)


def milliseconds(value: float) -> str:
    """Return milliseconds with three digits, without the unit: "1.38", "1 503"."""
    return f"{value:.3g}" if value < 999.5 else format_count(round(value))


def via_words(via: str) -> str:
    """Return how the reloads were made, in words."""
    return _VIA_WORDS.get(via, f"via {via}")


def headline(result: ProofResult) -> str:
    """Return the verdict in at most two words, capitals."""
    return _HEADLINES[result.conclusion]


def hurt(result: ProofResult) -> str:
    """Return the sentence beside the headline: how many requests were hurt, of how many."""
    totals = result.judged
    if totals.failed:
        return f"{format_count(totals.failed)} of {plural(totals.attempts, 'request')} hurt"
    if result.conclusion is Conclusion.NO_VERDICT:
        if not totals.attempts:
            return "evidence incomplete; no request was made under reload"
        return f"evidence incomplete; none of {plural(totals.attempts, 'request')} seen hurt"
    return f"none of {plural(totals.attempts, 'request')} hurt"


def further_reasons(result: ProofResult) -> tuple[str, ...]:
    """Return the reasons that the headline does not say already: it has the number of those who were hurt."""
    reasons = result.verdict.reasons
    return reasons[1:] if result.judged.failed and reasons and reasons[0].endswith(" hurt") else reasons


def other_clients(result: ProofResult) -> str:
    """Return whose requests were judged and what the two other classes lost."""
    judged = result.verdict.client_class
    others = [f"{c} {format_count(result.clients.of(c).failed)}" for c in ClientClass if c is not judged]
    return f"{judged} clients; {', '.join(others)}"


def context(result: ProofResult) -> tuple[str, ...]:
    """Return what was proven: the HAProxy, its mode, the frontends, the reloads; to be joined with " · "."""
    verdict = result.verdict
    reloads = plural(verdict.reloads, "reload")
    if verdict.failed_reloads:
        reloads += f" ({format_count(verdict.failed_reloads)} failed)"
    return (
        f"haproxy {result.haproxy.version}",
        result.mode,
        _frontends(result.coverage),
        f"{reloads} {via_words(result.via)}",
    )


def _frontends(coverage: Coverage) -> str:
    noun = plural(coverage.frontends, "frontend")
    if not coverage.frontends:
        return "no frontend"
    if coverage.covered == coverage.frontends and not coverage.not_covered:
        return f"{noun}, {'all ' if coverage.frontends > 1 else ''}covered"
    return f"{noun}, {format_count(coverage.covered)} covered"


def kernel_line(kernel: Kernel) -> Line:
    """Return what the kernel saw: resets, listener gaps, lost events."""
    if kernel.source == "none":
        why = f": {kernel.why}" if kernel.why else ""
        return Line("kernel", f"no kernel evidence{why}", worrying=True)
    parts = [_resets(kernel), _gaps(kernel), f"{plural(kernel.lost_events, 'event')} lost"]
    if kernel.source == "counters":
        parts[-1] = f"counters only{f': {kernel.why}' if kernel.why else ''}"
    worrying = bool(kernel.lost_events or kernel.listener_gaps or kernel.source != "tracefs")
    return Line("kernel", " · ".join(parts), worrying)


def _resets(kernel: Kernel) -> str:
    resets = kernel.resets_to_clients
    if resets is None:
        return "resets to clients not counted"
    text = f"{plural(resets, 'reset')} to clients"
    if not resets or kernel.resets_matched is None:
        return text
    if kernel.resets_matched == resets:
        return f"{text}, {'all ' if resets > 1 else ''}matched to victims"
    return f"{text}, {format_count(kernel.resets_matched)} matched to victims"


def _gaps(kernel: Kernel) -> str:
    gaps = kernel.listener_gaps
    if not gaps:
        return "no listener gap" if kernel.listeners_watched else "listeners not watched"
    longest = max(gaps, key=lambda gap: gap.gap_us)
    noun = "listener gap" if len(gaps) == 1 else f"{len(gaps)} listener gaps, longest"
    return f"{noun} {format_duration(longest.gap_us / 1e6)} at {longest.address}"


def probability(value: float) -> str:
    """Return a probability as a person reads it: "7e-5", "0.04"."""
    if value >= 0.01:
        return f"{value:.2g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}" if value else "0"


def power_line(power: Power) -> Line:
    """Return how much could have gone unseen."""
    if power.max_unseen_gap_us is None:
        gap = "no bound on a gap that went unseen"
    else:
        gap = f"a gap longer than {format_duration(power.max_unseen_gap_us / 1e6)} would have been seen"
    if power.failure_probability_upper_95 is None:
        chance = "failure probability not bounded"
    else:
        chance = f"failure probability below {probability(power.failure_probability_upper_95)} (95 %)"
    unknown = power.max_unseen_gap_us is None or power.failure_probability_upper_95 is None
    return Line("power", f"{gap} · {chance}", unknown)


def not_covered(missed: NotCovered) -> str:
    """Return what was not covered and why, in one line."""
    place = f"{missed.frontend} ({missed.where})" if missed.frontend and missed.where else ""
    return f"{place or missed.frontend or missed.where}: {missed.why}"


def coverage_line(coverage: Coverage) -> Line:
    """Return which frontends were covered and how much of the world stood in."""
    parts = [_frontends(coverage)]
    if coverage.stand_ins:
        parts.append(plural(len(coverage.stand_ins), "stand-in"))
    incomplete = bool(coverage.not_covered) or coverage.covered < coverage.frontends
    return Line("coverage", " · ".join(parts), incomplete or not coverage.frontends)
