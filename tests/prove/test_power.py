"""The bound on the failure probability against published values, and the longest time between two looks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.prove.power import failure_probability_upper, longest_interval_ns


@pytest.mark.parametrize(
    ("failed", "attempts", "upper"),
    [
        # One-sided 95 % upper limits of Clopper and Pearson, 1934; solved with exact binomials in 60 decimal digits.
        (0, 1, 0.95),
        (0, 10, 0.258866),
        (0, 100, 0.0295130),
        (0, 41_210, 7.2691e-5),
        (1, 10, 0.394163),
        (2, 10, 0.506901),
        (5, 10, 0.777559),
        (9, 10, 0.994884),
        (1, 100, 0.0465598),
        (10, 100, 0.163718),
        (50, 1000, 0.0628634),
    ],
)
def test_clopper_pearson(failed: int, attempts: int, upper: float) -> None:
    assert failure_probability_upper(failed, attempts) == pytest.approx(upper, rel=2e-5)


@pytest.mark.parametrize(("failed", "attempts"), [(0, 0), (5, 5), (7, 5), (0, -1)])
def test_nothing_is_bounded_without_successes(failed: int, attempts: int) -> None:
    assert failure_probability_upper(failed, attempts) == 1.0


@given(attempts=st.integers(1, 10_000), data=st.data(), confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_the_bound_is_where_so_few_failures_would_be_improbable(
    attempts: int, data: st.DataObject, confidence: float
) -> None:
    failed = data.draw(st.integers(0, min(attempts - 1, 40)))
    upper = failure_probability_upper(failed, attempts, confidence=confidence)
    assert failed / attempts < upper <= 1.0
    cdf = sum(
        math.exp(
            math.lgamma(attempts + 1)
            - math.lgamma(k + 1)
            - math.lgamma(attempts - k + 1)
            + k * math.log(upper)
            + (attempts - k) * math.log1p(-upper)
        )
        for k in range(failed + 1)
    )
    assert cdf == pytest.approx(1 - confidence, rel=1e-6)


@given(attempts=st.integers(2, 5000), failed=st.integers(0, 100))
def test_more_failures_raise_the_bound_and_more_attempts_lower_it(attempts: int, failed: int) -> None:
    upper = failure_probability_upper(failed, attempts)
    assert failure_probability_upper(failed + 1, attempts) >= upper
    assert failure_probability_upper(failed, attempts + 1) <= upper
    assert failure_probability_upper(failed, attempts, confidence=0.99) >= upper


@pytest.mark.parametrize(
    ("moments", "longest"),
    [
        ([], 100),
        ([50], 50),
        ([10, 20, 90], 70),
        ([90, 10, 20], 70),
        ([0, 100], 100),
        ([-50, 200], 100),
        ([99], 99),
    ],
)
def test_longest_interval(moments: list[int], longest: int) -> None:
    assert longest_interval_ns(moments, 0, 100) == longest


@given(moments=st.lists(st.integers(0, 1000)))
def test_a_further_look_never_makes_the_interval_longer(moments: list[int]) -> None:
    longest = longest_interval_ns(moments, 0, 1000)
    assert 0 <= longest <= 1000
    assert longest_interval_ns([*moments, 500], 0, 1000) <= longest
    assert longest >= 1000 // (len(moments) + 1)
