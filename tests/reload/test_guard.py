import math
import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.reload.guard import GuardBounds, judge_guard, log_evidence, reference_of
from hitless.reload.traffic import Count, Harm, Lane, Requests, TrafficSample, empty_sample
from hitless.reloads import GuardResult

S = 1_000_000_000
TICK = S // 4
BOUNDS = GuardBounds()
ALL, WEB, API = Lane(Harm.ERROR), Lane(Harm.ERROR, "frontend web"), Lane(Harm.ERROR, "frontend api")
CLIENT, RESETS = Lane(Harm.CLIENT_ERROR), Lane(Harm.RESET)
Lanes = Mapping[Lane, tuple[int, int]]


def sample(number: int, lanes: Lanes, requests: Mapping[str, Requests] | None = None) -> TrafficSample:
    counts = {lane: Count(*count) for lane, count in lanes.items()}
    return TrafficSample(number * TICK, number, counts, requests or {})


def judge(
    *after: Lanes, before: Sequence[Lanes] = ({ALL: (10_000, 0)},), bounds: GuardBounds = BOUNDS
) -> GuardResult:
    """Judge a lane's counts (trials, failures); a single one after comes in two halves, one after the other."""
    pasts = [sample(number, lanes) for number, lanes in enumerate(before)]
    if len(after) == 1:
        halves = {lane: (trials // 2, failures // 2) for lane, (trials, failures) in after[0].items()}
        after = (halves, after[0])
    samples = [empty_sample(0), *(sample(number, lanes) for number, lanes in enumerate(after, 1))]
    return judge_guard(pasts, samples, bounds)


@pytest.mark.parametrize(
    ("count", "tripped"),
    [
        pytest.param((0, 0), False, id="nothing"),
        pytest.param((1, 1), False, id="one request, one error"),
        pytest.param((3, 1), False, id="one of three"),
        pytest.param((3, 2), False, id="two of three"),
        pytest.param((3, 3), False, id="three of three could be one cause"),
        pytest.param((4, 4), True, id="four of four"),
        pytest.param((7, 6), True, id="six of seven"),
        pytest.param((10, 3), False, id="three of ten"),
        pytest.param((10, 7), True, id="seven of ten"),
        pytest.param((100, 12), False, id="12 %"),
        pytest.param((10_000, 500), False, id="5 %, many"),
        pytest.param((10_000, 1_000), False, id="10 %, the bound"),
        pytest.param((10_000, 1_400), True, id="14 %, many"),
        pytest.param((1_000_000, 1_000_000), True, id="a million errors"),
    ],
)
def test_a_service_without_errors_before(count: tuple[int, int], tripped: bool) -> None:  # noqa: FBT001
    result = judge({ALL: count})
    assert result.tripped is tripped, result
    assert (result.requests, result.errors) == count
    assert result.judged


def test_two_percent_before_and_after() -> None:
    before = {ALL: (100_000, 2_000)}
    assert not judge({ALL: (5_000, 100)}, before=[before]).tripped
    assert not judge({ALL: (50, 4)}, before=[before]).tripped
    assert judge({ALL: (50, 25)}, before=[before]).tripped


def test_a_service_that_fails_half_the_time_has_to_fail_altogether() -> None:
    before = {ALL: (1_000, 500)}
    assert not judge({ALL: (100, 60)}, before=[before]).tripped
    assert judge({ALL: (100, 100)}, before=[before]).tripped


def test_a_service_that_always_fails_cannot_trip() -> None:
    assert not judge({ALL: (1_000, 1_000)}, before=[{ALL: (1_000, 990)}]).tripped


def test_without_a_past_the_bound_alone_counts() -> None:
    assert judge({ALL: (4, 4)}, before=[{}]).tripped
    assert not judge({ALL: (100, 8)}, before=[{}]).tripped
    assert "no traffic before" in judge({ALL: (4, 4)}, before=[{}]).reason


def test_a_life_of_three_requests_says_little() -> None:
    assert not judge({ALL: (10, 6)}, before=[{ALL: (3, 1)}]).tripped


def test_the_time_just_before_counts_where_it_was_worse() -> None:
    before = [{ALL: (100_000, 0)}, {ALL: (100_100, 50)}]
    assert not judge({ALL: (20, 12)}, before=before).tripped
    assert judge({ALL: (20, 12)}, before=before[:1]).tripped
    assert judge({ALL: (20, 12)}, before=[{ALL: (100_000, 0)}, {ALL: (100_003, 2)}]).tripped, "3 say nothing"


def test_counters_that_were_cleared_before_the_trigger() -> None:
    before = [{ALL: (100_000, 50_000)}, {ALL: (200, 0)}]
    assert judge({ALL: (5, 5)}, before=before).tripped


def test_no_traffic_is_said() -> None:
    result = judge({ALL: (0, 0)})
    assert (result.tripped, result.judged, result.requests) == (False, True, 0)
    assert "nothing to judge by" in result.reason


def test_one_of_ten_frontends() -> None:
    before = {ALL: (10_000, 0), **{Lane(Harm.ERROR, f"frontend {n}"): (1_000, 0) for n in range(10)}}
    after = {ALL: (100, 10), **{Lane(Harm.ERROR, f"frontend {n}"): (10, 0) for n in range(9)}}
    result = judge({**after, Lane(Harm.ERROR, "frontend 9"): (10, 10)}, before=[before])
    assert result.tripped
    assert result.reason.startswith(
        "frontend 9: 10 of 10 responses are 5xx since the takeover (0.0% of 1000 before)"
    )
    assert (result.requests, result.errors, result.error_ratio_after) == (10, 10, 1.0)


def test_all_frontends_together_where_each_has_little() -> None:
    names = [Lane(Harm.ERROR, f"frontend {n}") for n in range(8)]
    result = judge({ALL: (8, 8), **dict.fromkeys(names, (1, 1))}, before=[{ALL: (800, 0)}])
    assert result.tripped
    assert result.reason.startswith("all frontends: 8 of 8")


def test_a_new_frontend_that_only_fails() -> None:
    before = {ALL: (10_000, 0), WEB: (10_000, 0)}
    assert judge({ALL: (106, 6), WEB: (100, 0), API: (6, 6)}, before=[before]).tripped


def test_4xx_for_everything() -> None:
    before = {CLIENT: (10_000, 800)}
    assert judge({CLIENT: (30, 30)}, before=[before]).tripped
    assert not judge({CLIENT: (30, 9)}, before=[before]).tripped
    assert not judge({CLIENT: (5, 5)}, before=[before]).tripped, "five 404s are a crawler"
    assert not judge({CLIENT: (30, 30)}, before=[{CLIENT: (10, 0)}]).tripped, "nobody knows what is ordinary"


def test_tcp_sessions_without_a_server() -> None:
    lane = Lane(Harm.SESSION, "backend db")
    result = judge({lane: (8, 8)}, before=[{lane: (1_000, 1)}])
    assert result.tripped
    assert result.reason.startswith("backend db: 8 of 8 sessions found no server")


def test_a_tcp_service_says_its_sessions() -> None:
    lane = Lane(Harm.SESSION)
    result = judge({lane: (80, 1)}, before=[{lane: (1_000, 1)}])
    assert (result.tripped, result.requests, result.errors) == (False, 80, 1)


def test_connections_rejected_at_the_door() -> None:
    lane = Lane(Harm.REFUSED, "frontend web")
    assert judge({lane: (30, 30)}, before=[{lane: (1_000, 10)}]).tripped
    assert not judge({lane: (30, 30)}, before=[{lane: (1_000, 800)}]).tripped, "health checks of a balancer"


def resets(before: Sequence[tuple[int, int]], base: int, after: tuple[int, int]) -> GuardResult:
    """Samples are (connections + resets, resets), resets counted since the watch began."""
    half = (after[0] // 2, (base + after[1]) // 2)
    samples = [empty_sample(0, resets=base), sample(1, {RESETS: half}), sample(2, {RESETS: after})]
    return judge_guard([sample(n, {RESETS: count}) for n, count in enumerate(before)], samples, BOUNDS)


def test_resets_to_clients() -> None:
    window = [(50_000, 0), (50_500, 5)]
    result = resets(window, base=100, after=(40 + 140, 140))
    assert result.tripped
    assert result.resets == 40, "what the reload itself cost until it was watched is not counted again"
    assert not resets(window, base=100, after=(1_000 + 110, 110)).tripped
    assert not resets(window[:1], base=100, after=(40 + 140, 140)).tripped, "no time before was watched"


def test_a_harm_without_a_bound_is_not_judged() -> None:
    assert not judge({ALL: (100, 100)}, bounds=GuardBounds(errors=None)).tripped
    assert judge({ALL: (100, 100)}, bounds=GuardBounds(errors=0.0)).tripped


def test_what_breaks_later_is_not_hidden_by_good_answers_before() -> None:
    good = [{ALL: (100 * number, 0)} for number in range(1, 30)]
    assert not judge(*good).tripped
    result = judge(*good, {ALL: (2_910, 10)}, {ALL: (2_920, 20)})
    assert result.tripped, "20 of 2 920 are 0.7 %, but all of the last half second"
    assert "20 of 20 responses are 5xx in the last 0.5 s" in result.reason


def test_a_single_burst_is_one_moment() -> None:
    assert not judge({ALL: (50, 0)}, {ALL: (60, 10)}, {ALL: (60, 10)}).tripped
    assert judge({ALL: (50, 0)}, {ALL: (60, 10)}, {ALL: (70, 20)}).tripped


def test_silence() -> None:
    def watch(
        began: int,
        *,
        answered: int = 0,
        bytes_out: int = 0,
        ticks: int = 24,
        mean_ms: int = 80,
        unanswered: int = 0,
    ) -> GuardResult:
        past = Requests(5_003, 5_000, 5_000 - unanswered, 10**6, mean_ms * 1_000_000)
        now = Requests(began, began // 2, answered, bytes_out, 0)
        samples = [sample(n, {ALL: (0, 0)}, {"app": now}) for n in range(1, ticks)]
        return judge_guard([sample(0, {}, {"app": past})], [empty_sample(0), *samples], BOUNDS)

    assert watch(4).tripped
    assert "backend app: 4 requests have come 5 s ago or earlier" in watch(4).reason
    assert not watch(1).tripped, "one slow request is ordinary"
    assert not watch(4, answered=1).tripped
    assert not watch(4, bytes_out=1).tripped, "a stream that has begun"
    assert not watch(4, ticks=20).tripped, "not for 5 s yet"
    assert not watch(400, mean_ms=30_000).tripped, "requests took half a minute before"
    assert not watch(4, unanswered=2_000).tripped, "two of five clients gave up before as well"
    assert watch(12, unanswered=2_000).tripped


def test_silence_may_be_left_out() -> None:
    past = sample(0, {}, {"app": Requests(50, 50, 50, 10**6, 1)})
    samples = [empty_sample(0), *(sample(n, {}, {"app": Requests(9, 0, 0, 0, 0)}) for n in range(1, 40))]
    assert judge_guard([past], samples, BOUNDS).tripped
    assert not judge_guard([past], samples, GuardBounds(silence_s=None)).tripped


def test_a_backend_without_a_past_may_be_silent() -> None:
    samples = [empty_sample(0), *(sample(n, {}, {"new": Requests(9, 0, 0, 0, 0)}) for n in range(1, 40))]
    assert not judge_guard([sample(0, {})], samples, BOUNDS).tripped
    assert not judge_guard([], samples, BOUNDS).tripped


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(0.001, 0.98))
def test_evidence_is_finite_and_grows_with_failures(succeeded: int, failed: int, reference: float) -> None:
    trials = succeeded + failed
    evidence = log_evidence(Count(trials, failed), reference)
    assert math.isfinite(evidence)
    assert log_evidence(Count(trials + 1, failed + 1), reference) >= log_evidence(
        Count(trials + 1, failed), reference
    )


@pytest.mark.parametrize("reference", [0.02, 0.1, 0.5, 0.9])
def test_evidence_is_a_martingale_at_the_reference(reference: float) -> None:
    """The mean of what one more trial makes of it is what it was."""
    for trials, failures in ((0, 0), (1, 1), (5, 2), (40, 10)):
        now = math.exp(log_evidence(Count(trials, failures), reference))
        good = math.exp(log_evidence(Count(trials + 1, failures), reference))
        bad = math.exp(log_evidence(Count(trials + 1, failures + 1), reference))
        assert reference * bad + (1 - reference) * good == pytest.approx(now)


def test_references() -> None:
    assert reference_of(ALL, [sample(0, {ALL: (10_000, 0)})], 0.1) == 0.1
    assert reference_of(ALL, [], 0.1) == 0.1
    assert reference_of(CLIENT, [], 0.3) is None
    assert reference_of(ALL, [sample(0, {ALL: (100, 100)})], 0.1) is None
    near = reference_of(ALL, [sample(0, {ALL: (100, 20)})], 0.1)
    assert near == pytest.approx(0.2 + 2 * 0.04 + 0.1)


def simulate(
    randomness: random.Random, ratio: float, per_tick: int, *, past: int, burst: int = 1, ticks: int = 40
) -> bool:
    """Run one guard of 10 s over traffic whose failures come in bursts; return whether it trips."""

    def draw(trials: int) -> int:
        return min(trials, sum(burst for _ in range(trials // burst) if randomness.random() < ratio))

    failed = draw(past)
    before = [sample(0, {ALL: (past, failed), WEB: (past, failed)})]
    after, trials, failures = [empty_sample(0)], 0, 0
    for number in range(1, ticks + 1):
        trials, failures = trials + per_tick, failures + draw(per_tick)
        after.append(sample(number, {ALL: (trials, failures), WEB: (trials, failures)}))
        if judge_guard(before, after, BOUNDS).tripped:
            return True
    return False


@pytest.mark.parametrize(
    ("ratio", "per_tick", "past"),
    [
        pytest.param(0.0, 25, 1000, id="no errors"),
        pytest.param(0.02, 1, 1000, id="2 %, 4 requests a second"),
        pytest.param(0.02, 25, 1000, id="2 %, 100 a second"),
        pytest.param(0.02, 25, 30, id="2 %, a process that is young"),
        pytest.param(0.2, 25, 1000, id="20 %, 100 a second"),
        pytest.param(0.09, 25, 0, id="9 %, no past"),
    ],
)
def test_noise_that_stays_as_it_was_does_not_trip(ratio: float, per_tick: int, past: int) -> None:
    randomness = random.Random(7)
    assert sum(simulate(randomness, ratio, per_tick, past=past) for _ in range(60)) == 0


@pytest.mark.parametrize(
    ("ratio", "per_tick", "ticks"), [(1.0, 1, 4), (1.0, 25, 2), (0.5, 25, 2), (0.3, 25, 8)]
)
def test_a_broken_service_trips_soon(ratio: float, per_tick: int, ticks: int) -> None:
    randomness = random.Random(7)
    assert all(simulate(randomness, ratio, per_tick, past=0, ticks=ticks) for _ in range(30))
