"""The three clients, told from one table: naive as it happened, polite and retrying by what is recorded beside.

- naive: every attempt that was sent, retries not counted.
- polite: looks for the server's FIN just before it sends. A failure with FLAG_FIN_SEEN would not have happened to it:
  it would have sent on a fresh connection, which is what the retry did.
- retrying: as Go's net/http, Java and browsers do for requests that may be repeated. A failure on a reused connection
  without a byte of the answer, or a stream that HTTP/2 says was not processed, is hidden by a second try that succeeds.

Source: Go 1.22 net/http/transport.go persistConn.shouldRetryRequest(), Request.isReplayable().
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hitless.attempts import (
    FLAG_FIN_SEEN,
    FLAG_IDEMPOTENT,
    FLAG_NOT_PROCESSED,
    FLAG_RESPONSE_BEGUN,
    FLAG_RETRY,
    FLAG_REUSED,
    NO_ATTEMPT,
    OUTCOME_CODES,
    OUTCOMES,
)
from hitless.records import ClientClass, Outcome

__all__ = ["ClassTotals", "count_classes", "failures"]

_OK = OUTCOME_CODES[Outcome.OK]
Rows = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClassTotals:
    """What one kind of client saw: attempts, those that failed, and all of them by outcome (ok included)."""

    attempts: int
    failed: int
    outcomes: Mapping[Outcome, int]


def failures(rows: Rows) -> dict[ClientClass, Mask]:
    """Return, for each kind of client, which rows are attempts that failed it.

    `rows` is the whole table of one process: a retry refers to its first attempt by the row's index.
    """
    flags = rows["flags"]
    naive = (rows["outcome"] != _OK) & ~_has(flags, FLAG_RETRY)
    saved = naive & _retried_ok(rows)
    safe_to_repeat = _has(flags, FLAG_NOT_PROCESSED) | (
        _has(flags, FLAG_REUSED) & _has(flags, FLAG_IDEMPOTENT) & ~_has(flags, FLAG_RESPONSE_BEGUN)
    )
    return {
        ClientClass.NAIVE: naive,
        ClientClass.POLITE: naive & ~(saved & _has(flags, FLAG_FIN_SEEN)),
        ClientClass.RETRYING: naive & ~(saved & safe_to_repeat),
    }


def count_classes(rows: Rows, mask: Mask | None = None) -> dict[ClientClass, ClassTotals]:
    """Return the totals of each kind of client over the rows that `mask` selects (a period, a stream).

    An attempt counts where it stands itself; its retry may lie outside the mask.
    """
    attempts = ~_has(rows["flags"], FLAG_RETRY)
    if mask is not None:
        attempts &= mask
    return {kind: _total(rows, attempts, failed) for kind, failed in failures(rows).items()}


def _total(rows: Rows, attempts: Mask, failed: Mask) -> ClassTotals:
    counted = int(np.count_nonzero(attempts))
    lost = attempts & failed
    by_code = np.bincount(rows["outcome"][lost], minlength=len(OUTCOMES))
    outcomes = {outcome: int(by_code[code]) for code, outcome in enumerate(OUTCOMES) if by_code[code]}
    number_lost = int(np.count_nonzero(lost))
    return ClassTotals(counted, number_lost, {Outcome.OK: counted - number_lost, **outcomes})


def _has(flags: npt.NDArray[np.uint8], flag: int) -> Mask:
    mask: Mask = (flags & flag) != 0
    return mask


def _retried_ok(rows: Rows) -> Mask:
    """Return which rows have a retry that was ok."""
    found: Mask = np.zeros(len(rows), dtype=np.bool_)
    retried = rows["retry_of"][(rows["outcome"] == _OK) & (rows["retry_of"] != NO_ATTEMPT)]
    found[retried[retried < len(rows)]] = True
    return found
