"""Three clients from one table."""

import numpy as np

from hitless.attempts import (
    FLAG_FIN_SEEN,
    FLAG_IDEMPOTENT,
    FLAG_NOT_PROCESSED,
    FLAG_RESPONSE_BEGUN,
    FLAG_RETRY,
    FLAG_REUSED,
    NO_ATTEMPT,
    OUTCOME_CODES,
    dtype,
)
from hitless.load.classes import ClassTotals, count_classes
from hitless.records import ClientClass, Outcome

GET_REUSED = FLAG_REUSED | FLAG_IDEMPOTENT
OK, STALE, REFUSED = Outcome.OK, Outcome.STALE_REUSE, Outcome.REFUSED


def table(*rows: tuple[Outcome, int, int]) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    """Rows of (outcome, flags, retry_of)."""
    array = np.zeros(len(rows), dtype=dtype())
    for index, (outcome, flags, retry_of) in enumerate(rows):
        array[index]["outcome"] = OUTCOME_CODES[outcome]
        array[index]["flags"] = flags
        array[index]["retry_of"] = retry_of
    return array


def failed(*rows: tuple[Outcome, int, int]) -> tuple[int, int, int]:
    totals = count_classes(table(*rows))
    naive, polite, retrying = (totals[kind].failed for kind in ClientClass)
    return naive, polite, retrying


def test_a_stale_reuse_whose_fin_had_come_hurts_the_naive_client_alone() -> None:
    stale = (STALE, GET_REUSED | FLAG_FIN_SEEN, NO_ATTEMPT)
    assert failed(stale, (OK, FLAG_RETRY, 0)) == (1, 0, 0)


def test_a_fin_that_crossed_the_request_hurts_the_polite_client_too() -> None:
    assert failed((STALE, GET_REUSED, NO_ATTEMPT), (OK, FLAG_RETRY, 0)) == (1, 1, 0)


def test_a_request_that_may_not_be_repeated_is_saved_by_looking_only() -> None:
    post = (STALE, FLAG_REUSED | FLAG_FIN_SEEN, NO_ATTEMPT)
    assert failed(post, (OK, FLAG_RETRY, 0)) == (1, 0, 1)


def test_a_retry_that_failed_saves_nobody() -> None:
    stale = (STALE, GET_REUSED | FLAG_FIN_SEEN, NO_ATTEMPT)
    assert failed(stale, (REFUSED, FLAG_RETRY, 0)) == (1, 1, 1)


def test_an_answer_that_had_begun_is_not_repeated() -> None:
    begun = (Outcome.TRUNCATED, GET_REUSED | FLAG_RESPONSE_BEGUN, NO_ATTEMPT)
    assert failed(begun, (OK, FLAG_RETRY, 0)) == (1, 1, 1)


def test_a_stream_that_was_not_processed_is_repeated_whatever_its_method() -> None:
    lost = (Outcome.GOAWAY_LOST, FLAG_REUSED | FLAG_NOT_PROCESSED, NO_ATTEMPT)
    assert failed(lost, (OK, FLAG_RETRY, 0)) == (1, 1, 0)


def test_refused_hurts_all() -> None:
    assert failed((REFUSED, FLAG_IDEMPOTENT, NO_ATTEMPT)) == (1, 1, 1)


def test_a_retry_belongs_to_its_own_row_and_the_mask_chooses_attempts() -> None:
    rows = table(
        (OK, 0, NO_ATTEMPT),
        (STALE, GET_REUSED, NO_ATTEMPT),
        (STALE, GET_REUSED, NO_ATTEMPT),
        (OK, FLAG_RETRY, 2),
    )
    totals = count_classes(rows, np.array([False, True, True, False]))
    assert totals[ClientClass.NAIVE] == ClassTotals(2, 2, {OK: 0, STALE: 2})
    assert totals[ClientClass.RETRYING] == ClassTotals(2, 1, {OK: 1, STALE: 1})


def test_no_rows() -> None:
    assert failed() == (0, 0, 0)
