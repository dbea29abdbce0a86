"""How much a run could have missed: the bound on the failure probability, and the longest gap between looks. Pure."""

import math
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["failure_probability_upper", "longest_interval_ns"]


def failure_probability_upper(failed: int, attempts: int, *, confidence: float = 0.95) -> float:
    """Return the one-sided upper confidence bound of the failure probability (Clopper-Pearson).

    With no failure this is 1 - (1 - confidence)^(1/n), the "rule of three" for large n.
    """
    if attempts <= 0 or failed >= attempts:
        return 1.0
    alpha = 1.0 - confidence
    if failed == 0:
        return float(-math.expm1(math.log(alpha) / attempts))
    low, high = failed / attempts, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_cdf(failed, attempts, middle) > alpha:
            low = middle
        else:
            high = middle
    return high


def _binomial_cdf(successes: int, trials: int, probability: float) -> float:
    """Return P(X <= successes), summed downwards from the largest term until the rest cannot matter."""
    if probability >= 1.0:
        return 0.0
    log_term = (
        math.lgamma(trials + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(trials - successes + 1)
        + successes * math.log(probability)
        + (trials - successes) * math.log1p(-probability)
    )
    odds = (1 - probability) / probability
    total, term = 0.0, 1.0
    for k in range(successes, -1, -1):
        total += term
        if term < total * 1e-15:
            break
        term *= k / (trials - k + 1) * odds
    return math.exp(min(0.0, log_term + math.log(total)))


def longest_interval_ns(moments_ns: Sequence[int], start_ns: int, end_ns: int) -> int:
    """Return the longest time between two looks within [start, end], the edges counting as looks."""
    inside = sorted(t_ns for t_ns in moments_ns if start_ns <= t_ns <= end_ns)
    edges = [start_ns, *inside, end_ns]
    return max(later - earlier for earlier, later in pairwise(edges))
