"""The table of outcomes."""

from errno import ECONNABORTED, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENOENT, EPIPE, EPROTO, ETIMEDOUT

import pytest

from hitless.attempts import (
    FLAG_FIN_SEEN,
    FLAG_IDEMPOTENT,
    FLAG_NOT_PROCESSED,
    FLAG_RETRY,
    FLAG_REUSED,
)
from hitless.load.classify import FIN, Phase, classify_answer, classify_loss, is_cut_off, is_repeatable
from hitless.records import Outcome

FRESH, REUSED = False, True
SHORT, LONG = False, True

LOSSES = [
    (Phase.CONNECTING, ECONNREFUSED, FRESH, SHORT, Outcome.REFUSED),
    (Phase.CONNECTING, ENOENT, FRESH, SHORT, Outcome.REFUSED),
    (Phase.CONNECTING, EHOSTUNREACH, FRESH, SHORT, Outcome.REFUSED),
    (Phase.CONNECTING, ECONNRESET, FRESH, SHORT, Outcome.CONNECT_RESET),
    (Phase.CONNECTING, EPIPE, FRESH, LONG, Outcome.CONNECT_RESET),
    (Phase.CONNECTING, ECONNABORTED, FRESH, SHORT, Outcome.CONNECT_RESET),
    (Phase.CONNECTING, ETIMEDOUT, FRESH, SHORT, Outcome.CONNECT_TIMEOUT),
    (Phase.HANDSHAKE, ECONNRESET, FRESH, SHORT, Outcome.TLS_FAILED),
    (Phase.HANDSHAKE, FIN, FRESH, SHORT, Outcome.TLS_FAILED),
    (Phase.HANDSHAKE, ETIMEDOUT, FRESH, LONG, Outcome.TLS_FAILED),
    (Phase.WAITING, FIN, FRESH, SHORT, Outcome.EMPTY_REPLY),
    (Phase.WAITING, ECONNRESET, FRESH, SHORT, Outcome.RESET_BEFORE_RESPONSE),
    (Phase.WAITING, EPIPE, FRESH, LONG, Outcome.RESET_BEFORE_RESPONSE),
    (Phase.WAITING, FIN, REUSED, SHORT, Outcome.STALE_REUSE),
    (Phase.WAITING, ECONNRESET, REUSED, SHORT, Outcome.STALE_REUSE),
    (Phase.WAITING, EPIPE, REUSED, SHORT, Outcome.STALE_REUSE),
    (Phase.WAITING, FIN, REUSED, LONG, Outcome.STREAM_CUT),
    (Phase.WAITING, ETIMEDOUT, REUSED, SHORT, Outcome.RESPONSE_TIMEOUT),
    (Phase.SENDING, ECONNRESET, FRESH, SHORT, Outcome.STREAM_CUT),
    (Phase.SENDING, ETIMEDOUT, FRESH, SHORT, Outcome.RESPONSE_TIMEOUT),
    (Phase.READING, FIN, FRESH, SHORT, Outcome.TRUNCATED),
    (Phase.READING, ECONNRESET, REUSED, SHORT, Outcome.TRUNCATED),
    (Phase.READING, FIN, FRESH, LONG, Outcome.STREAM_CUT),
    (Phase.READING, ETIMEDOUT, FRESH, LONG, Outcome.RESPONSE_TIMEOUT),
    (Phase.READING, EPROTO, FRESH, SHORT, Outcome.PROTOCOL_ERROR),
]


@pytest.mark.parametrize(("phase", "errno", "reused", "long_lived", "outcome"), LOSSES)
def test_losses(phase: Phase, errno: int, reused: bool, long_lived: bool, outcome: Outcome) -> None:  # noqa: FBT001 - a table's columns
    assert classify_loss(phase, errno, reused=reused, long_lived=long_lived) is outcome


@pytest.mark.parametrize(
    ("status", "elapsed_ns", "outcome"),
    [
        (200, 5, Outcome.OK),
        (200, 10, Outcome.OK),
        (200, 11, Outcome.SLOW),
        (404, 5, Outcome.OK),
        (0, 5, Outcome.OK),
        (500, 5, Outcome.HTTP_5XX),
        (503, 11, Outcome.HTTP_5XX),
    ],
)
def test_answers(status: int, elapsed_ns: int, outcome: Outcome) -> None:
    assert classify_answer(status, elapsed_ns, slow_ns=10) is outcome


@pytest.mark.parametrize(
    ("outcome", "flags", "repeatable"),
    [
        (Outcome.STALE_REUSE, FLAG_REUSED | FLAG_IDEMPOTENT, True),
        (Outcome.STALE_REUSE, FLAG_REUSED, False),
        (Outcome.STALE_REUSE, FLAG_REUSED | FLAG_FIN_SEEN, True),
        (Outcome.STALE_REUSE, FLAG_REUSED | FLAG_IDEMPOTENT | FLAG_RETRY, False),
        (Outcome.GOAWAY_LOST, FLAG_NOT_PROCESSED, True),
        (Outcome.RESET_BEFORE_RESPONSE, FLAG_NOT_PROCESSED, True),
        (Outcome.RESET_BEFORE_RESPONSE, FLAG_IDEMPOTENT, False),
        (Outcome.REFUSED, FLAG_IDEMPOTENT, False),
    ],
)
def test_only_what_another_client_would_have_saved_is_sent_again(
    outcome: Outcome,
    flags: int,
    repeatable: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert is_repeatable(outcome, flags) is repeatable


def test_who_is_cut_off() -> None:
    assert is_cut_off(Outcome.REFUSED, 0, long_lived=False)
    assert is_cut_off(Outcome.STREAM_CUT, FLAG_REUSED, long_lived=True)
    assert not is_cut_off(Outcome.STALE_REUSE, FLAG_REUSED, long_lived=False)
    assert not is_cut_off(Outcome.HTTP_5XX, 0, long_lived=False)
