"""Decide whether the traffic after a reload is worse than before it, so that the reload is taken back. Pure.

Every kind of harm at every frontend and backend, and at all of them together, is a lane: n trials (responses,
connections), of which k failed. A lane is judged against its own past.

**Reference.** The ratio before is the larger of the old process's over its whole life and the one just before the
trigger (if that saw at least 20 trials), each with two standard errors, sqrt(r*(1 - r)/n), added. To it is added the
bound of the harm: with 0.10, a service of which 2 % fails trips only where clearly more than 12 % fail. A lane
without a past is held to the bound alone where its failures are HAProxy's or a server's; its 4xx, its rejected and
its reset connections are not judged then, because nobody knows how many are ordinary.

**Evidence.** How many times more likely is what was seen if the true ratio is above the reference than if it is at
it? The ratio above is not known, so its likelihood is a mean: half of "everything fails", half of ratios spread
evenly from the reference to 1. As long as the true ratio is at most the reference, this quotient is a nonnegative
supermartingale that begins at 1, so by Ville's inequality it *ever* reaches 1/a with probability a at most, however
often one looks: no correction is needed for four looks a second. A lane trips at 1/a. Its a is a share of `chance`,
the probability that the guard trips for no reason in one reload: half of it is for the 5xx of all frontends together,
the other half is divided evenly among all other lanes. Evidence is also gathered anew from each earlier sample s on,
with the share 1/((s + 1)*(s + 2)) of the lane's (they sum up to 1), so that what breaks later is not hidden by good
answers before.

With the defaults, four requests that all get a 5xx trip the guard; one 500 among three does not. That failures of one
cause come together, and not each by its own chance, the arithmetic does not know: the bounds are for that, and that
failures have to be seen in more than one of the times between two samples.

**Silence.** A backend that has not answered one byte since the takeover, although N requests came `silence_s` ago or
earlier, trips as well. A request that takes m on average takes s with probability m/s at most (Markov); with the
share of requests that got no response before added, because a client that gives up ends its request, and at least
0.05, that is q, and q^N for N independent ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.reload.traffic import NOTHING, Count, Harm, Lane, TrafficSample
from hitless.reloads import GuardResult
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["GuardBounds", "judge_guard", "log_evidence", "reference_of"]

_LEAST_WINDOW = 20
"""Trials in the time before the trigger, below which it says nothing of a ratio."""
_LEAST_PAST = 20
"""Trials of its past that a lane needs to be judged by it, where it is not held to the bound alone."""
_NEEDS_PAST = frozenset({Harm.CLIENT_ERROR, Harm.REFUSED, Harm.RESET})
_STANDARD_ERRORS = 2.0
_HIGHEST_REFERENCE = 0.98
"""Above it "everything fails" is no news."""
_POINTS = 16
_LEAST_REFERENCE = 1e-6
_LEAST_PROBABILITY = 0.05
_ALL_ERRORS = Lane(Harm.ERROR)
_RESETS = Lane(Harm.RESET)


@dataclass(frozen=True, slots=True)
class GuardBounds:
    """How much worse than before is too much: a share of the trials, added to the ratio before. None: not judged."""

    errors: float | None = 0.10
    client_errors: float | None = 0.30
    refused: float | None = 0.20
    sessions: float | None = 0.10
    resets: float | None = 0.10
    silence_s: float | None = 5.0
    chance: float = 0.001
    """The probability that a reload which changed nothing is taken back, as far as failures are independent."""

    def of(self, harm: Harm) -> float | None:
        """Return the bound of one kind of harm."""
        return {
            Harm.ERROR: self.errors,
            Harm.CLIENT_ERROR: self.client_errors,
            Harm.REFUSED: self.refused,
            Harm.SESSION: self.sessions,
            Harm.RESET: self.resets,
        }[harm]


@dataclass(frozen=True, slots=True)
class _Trip:
    """A lane that has tripped: by which trials, against which ratio before."""

    lane: Lane
    count: Count
    before: Count
    since_s: float
    window_s: float


def judge_guard(
    before: Sequence[TrafficSample], after: Sequence[TrafficSample], bounds: GuardBounds
) -> GuardResult:
    """Return whether the last sample trips the guard. It is asked at each: only one with new failures does.

    `before` are samples of the old process up to the trigger; `after` are of the new one, the first of them
    `empty_sample` of the moment from which it is watched. Both in order of time. `requests` and `errors` are of the
    lane that tripped; otherwise all responses and those with 5xx (sessions, where nothing speaks HTTP).
    """
    base, last = after[0], after[-1]
    trips = sorted(
        _trips(before, after, bounds), key=lambda trip: (trip.count.ratio, trip.count.trials), reverse=True
    )
    silent = next(_silent(before, after, bounds), "")
    if trips:
        count, past, reason = trips[0].count, trips[0].before, _tripped(trips[0])
    else:
        lane = _ALL_ERRORS if _ALL_ERRORS in last.lanes else Lane(Harm.SESSION)
        count, past = last.count(lane), _shown_past(lane, before)
        reason = silent or _quiet(lane, count, past)
    return GuardResult(
        tripped=bool(trips or silent),
        reason=reason,
        window_s=(last.t_ns - base.t_ns) / NANOSECONDS_PER_SECOND,
        requests=count.trials,
        errors=count.failures,
        error_ratio_before=past.ratio,
        error_ratio_after=count.ratio,
        resets=last.count(_RESETS).since(base.count(_RESETS)).failures,
    )


def log_evidence(count: Count, reference: float) -> float:
    """Return the logarithm of how many times more likely a count is above the reference than at it."""
    succeeded = count.trials - count.failures
    at = _log_likelihood(count.failures, succeeded, reference)
    step = (1.0 - reference) / _POINTS
    terms = [
        _log_likelihood(count.failures, succeeded, reference + (point + 0.5) * step) - math.log(2 * _POINTS)
        for point in range(_POINTS)
    ]
    if not succeeded:
        terms.append(math.log(0.5))
    highest = max(terms)
    return highest + math.log(sum(math.exp(term - highest) for term in terms)) - at


def reference_of(lane: Lane, before: Sequence[TrafficSample], bound: float) -> float | None:
    """Return the failure ratio that a lane may have, None where it cannot be judged."""
    pasts = list(_pasts(lane, before))
    if lane.harm in _NEEDS_PAST and not any(past.trials >= _LEAST_PAST for past in pasts):
        return None
    upper = max((_upper(past) for past in pasts), default=0.0)
    reference = max(_LEAST_REFERENCE, upper + bound)
    return reference if reference <= _HIGHEST_REFERENCE else None


def _trips(
    before: Sequence[TrafficSample], after: Sequence[TrafficSample], bounds: GuardBounds
) -> Iterator[_Trip]:
    last, earlier = after[-1], after[-2:-1]
    lanes = [lane for lane in last.lanes if bounds.of(lane.harm) is not None]
    for lane in lanes:
        now = last.count(lane)
        if not earlier or now.failures == earlier[0].count(lane).failures:  # the evidence has not grown
            continue
        reference = reference_of(lane, before, bounds.of(lane.harm) or 0.0)
        if reference is None:
            continue
        share = 0.5 if lane == _ALL_ERRORS else 0.5 / len(lanes)
        for start in after[:-1]:
            count = now.since(start.count(lane))
            if count.ratio <= reference or not _lasts(lane, start, after):
                continue
            chance = bounds.chance * share / ((start.number + 1) * (start.number + 2))
            if log_evidence(count, reference) >= -math.log(chance):
                since_s = (last.t_ns - start.t_ns) / NANOSECONDS_PER_SECOND
                window_s = (last.t_ns - after[0].t_ns) / NANOSECONDS_PER_SECOND
                yield _Trip(lane, count, _shown_past(lane, before), since_s, window_s)
                break


def _lasts(lane: Lane, start: TrafficSample, after: Sequence[TrafficSample]) -> bool:
    """Return whether there were failures since `start` in more than one of the times between two samples."""
    earlier, latest = start.count(lane).failures, after[-1].count(lane).failures
    return any(
        earlier < sample.count(lane).failures < latest for sample in after if sample.number > start.number
    )


def _silent(
    before: Sequence[TrafficSample], after: Sequence[TrafficSample], bounds: GuardBounds
) -> Iterator[str]:
    """Yield what is to be said of the backends that take requests and answer none."""
    last = after[-1]
    if bounds.silence_s is None or not before:
        return
    silence_ns = bounds.silence_s * NANOSECONDS_PER_SECOND
    for name, now in last.requests.items():
        past = before[-1].requests.get(name)
        if now.answered or now.bytes_out or past is None or past.ended < _LEAST_PAST:
            continue
        old = [one for one in after if last.t_ns - one.t_ns >= silence_ns and name in one.requests]
        number = max((one.requests[name].began for one in old), default=0)
        probability = past.average_ns / silence_ns + max(0.0, 1 - past.answered / past.ended)
        probability = min(1.0, max(_LEAST_PROBABILITY, probability))
        if number * math.log(probability) <= math.log(bounds.chance / (2 * len(last.requests))):
            yield (
                f"backend {name}: {number} requests have come {bounds.silence_s:g} s ago or earlier, and not one byte "
                f"was answered since the takeover (before, a request took {past.average_ns / 1e6:.0f} ms)"
            )


def _log_likelihood(failed: int, succeeded: int, ratio: float) -> float:
    return failed * math.log(ratio) + succeeded * math.log1p(-ratio)


def _pasts(lane: Lane, before: Sequence[TrafficSample]) -> Iterator[Count]:
    """Yield what a lane had before: over the process's life, and just before the trigger."""
    if not before:
        return
    life = before[-1].count(lane)
    if life.trials and lane.harm is not Harm.RESET:  # resets are counted since somebody looks
        yield life
    window = life.since(before[0].count(lane)) if len(before) > 1 else NOTHING
    if window.trials >= _LEAST_WINDOW:
        yield window


def _upper(past: Count) -> float:
    return past.ratio + _STANDARD_ERRORS * math.sqrt(past.ratio * (1 - past.ratio) / past.trials)


def _shown_past(lane: Lane, before: Sequence[TrafficSample]) -> Count:
    return max(_pasts(lane, before), key=lambda past: past.ratio, default=NOTHING)


def _tripped(trip: _Trip) -> str:
    when = f"in the last {trip.since_s:.1f} s" if trip.since_s < trip.window_s else "since the takeover"
    past = (
        f"{trip.before.ratio:.1%} of {trip.before.trials} before"
        if trip.before.trials
        else "no traffic before"
    )
    return (
        f"{trip.lane.name or 'all frontends'}: {trip.count.failures} of {trip.count.trials} {trip.lane.harm} {when} "
        f"({past})"
    )


def _quiet(lane: Lane, count: Count, past: Count) -> str:
    if not count.trials:
        return "no request has ended: nothing to judge by"
    return f"{count.failures} of {count.trials} {lane.harm} ({past.ratio:.1%} of {past.trials} before)"
